"""SQL that gathers what a report is made of: each table's parts by key, met where the tables are joined.

Innermost each side adds up its parts by the dimensions' keys; the sides are joined end to end; keys become the
values shown, and a pivot's value its column's number, and parts are added up again, unless one table's groups
are what is shown. What is compared with is gathered the same way into parts of its own, ``q_`` beside ``p_``,
with its times moved to the report's.

Invariants: a table is read through ``read`` alone, which adds the caller's scope last and refuses to go without
a caller; text comes from the registries, values only as ``{name:Type}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Literal

from kernel.auth import Principal
from reports.attributes import bind_attribute
from reports.bindings import Bindings, Statement
from reports.conditions import sql as conditions_of
from reports.names import Names
from reports.plan import Plan, Side
from reports.registry import Dimension, Part
from reports.scope import scope
from reports.shaping import sql as shaping


@dataclass(frozen=True, slots=True)
class Compiler:
    """What the pieces of one statement share."""

    plan: Plan
    who: Principal | None
    names: Names
    bindings: Bindings = field(default_factory=Bindings)

    def statement(self, lines: list[str]) -> Statement:
        """Return the statement of these lines, with the values that registry texts in it name."""
        asked = self.plan.asked
        rates = asked.exchange
        if rates is not None and any("{rate_factors:" in line for line in lines):
            self.bindings.bind("rate_currencies", "Array(String)", list(rates.currencies))
            self.bindings.bind("rate_numbers", "Array(Int64)", list(rates.numbers))
            self.bindings.bind("rate_steps", "Array(Int64)", list(rates.steps))
            self.bindings.bind("rate_factors", "Array(Decimal(76, 18))", list(rates.factors))
        return self.bindings.statement(lines, tz=asked.span.zone, currency=asked.currency)


def together(compiler: Compiler, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return the query that adds the sides' contributions up by the values shown, and a pivot's columns."""
    plan = compiler.plan
    pivot = plan.asked.pivot
    keyed = (*dimensions, pivot) if pivot else dimensions
    sides: list[str] = []
    for side in plan.sides:
        sides += ["UNION ALL"] if sides else []
        sides += side_of(compiler, side, keyed)
    shown = [f"{d.shown(f'k_{d.name}')} AS d_{d.name}" for d in dimensions]
    groups = [f"d_{d.name}" for d in dimensions]
    if pivot:
        key = f"k_{pivot.name}"
        # Labels of a row are numbered, and the same number told apart, where the row still is one.
        shown.append(f"{key if pivot.array else column_numbers(compiler, pivot, pivot.shown(key))} AS c")
        groups.append("c")
    again = parts_as(plan, "again")
    if again and len(plan.sides) == 1 and not pivot and all(d.shown("k") == "k" for d in dimensions):
        # One table's groups are the report's own: merging each with nothing would take a quarter as long again.
        return ["SELECT", shaping.listed([*shown, *again]), "FROM (", *shaping.indented(sides), ")"]
    parts = [f"{sql} AS {name}" for name, sql in again.items()]
    # A report of nulls alone still needs something to select.
    selected = [*shown, *parts] or ["count()"]
    return ["SELECT", shaping.listed(selected), "FROM (", *shaping.indented(sides), ")", *shaping.grouped(groups)]


def side_of(compiler: Compiler, side: Side, dimensions: tuple[Dimension, ...]) -> list[str]:
    """Return one table's contribution: its parts by the dimensions' keys."""
    plan = compiler.plan
    keys = []
    for dimension in dimensions:
        bind_attribute(compiler.bindings, compiler.names, dimension)
        key = key_of(compiler, side, dimension)
        if dimension == plan.asked.pivot and dimension.array:
            key = column_numbers(compiler, dimension, dimension.array)
        keys.append(f"{key} AS k_{dimension.name}")
    parts = []
    for is_before in (False, True) if plan.asked.before else (False,):
        for part in plan.parts:
            given = side.contribution(part) if is_before == side.is_before else None
            parts.append(f"{given or part.empty} AS {part_name(part, is_before=is_before)}")
    selected = [*keys, *parts] or ["count()"]
    grouped = shaping.grouped([f"k_{d.name}" for d in dimensions])
    return ["SELECT", shaping.listed(selected), *read(compiler, side), *grouped]


def key_of(compiler: Compiler, side: Side, dimension: Dimension) -> str | None:
    """Return a dimension's key over a side's rows; times of another range are moved to the report's."""
    key, before = side.key(dimension), compiler.plan.asked.before
    if key is None or before is None or not side.is_before or not shaping.is_moved(dimension):
        return key
    steps = compiler.bindings.bind(f"shift_{dimension.name}", "Int32", before.shift[dimension.name])
    seconds = "0"
    if "{2}" in shaping.MOVED[dimension.name]:
        seconds = compiler.bindings.bind("shift_seconds", "Int32", before.seconds)
    return shaping.moved(dimension, key, steps, seconds)


def column_numbers(compiler: Compiler, pivot: Dimension, shown: str) -> str:
    """Return the columns of the pivot that a row counts in, one row for each."""
    values = compiler.bindings.bind("pivot_values", "Array(String)", list(compiler.plan.columns))
    return shaping.column_numbers(pivot, shown, values)


def read(compiler: Compiler, side: Side, more: Sequence[str] = (), *, every_state: bool = False) -> list[str]:
    """Return FROM and WHERE for one table: the range, the filters and, last, the caller's scope.

    Clicks never change and are read as they lie; a conversion counts once, in its newest state. Its time and
    whose it is stay the same in all of its states, so what lies outside is left out before states are compared.

    Args:
        compiler: Of the statement.
        side: Which table, and over which range.
        more: Further conditions.
        every_state: Read conversions in all of their states.

    """
    asked, bindings = compiler.plan.asked, compiler.bindings
    span, name = asked.span, ""
    if side.is_before and asked.before:
        span, name = asked.before.span, "before_"
    within = [
        f"{side.time} >= {bindings.instant(f'{name}from', span.start)}",
        f"{side.time} < {bindings.instant(f'{name}to', span.end)}",
    ]
    kept = ["NOT is_test"]
    for place, one in enumerate(asked.where):
        key = key_of(compiler, side, one.dimension)
        if key is None:
            raise ValueError(f"{side.table} was planned to be filtered by {one.dimension.name}, which it lacks")
        kept.append(conditions_of.on_dimension(bindings, compiler.names, f"f{place}", one, key))
    limits = scope(compiler.who, bindings.bind)
    kept += [*more, *limits]
    if side.table != "conversions" or every_state:
        return [f"FROM {side.table}", f"WHERE {all_of([*within, *kept])}"]
    return ["FROM conversions FINAL", f"PREWHERE {all_of([*within, *limits])}", f"WHERE {all_of(kept)}"]


def part_name(part: Part, *, is_before: bool) -> str:
    """Return the column of a part over the report's range, or over the one it is compared with."""
    return f"{'q' if is_before else 'p'}_{part.name}"


def parts_as(plan: Plan, how: Literal["again", "final", "peek"]) -> dict[str, str]:
    """Return what becomes of each part's column where contributions meet or are read, by the column's name."""
    found = {}
    for is_before in (False, True) if plan.asked.before else (False,):
        for part in plan.parts:
            name = part_name(part, is_before=is_before)
            found[name] = Template(getattr(part.fold, how)).substitute(p=name)
    return found


def all_of(kept: list[str]) -> str:
    """Return the conditions joined by AND."""
    return "\n    AND ".join(kept)
