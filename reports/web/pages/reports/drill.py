"""Looking into a row: the same report of what that row is made of, taken apart by something else.

As ``reports.drilling`` has it: the report's filters on dimensions and the row's own stay; what judged or
arranged the rows (filters on metrics, sorting, pivot, page) falls away. Invariant: what the new report adds up
to is what the row said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from reports.web.pages.reports.asked import Asked
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.conditions import Condition

_NEXT: Final = (
    "offer", "partner", "country", "source", "sub1", "device_type", "os", "browser", "goal", "verdict",
    "referrer_host", "day",
)  # fmt: skip
"""What people take reports apart by, the likeliest first."""
_FINER: Final = {
    "year": "quarter",
    "quarter": "month",
    "month": "day",
    "week": "day",
    "day": "hour",
    "hour": "minute",
}
MOST_OFFERED: Final = 9


def into(asked: Asked, where: Iterable[Condition], known: Catalog) -> Asked:
    """Return the report of what a row is made of."""
    metrics = set(known.measured(asked.own))
    kept = [one for one in asked.where if one.name not in metrics]
    whole = tuple(dict.fromkeys((*kept, *where)))
    at = replace(asked, where=whole, sort=(), pivot="", page=1, fill=False, drill=True)
    return replace(at, by=tuple(offered(at, known)[:1]))


def offered(asked: Asked, known: Catalog) -> list[str]:
    """Return what to take the report apart by: what it isn't already, nor down to one value of."""
    fixed = {one.name.removesuffix("_id") for one in asked.where if one.op == "eq"}
    finer = [_FINER[name] for name in _FINER if name in fixed]
    names = dict.fromkeys((*_NEXT[:3], *finer, *_NEXT[3:]))
    return [name for name in names if name in known.dimensions and name not in fixed][:MOST_OFFERED]
