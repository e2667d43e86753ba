"""Plan: which tables a report reads, and whether a rollup is enough; which one, ``reports.rollups`` knows.

Invariants: a rollup is chosen only where it gives exactly what the raw clicks give; click metrics
beside something only conversions know (a goal, a status) have no table to come from and are null.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from kernel.auth import Principal
from reports import rollups
from reports.registry import PARTS, Dimension, Part
from reports.registry.parts import TIME
from reports.validate import Asked, Order


@dataclass(frozen=True, slots=True)
class Side:
    """One table's share of a report, or of what the report is compared with."""

    table: str
    """clicks, impressions, conversions or one of the rollups."""
    is_before: bool = False

    def key(self, dimension: Dimension) -> str | None:
        """Return the dimension's key as an expression over this table's rows; None: it can't tell."""
        if self.is_rollup:
            return dimension.rollup
        return dimension.conversions if self.table == "conversions" else dimension.clicks

    def contribution(self, part: Part) -> str | None:
        """Return the part as an aggregate over this table; None: it contributes nothing."""
        match self.table:
            case "clicks":
                found = part.clicks
            case "conversions":
                found = part.conversions
            case "impressions":
                found = part.impressions
            case _:
                found = rollups.contribution(rollups.BY_NAME[self.table], part)
        return found.replace(TIME, self.time) if found else None

    @property
    def is_rollup(self) -> bool:
        """Whether its rows are sums of clicks."""
        return self.table in rollups.BY_NAME

    @property
    def time(self) -> str:
        """The table's time column."""
        return "hour" if self.is_rollup else "ts"


@dataclass(frozen=True, slots=True)
class Plan:
    """A valid query and the tables it is answered from."""

    asked: Asked
    sides: tuple[Side, ...]
    parts: tuple[Part, ...]
    """What the sides add up; parts of a table that can't take part are not among them."""
    columns: tuple[str, ...] = ()
    """A pivot's values that have a column of their own, as texts."""

    @property
    def source(self) -> Literal["rollup", "raw"]:
        """What ``meta.source`` says of the clicks; a report on conversions alone is raw."""
        return "rollup" if any(side.is_rollup for side in self.sides) else "raw"

    @property
    def conversion_currencies(self) -> tuple[str, ...]:
        """Columns that say which currency the report's conversion money is of; empty when it shows none."""
        columns = (part.currency for part in self.parts if part.conversions is not None and part.currency)
        return tuple(dict.fromkeys(columns))


def choose(asked: Asked, who: Principal | None = None) -> Plan:
    """Return the smallest tables that answer the query exactly.

    Args:
        asked: The query.
        who: The caller; without, one who may see only some rows.

    """
    needed = tuple(PARTS[name] for name in dict.fromkeys(n for m in asked.computed for n in m.parts))
    if asked.exchange is not None:
        needed = tuple(part.exchanged or part for part in needed)
    on_clicks = tuple(part for part in needed if part.clicks is not None)
    on_conversions = tuple(part for part in needed if part.conversions is not None)
    pivot = () if asked.pivot is None else (asked.pivot,)
    used = (*asked.dimensions, *pivot, *(f.dimension for f in asked.where))
    clicks_can = all(dimension.clicks is not None for dimension in used)

    sides: list[Side] = []
    if on_clicks and clicks_can:
        rollup = rollups.covering(asked, used, on_clicks, who)
        sides.append(Side(rollup.name if rollup else "clicks"))
    if clicks_can and any(part.impressions is not None for part in needed):
        sides.append(Side("impressions"))
    if on_conversions or not sides:
        sides.append(Side("conversions"))
    possible = tuple(part for part in needed if any(side.contribution(part) is not None for side in sides))
    if asked.before is not None:
        sides += [replace(side, is_before=True) for side in sides]
    return Plan(asked, tuple(sides), possible)


def ranking(asked: Asked, pivot: Dimension, who: Principal | None = None) -> Plan:
    """Return the plan that finds the values with the most of the first metric, over all of the report's rows."""
    (first, *_) = asked.metrics
    by_name = Order(pivot, desc=False)
    order = (Order(first, desc=True), by_name, *([replace(by_name, by_id=True)] if pivot.kind == "id" else []))
    alone = replace(
        asked,
        dimensions=(pivot,),
        metrics=(first,),
        having=(),
        order=order,
        limit=asked.pivot_limit,
        offset=0,
        totals=False,
        before=None,
        fill=None,
        pivot=None,
    )
    return choose(alone, who)
