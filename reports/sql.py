"""Compile: a plan becomes one SELECT whose every value is a typed server-side parameter.

The shape of every statement, innermost first: each table adds up its parts by the dimensions' keys; the
tables are joined end to end; keys become the values shown and parts are added up again; formulas,
metric filters, order and limit come last.

Invariants: text comes from the registries and the ``sql.py`` files, values only as ``{name:Type}``; a
table is read through ``_read`` alone, which adds the caller's scope last and refuses to go without a
caller; prefixes (k_ key, d_ dimension, p_ part, m_ metric) keep aliases from hiding columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from string import Template
from typing import Literal

from kernel.auth import Principal
from reports.attributes import bind_attribute
from reports.bindings import Bindings, Statement
from reports.conditions import sql as conditions_of
from reports.names import Names
from reports.plan import Plan, Side
from reports.registry import Dimension, Metric, Part
from reports.registry.parts import factor
from reports.scope import scope
from reports.shaping import sql as shaping

_NULL = "CAST(NULL, 'Nullable(Float64)')"
"""A metric with a part that no table of this report can give."""


_MARK = re.compile(r"/\* report [A-Za-z0-9_-]{8,64} of [0-9a-f]{16} \*/", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Compiler:
    """What the pieces of one statement share."""

    plan: Plan
    who: Principal | None
    names: Names
    bindings: Bindings = field(default_factory=Bindings)

    def statement(self, lines: list[str]) -> Statement:
        asked = self.plan.asked
        rates = asked.exchange
        if rates is not None and any("{rate_factors:" in line for line in lines):
            self.bindings.bind("rate_currencies", "Array(String)", list(rates.currencies))
            self.bindings.bind("rate_numbers", "Array(Int64)", list(rates.numbers))
            self.bindings.bind("rate_steps", "Array(Int64)", list(rates.steps))
            self.bindings.bind("rate_factors", "Array(Decimal(76, 18))", list(rates.factors))
        return self.bindings.statement(lines, tz=asked.span.zone, currency=asked.currency)


@dataclass(frozen=True, slots=True)
class _Field:
    """A metric over one of the ranges, as a column of the answer."""

    name: str
    metric: Metric
    is_before: bool
    sql: str
    blank: str
    """What it is where nothing happened."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """A SELECT in two pieces, so that more columns can come first."""

    selected: list[str]
    rest: list[str]


def rows(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement of a report: dimensions, then fields, one row more than the limit.

    Fields are the metrics and, after all of them, the same of the range compared with. A pivot has two columns
    more: each row's cells, and what a cell without events holds. With totals they come from the same statement
    and with it from the same moment; ``is_total`` then stands before everything and 0 before 1.
    """
    compiler = _Compiler(plan, who, names)
    asked = plan.asked
    fields = _fields(plan)
    dimensions = [f"d_{d.name}" for d in asked.dimensions]
    shaped = ["cells", "blank"] if asked.pivot else []
    found = _shaped(compiler, fields)
    if not asked.totals:
        return compiler.statement(["SELECT", shaping.listed([*dimensions, *found.selected]), *found.rest])
    totals = _totals(compiler, fields)
    nothing = [f"NULL AS {name}" for name in dimensions]
    return compiler.statement(
        [
            "SELECT",
            shaping.listed(["is_total", *dimensions, *(field.name for field in fields), *shaped]),
            "FROM (",
            *shaping.indented(
                [
                    *("SELECT", shaping.listed(["0 AS is_total", *dimensions, *found.selected]), *found.rest),
                    "UNION ALL",
                    *("SELECT", shaping.listed(["1 AS is_total", *nothing, *totals.selected]), *totals.rest),
                ]
            ),
            ")",
            "ORDER BY",
            shaping.listed(["is_total", *_order(compiler)]),
        ]
    )


def _shaped(compiler: _Compiler, fields: tuple[_Field, ...]) -> _Selection:
    """Return the rows: in the shape asked for, those that pass the metric filters, in order, up to the limit."""
    asked, bindings = compiler.plan.asked, compiler.bindings
    dimensions = [f"d_{d.name}" for d in asked.dimensions]
    inner, selected = _together(compiler, asked.dimensions), [f"{one.sql} AS {one.name}" for one in fields]
    if asked.pivot or asked.fill:
        column = ["c"] if asked.pivot else []
        flat = [f"{one.sql} AS u_{one.name}" for one in fields]
        inner = ["SELECT", shaping.listed([*dimensions, *column, *flat]), "FROM (", *shaping.indented(inner), ")"]
        known, blanks, stage = [one.name for one in fields], [one.blank for one in fields], "u"
        if asked.pivot:
            inner, stage = shaping.pivoted(inner, dimensions, known), "v"
        if asked.fill:
            given = [f"{stage}_{name}" for name in known]
            cells = (["cells"], ["[]"]) if asked.pivot else ([], [])
            inner = shaping.filled(
                inner,
                dimensions,
                f"d_{asked.fill.name}",
                [*given, *cells[0]],
                [*blanks, *cells[1]],
                _buckets(compiler, asked.fill),
            )
            selected = [f"w_{stage}_{name} AS {name}" for name in known]
            selected += ["w_cells AS cells"] if asked.pivot else []
        else:
            selected = [f"v_{name} AS {name}" for name in known] + ["cells"]
        selected += [f"({', '.join(blanks)},) AS blank"] if asked.pivot else []
    # One row more than asked for tells whether there are more.
    limit = bindings.bind("limit", "UInt64", asked.limit + 1)
    offset = bindings.bind("offset", "UInt64", asked.offset)
    rest = ["FROM (", *shaping.indented(inner), ")", *_having(compiler)]
    return _Selection(
        selected, [*rest, "ORDER BY", shaping.listed(_order(compiler)), f"LIMIT {limit} OFFSET {offset}"]
    )


def _totals(compiler: _Compiler, fields: tuple[_Field, ...]) -> _Selection:
    """Return the totals: the fields over everything the report's rows cover.

    Without metric filters that is one more grouping of the same events, by nothing. With them only the
    rows that pass may count, so their parts are merged once more.
    """
    plan = compiler.plan
    asked = plan.asked
    if asked.having:
        inner = _merged(compiler)
        final = _parts_as(plan, "final")
        fields = _fields(plan, {name: f"t_{name}" for name in final})
    else:
        inner = _together(compiler, ())
    if not asked.pivot:
        return _Selection(
            [f"{one.sql} AS {one.name}" for one in fields], ["FROM (", *shaping.indented(inner), ")"]
        )
    known = [one.name for one in fields]
    flat = [f"{one.sql} AS u_{one.name}" for one in fields]
    inner = shaping.pivoted(
        ["SELECT", shaping.listed(["c", *flat]), "FROM (", *shaping.indented(inner), ")"], (), known
    )
    blank = f"({', '.join(one.blank for one in fields)},) AS blank"
    selected = [*(f"v_{name} AS {name}" for name in known), "cells", blank]
    return _Selection(selected, ["FROM (", *shaping.indented(inner), ")"])


def _merged(compiler: _Compiler) -> list[str]:
    """Return the parts, ``t_<part>``, over the rows that pass the metric filters; of a pivot for each column."""
    plan = compiler.plan
    asked = plan.asked
    filtered = tuple(dict.fromkeys(f.metric for f in asked.having))
    of_filtered = [
        f"{one.sql} AS {one.name}" for one in _fields(plan) if one.metric in filtered and not one.is_before
    ]
    parts = list(_parts_as(plan, "peek"))
    column = ["c"] if asked.pivot else []
    passing = [
        "SELECT",
        shaping.listed([*column, *parts, *of_filtered]),
        "FROM (",
        *shaping.indented(_together(compiler, asked.dimensions)),
        ")",
    ]
    if asked.pivot:
        # A row passes or fails as a whole, with all its columns.
        rows = ", ".join(f"d_{d.name}" for d in asked.dimensions)
        window = f"PARTITION BY {rows}" if rows else ""
        passes = f"max(c = {shaping.WHOLE} AND {' AND '.join(_kept(compiler))}) OVER ({window}) AS passes"
        passing[1] = shaping.listed([*column, *parts, *of_filtered, passes])
        passing = [
            "SELECT",
            shaping.listed([*column, *parts]),
            "FROM (",
            *shaping.indented(passing),
            ")",
            "WHERE passes",
        ]
    else:
        passing += _having(compiler)
    merged = [f"{sql} AS t_{name}" for name, sql in _parts_as(plan, "final").items()]
    selected = [*column, *merged] or ["count()"]
    return [
        "SELECT",
        shaping.listed(selected),
        "FROM (",
        *shaping.indented(passing),
        ")",
        *shaping.grouped(column),
    ]


def other_currencies(plan: Plan, who: Principal | None, names: Names) -> Statement:
    """Return the statement that counts, by currency, the conversions whose money the report leaves out."""
    compiler = _Compiler(plan, who, names)
    currencies = ", ".join(plan.conversion_currencies)
    side = Side("conversions")
    unrated = [f"{factor('other', 'ts')} = 0"] if plan.asked.exchange else []
    return compiler.statement(
        [
            "SELECT",
            shaping.listed(["other", "count()"]),
            "FROM (",
            *shaping.indented(
                [
                    "SELECT",
                    shaping.listed([f"arrayJoin(arrayDistinct([{currencies}])) AS other", "ts"]),
                    *_read(compiler, side),
                ]
            ),
            ")",
            f"WHERE {_all_of(['other != {currency:String}', *unrated])}",
            "GROUP BY other",
            "ORDER BY other",
        ]
    )


def cancel(mark: str) -> str:
    """Return the statement that ends every statement beginning with a report's mark.

    ``mark`` is a comment of ours (see ``reports.running``); the store takes no parameters here.
    """
    if not _MARK.fullmatch(mark):
        raise ValueError("this is no mark of a report")
    return f"KILL QUERY WHERE startsWith(query, '{mark}') ASYNC"


def _together(compiler: _Compiler, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return the query that adds the sides' contributions up by the values shown, and a pivot's columns."""
    plan = compiler.plan
    pivot = plan.asked.pivot
    keyed = (*dimensions, pivot) if pivot else dimensions
    sides: list[str] = []
    for side in plan.sides:
        sides += ["UNION ALL"] if sides else []
        sides += _side(compiler, side, keyed)
    shown = [f"{d.shown(f'k_{d.name}')} AS d_{d.name}" for d in dimensions]
    groups = [f"d_{d.name}" for d in dimensions]
    if pivot:
        key = f"k_{pivot.name}"
        # Labels of a row are numbered, and the same number told apart, where the row still is one.
        shown.append(f"{key if pivot.array else _column_numbers(compiler, pivot, pivot.shown(key))} AS c")
        groups.append("c")
    parts = [f"{sql} AS {name}" for name, sql in _parts_as(plan, "again").items()]
    # A report of nulls alone still needs something to select.
    selected = [*shown, *parts] or ["count()"]
    return ["SELECT", shaping.listed(selected), "FROM (", *shaping.indented(sides), ")", *shaping.grouped(groups)]


def _side(compiler: _Compiler, side: Side, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return one table's contribution: its parts by the dimensions' keys."""
    plan = compiler.plan
    keys = []
    for dimension in dimensions:
        bind_attribute(compiler.bindings, compiler.names, dimension)
        key = _key(compiler, side, dimension)
        if dimension == plan.asked.pivot and dimension.array:
            key = _column_numbers(compiler, dimension, dimension.array)
        keys.append(f"{key} AS k_{dimension.name}")
    parts = []
    for is_before in (False, True) if plan.asked.before else (False,):
        for part in plan.parts:
            given = side.contribution(part) if is_before == side.is_before else None
            parts.append(f"{given or part.empty} AS {_part_name(part, is_before=is_before)}")
    selected = [*keys, *parts] or ["count()"]
    grouped = shaping.grouped([f"k_{d.name}" for d in dimensions])
    return ["SELECT", shaping.listed(selected), *_read(compiler, side), *grouped]


def _key(compiler: _Compiler, side: Side, dimension: Dimension) -> str | None:
    """Return a dimension's key over a side's rows; times of another range are moved to the report's."""
    key, before = side.key(dimension), compiler.plan.asked.before
    if key is None or before is None or not side.is_before or not shaping.is_moved(dimension):
        return key
    steps = compiler.bindings.bind(f"shift_{dimension.name}", "Int32", before.shift[dimension.name])
    seconds = "0"
    if "{2}" in shaping.MOVED[dimension.name]:
        seconds = compiler.bindings.bind("shift_seconds", "Int32", before.seconds)
    return shaping.moved(dimension, key, steps, seconds)


def _column_numbers(compiler: _Compiler, pivot: Dimension, shown: str) -> str:
    values = compiler.bindings.bind("pivot_values", "Array(String)", list(compiler.plan.columns))
    return shaping.column_numbers(pivot, shown, values)


def _buckets(compiler: _Compiler, time: Dimension) -> str:
    """Return an array of every value of a time dimension in the report's range, as far as filters let it be."""
    asked, bindings = compiler.plan.asked, compiler.bindings
    seconds = shaping.step_seconds(time)
    length = (asked.span.end - asked.span.start).total_seconds()
    moments = shaping.moments(
        bindings.instant("from", asked.span.start),
        bindings.instant("fill_last", asked.span.end - timedelta(milliseconds=1)),
        bindings.bind("fill_count", "UInt32", ceil(length / seconds) + 1),
        str(seconds),
    )
    conditions = [
        conditions_of.on_dimension(bindings, compiler.names, f"f{place}", one, one.dimension.clicks or "")
        for place, one in enumerate(asked.where)
        if one.dimension.group == "time"
    ]
    return shaping.buckets(time, moments, conditions)


def _read(compiler: _Compiler, side: Side) -> list[str]:
    """Return FROM and WHERE for one table: the range, the filters and, last, the caller's scope."""
    asked, bindings = compiler.plan.asked, compiler.bindings
    span, name = asked.span, ""
    if side.is_before and asked.before:
        span, name = asked.before.span, "before_"
    # Clicks never change and are read as they lie; a conversion counts once, in its newest state.
    table = "conversions FINAL" if side.table == "conversions" else side.table
    kept = [
        f"{side.time} >= {bindings.instant(f'{name}from', span.start)}",
        f"{side.time} < {bindings.instant(f'{name}to', span.end)}",
        "NOT is_test",
    ]
    for place, one in enumerate(asked.where):
        key = _key(compiler, side, one.dimension)
        if key is None:
            raise ValueError(f"{side.table} was planned to be filtered by {one.dimension.name}, which it lacks")
        kept.append(conditions_of.on_dimension(bindings, compiler.names, f"f{place}", one, key))
    kept += scope(compiler.who, bindings.bind)
    return [f"FROM {table}", f"WHERE {_all_of(kept)}"]


def _having(compiler: _Compiler) -> list[str]:
    """Return the metric filters."""
    kept = _kept(compiler)
    return [f"WHERE {_all_of(kept)}"] if kept else []


def _kept(compiler: _Compiler) -> list[str]:
    having = compiler.plan.asked.having
    return [conditions_of.on_metric(compiler.bindings, f"h{place}", one) for place, one in enumerate(having)]


def _order(compiler: _Compiler) -> list[str]:
    keys = []
    for order in compiler.plan.asked.order:
        by = order.by
        if isinstance(by, Metric):
            key = f"m_{by.name}"
        elif by.kind == "id" and not order.by_id:
            key = f"lowerUTF8({conditions_of.named(compiler.bindings, compiler.names, by, f'd_{by.name}')})"
        else:
            key = by.ordered(f"d_{by.name}")
        keys.append(f"{key} {'DESC' if order.desc else 'ASC'} NULLS LAST")
    return keys


def _fields(plan: Plan, parts: dict[str, str] | None = None) -> tuple[_Field, ...]:
    """Return what a row holds beside its dimensions; of the range compared with only what is shown.

    Args:
        plan: The report's.
        parts: The SQL of each part's final value by the part's column; None: of merged parts as they are.

    """
    given = _parts_as(plan, "peek") if parts is None else parts
    nothing = {part.name: part.nothing for part in plan.parts}
    found = []
    for is_before in (False, True) if plan.asked.before else (False,):
        values = {part.name: given[_part_name(part, is_before=is_before)] for part in plan.parts}
        for metric in plan.asked.metrics if is_before else plan.asked.computed:
            name = f"{'b' if is_before else 'm'}_{metric.name}"
            found.append(_Field(name, metric, is_before, _formula(metric, values), _formula(metric, nothing)))
    return tuple(found)


def _formula(metric: Metric, part: dict[str, str]) -> str:
    # With one part missing every formula is null; writing just that keeps constants out of its arithmetic.
    return metric.sql(part) if all(name in part for name in metric.parts) else _NULL


def _part_name(part: Part, *, is_before: bool) -> str:
    return f"{'q' if is_before else 'p'}_{part.name}"


def _parts_as(plan: Plan, how: Literal["again", "final", "peek"]) -> dict[str, str]:
    """Return what becomes of each part's column where contributions meet or are read, by the column's name."""
    found = {}
    for is_before in (False, True) if plan.asked.before else (False,):
        for part in plan.parts:
            name = _part_name(part, is_before=is_before)
            found[name] = Template(getattr(part.fold, how)).substitute(p=name)
    return found


def _all_of(kept: list[str]) -> str:
    return "\n    AND ".join(kept)
