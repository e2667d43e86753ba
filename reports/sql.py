"""Compile: a plan becomes one SELECT whose every value is a typed server-side parameter.

What ``gathering`` adds up becomes metrics; ``shaping`` turns values into columns and fills gaps; metric filters,
order and limit come last, and totals stand in the same statement, so that they are of the same moment.

Invariants: text comes from the registries and the ``sql.py`` files, values only as ``{name:Type}``; prefixes
(k_ key, d_ dimension, p_ q_ part, m_ b_ metric) keep aliases from hiding columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from kernel.auth import Principal
from reports.bindings import Statement
from reports.conditions import sql as conditions_of
from reports.gathering.sql import Compiler, all_of, part_name, parts_as, together
from reports.names import Names
from reports.plan import Plan
from reports.registry import Dimension, Metric
from reports.shaping import sql as shaping

_NULL = "CAST(NULL, 'Nullable(Float64)')"
"""A metric with a part that no table of this report can give."""

_MARK = re.compile(r"/\* report [A-Za-z0-9_-]{8,64} of [0-9a-f]{16} \*/", re.ASCII)


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
    compiler = Compiler(plan, who, names)
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


def _shaped(compiler: Compiler, fields: tuple[_Field, ...]) -> _Selection:
    """Return the rows: in the shape asked for, those that pass the metric filters, in order, up to the limit."""
    asked, bindings = compiler.plan.asked, compiler.bindings
    dimensions = [f"d_{d.name}" for d in asked.dimensions]
    inner, selected = together(compiler, asked.dimensions), [f"{one.sql} AS {one.name}" for one in fields]
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


def _totals(compiler: Compiler, fields: tuple[_Field, ...]) -> _Selection:
    """Return the totals: the fields over everything the report's rows cover.

    Without metric filters that is one more grouping of the same events, by nothing. With them only the
    rows that pass may count, so their parts are merged once more.
    """
    plan = compiler.plan
    asked = plan.asked
    if asked.having:
        inner = _merged(compiler)
        final = parts_as(plan, "final")
        fields = _fields(plan, {name: f"t_{name}" for name in final})
    else:
        inner = together(compiler, ())
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


def _merged(compiler: Compiler) -> list[str]:
    """Return the parts, ``t_<part>``, over the rows that pass the metric filters; of a pivot for each column."""
    plan = compiler.plan
    asked = plan.asked
    filtered = {(f.metric.name, is_before) for f in asked.having for is_before in (False, f.of != "now")}
    of_filtered = [
        f"{one.sql} AS {one.name}" for one in _fields(plan) if (one.metric.name, one.is_before) in filtered
    ]
    parts = list(parts_as(plan, "peek"))
    column = ["c"] if asked.pivot else []
    passing = [
        "SELECT",
        shaping.listed([*column, *parts, *of_filtered]),
        "FROM (",
        *shaping.indented(together(compiler, asked.dimensions)),
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
    merged = [f"{sql} AS t_{name}" for name, sql in parts_as(plan, "final").items()]
    selected = [*column, *merged] or ["count()"]
    return [
        "SELECT",
        shaping.listed(selected),
        "FROM (",
        *shaping.indented(passing),
        ")",
        *shaping.grouped(column),
    ]


def cancel(mark: str) -> str:
    """Return the statement that ends every statement beginning with a report's mark.

    ``mark`` is a comment of ours (see ``reports.running``); the store takes no parameters here.
    """
    if not _MARK.fullmatch(mark):
        raise ValueError("this is no mark of a report")
    return f"KILL QUERY WHERE startsWith(query, '{mark}') ASYNC"


def _buckets(compiler: Compiler, time: Dimension) -> str:
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


def _having(compiler: Compiler) -> list[str]:
    """Return the metric filters."""
    kept = _kept(compiler)
    return [f"WHERE {all_of(kept)}"] if kept else []


def _kept(compiler: Compiler) -> list[str]:
    having = compiler.plan.asked.having
    return [conditions_of.on_metric(compiler.bindings, f"h{place}", one) for place, one in enumerate(having)]


def _order(compiler: Compiler) -> list[str]:
    keys = []
    for order in compiler.plan.asked.order:
        by = order.by
        if isinstance(by, Metric):
            key = conditions_of.of_range(by, order.of)
        elif by.kind == "id" and not order.by_id:
            key = f"lowerUTF8({conditions_of.named(compiler.bindings, compiler.names, by, f'd_{by.name}')})"
        else:
            key = by.ordered(f"d_{by.name}")
        keys.append(f"{key} {'DESC' if order.desc else 'ASC'} NULLS LAST")
    return keys


def _fields(plan: Plan, parts: dict[str, str] | None = None) -> tuple[_Field, ...]:
    """Return what a row holds beside its dimensions; of the range compared with what is shown comes first.

    Args:
        plan: The report's.
        parts: The SQL of each part's final value by the part's column; None: of merged parts as they are.

    """
    given = parts_as(plan, "peek") if parts is None else parts
    nothing = {part.name: part.nothing for part in plan.parts}
    found = []
    for is_before in (False, True) if plan.asked.before else (False,):
        values = {part.name: given[part_name(part, is_before=is_before)] for part in plan.parts}
        for metric in plan.asked.computed_before if is_before else plan.asked.computed:
            name = f"{'b' if is_before else 'm'}_{metric.name}"
            found.append(_Field(name, metric, is_before, _formula(metric, values), _formula(metric, nothing)))
    return tuple(found)


def _formula(metric: Metric, part: dict[str, str]) -> str:
    # With one part missing every formula is null; writing just that keeps constants out of its arithmetic.
    return metric.sql(part) if all(name in part for name in metric.parts) else _NULL
