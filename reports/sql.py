"""Compile: a plan becomes one SELECT whose every value is a typed server-side parameter.

The shape of every statement, innermost first: each table adds up its parts by the dimensions' keys; the
tables are joined end to end; keys become the values shown and parts are added up again; formulas,
metric filters, order and limit come last.

Invariants: text comes from the registries and the ``sql.py`` files, values only as ``{name:Type}``; a
table is read through ``_read`` alone, which adds the caller's scope last and refuses to go without a
caller; prefixes (k_ key, d_ dimension, p_ part, m_ metric) keep aliases from hiding columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import Template

from kernel.auth import Principal
from reports.bindings import Bindings, Statement
from reports.conditions import sql as conditions
from reports.names import Names
from reports.plan import Plan, Side
from reports.registry import Dimension, Metric, Part
from reports.scope import scope

_NULL = "CAST(NULL, 'Nullable(Float64)')"
"""A metric with a part that no table of this report can give."""


@dataclass(frozen=True, slots=True)
class _Compiler:
    """What the pieces of one statement share."""

    plan: Plan
    who: Principal | None
    names: Names
    bindings: Bindings = field(default_factory=Bindings)

    def statement(self, lines: list[str]) -> Statement:
        asked = self.plan.asked
        return self.bindings.statement(lines, tz=asked.span.zone, currency=asked.currency)


def rows(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement of a report's rows: dimensions, then metrics, one row more than the limit."""
    compiler = _Compiler(plan, who, names)
    asked = plan.asked
    # One row more than asked for tells whether there are more.
    limit = compiler.bindings.bind("limit", "UInt64", asked.limit + 1)
    offset = compiler.bindings.bind("offset", "UInt64", asked.offset)
    return compiler.statement(
        [
            "SELECT",
            _listed([*(f"d_{d.name}" for d in asked.dimensions), *_metrics(plan, asked.computed)]),
            "FROM (",
            *_indented(_together(compiler, asked.dimensions)),
            ")",
            *_having(compiler),
            "ORDER BY",
            _listed(_order(compiler)),
            f"LIMIT {limit} OFFSET {offset}",
        ]
    )


def totals(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement of the totals: the metrics over everything the report's rows cover.

    Without metric filters that is one more grouping of the same events, by nothing. With them only the
    rows that pass may count, so their parts are merged once more.
    """
    compiler = _Compiler(plan, who, names)
    asked = plan.asked
    if not asked.having:
        lines = [
            "SELECT",
            _listed(_metrics(plan, asked.metrics)),
            "FROM (",
            *_indented(_together(compiler, ())),
            ")",
        ]
        return compiler.statement(lines)
    filtered = tuple(dict.fromkeys(f.metric for f in asked.having))
    passing = [
        "SELECT",
        _listed([*(f"p_{part.name}" for part in plan.parts), *_metrics(plan, filtered)]),
        "FROM (",
        *_indented(_together(compiler, asked.dimensions)),
        ")",
        *_having(compiler),
    ]
    merged = [f"{_filled(part.fold.final, part)} AS t_{part.name}" for part in plan.parts]
    final = {part.name: f"t_{part.name}" for part in plan.parts}
    return compiler.statement(
        [
            "SELECT",
            _listed([f"{_formula(m, final)} AS m_{m.name}" for m in asked.metrics]),
            "FROM (",
            *_indented(["SELECT", _listed(merged or ["count()"]), "FROM (", *_indented(passing), ")"]),
            ")",
        ]
    )


def other_currencies(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement that counts, by currency, the conversions whose money the report leaves out."""
    compiler = _Compiler(plan, who, names)
    currencies = ", ".join(plan.conversion_currencies)
    return compiler.statement(
        [
            "SELECT",
            _listed(["other", "count()"]),
            "FROM (",
            *_indented(
                [
                    "SELECT",
                    _listed([f"arrayJoin(arrayDistinct([{currencies}])) AS other"]),
                    *_read(compiler, Side("conversions")),
                ]
            ),
            ")",
            "WHERE other != {currency:String}",
            "GROUP BY other",
            "ORDER BY other",
        ]
    )


def _together(compiler: _Compiler, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return the query that adds the sides' contributions up by the values shown."""
    plan = compiler.plan
    sides: list[str] = []
    for side in plan.sides:
        sides += ["UNION ALL"] if sides else []
        sides += _side(compiler, side, dimensions)
    shown = [f"{d.shown(f'k_{d.name}')} AS d_{d.name}" for d in dimensions]
    parts = [f"{_filled(part.fold.again, part)} AS p_{part.name}" for part in plan.parts]
    # A report of nulls alone still needs something to select.
    selected = [*shown, *parts] or ["count()"]
    return ["SELECT", _listed(selected), "FROM (", *_indented(sides), ")", *_grouped("d", dimensions)]


def _side(compiler: _Compiler, side: Side, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return one table's contribution: its parts by the dimensions' keys."""
    keys = [f"{side.key(d)} AS k_{d.name}" for d in dimensions]
    parts = [f"{side.contribution(part) or part.empty} AS p_{part.name}" for part in compiler.plan.parts]
    selected = [*keys, *parts] or ["count()"]
    return ["SELECT", _listed(selected), *_read(compiler, side), *_grouped("k", dimensions)]


def _read(compiler: _Compiler, side: Side) -> list[str]:
    """Return FROM and WHERE for one table: the range, the filters and, last, the caller's scope."""
    asked, bindings = compiler.plan.asked, compiler.bindings
    # Clicks never change and are read as they lie; a conversion counts once, in its newest state.
    table = "conversions FINAL" if side.table == "conversions" else side.table
    kept = [
        f"{side.time} >= {bindings.instant('from', asked.span.start)}",
        f"{side.time} < {bindings.instant('to', asked.span.end)}",
        "NOT is_test",
    ]
    for place, one in enumerate(asked.where):
        key = side.key(one.dimension)
        if key is None:
            raise ValueError(f"{side.table} was planned to be filtered by {one.dimension.name}, which it lacks")
        kept.append(conditions.on_dimension(bindings, compiler.names, f"f{place}", one, key))
    kept += scope(compiler.who, bindings.bind)
    return [f"FROM {table}", f"WHERE {_all_of(kept)}"]


def _having(compiler: _Compiler) -> list[str]:
    """Return the metric filters."""
    having = compiler.plan.asked.having
    kept = [conditions.on_metric(compiler.bindings, f"h{place}", one) for place, one in enumerate(having)]
    return [f"WHERE {_all_of(kept)}"] if kept else []


def _order(compiler: _Compiler) -> list[str]:
    keys = []
    for order in compiler.plan.asked.order:
        by = order.by
        if isinstance(by, Metric):
            key = f"m_{by.name}"
        elif by.kind == "id" and not order.by_id:
            key = f"lowerUTF8({conditions.named(compiler.bindings, compiler.names, by, f'd_{by.name}')})"
        else:
            key = by.ordered(f"d_{by.name}")
        keys.append(f"{key} {'DESC' if order.desc else 'ASC'} NULLS LAST")
    return keys


def _metrics(plan: Plan, metrics: tuple[Metric, ...]) -> list[str]:
    """Return the metrics computed from parts that have been added up but could be added up again."""
    peeked = {part.name: _filled(part.fold.peek, part) for part in plan.parts}
    return [f"{_formula(metric, peeked)} AS m_{metric.name}" for metric in metrics]


def _formula(metric: Metric, part: dict[str, str]) -> str:
    # With one part missing every formula is null; writing just that keeps constants out of its arithmetic.
    return metric.sql(part) if all(name in part for name in metric.parts) else _NULL


def _filled(template: str, part: Part) -> str:
    return Template(template).substitute(p=f"p_{part.name}")


def _grouped(prefix: str, dimensions: tuple[Dimension, ...]) -> list[str]:
    return [f"GROUP BY {', '.join(f'{prefix}_{d.name}' for d in dimensions)}"] if dimensions else []


def _all_of(kept: list[str]) -> str:
    return "\n    AND ".join(kept)


def _listed(items: list[str]) -> str:
    return ",\n".join(f"    {item}" for item in items)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for text in lines for line in text.split("\n")]
