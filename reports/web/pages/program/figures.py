"""The numbers beside entries: of a list's page in one report, of one entry with its course.

Invariants: what somebody isn't told elsewhere (what advertisers pay, what partners get) isn't asked for here; when
reports can't be made, the page is shown without numbers and says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.visit import Visit

WEEK: Final = 7
COURSE_DAYS: Final = 30
LABELS: Final = {
    "clicks": "Clicks",
    "conversions": "Conversions",
    "cr": "Conversion rate",
    "payout": "Payout",
    "revenue": "Revenue",
    "profit": "Profit",
    "invalid_rate": "Invalid clicks",
}
HELPS: Final = {"cr": "of unique clicks"}
"""What a number is counted of, where that isn't what stands beside it."""
_KINDS: Final = {"payout": "money", "revenue": "money", "profit": "money", "cr": "share", "invalid_rate": "share"}
_FALLING_IS_GOOD: Final = frozenset({"invalid_rate"})


@dataclass(frozen=True, slots=True)
class Beside:
    """Numbers of the last seven days, by the id of an entry."""

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    currency: str = ""
    unconverted: tuple[str, ...] = ()
    """Currencies without a rate, whose amounts are missing."""
    problem: str = ""


def metrics_for(visit: Visit) -> tuple[str, ...]:
    """Return the numbers that matter to the one who looks."""
    role = visit.who.role if visit.who else ""
    if role == "partner":
        return ("clicks", "conversions", "cr", "payout")
    if role == "advertiser":
        return ("clicks", "conversions", "cr", "revenue")
    return ("clicks", "conversions", "cr", "payout", "profit")


async def beside(visit: Visit, dimension: str, ids: Iterable[int], *more: dict[str, Any]) -> Beside:
    """Return the numbers of a page of entries.

    Args:
        visit: Of whom.
        dimension: What the entries are in reports: partner, offer, advertiser, link.
        ids: Of the entries.
        more: Further filters.

    """
    wanted, metrics = sorted(set(ids)), metrics_for(visit)
    if not wanted:
        return Beside(metrics=metrics)
    key = f"{dimension}_id"
    filters = [{"dimension": key, "op": "in", "values": wanted}, *more]
    try:
        told = await _report(visit, WEEK, [dimension], metrics, filters, limit=len(wanted))
    except ClickledgerError as why:
        return Beside(metrics=metrics, problem=why.message)
    rows = {int(row[key]): row for row in told["rows"]}
    return Beside(rows, metrics, told["meta"]["currency"], tuple(told["meta"].get("other_currencies") or ()))


async def of_one(visit: Visit, filters: Sequence[dict[str, Any]], currency: str = "") -> dict[str, Any]:
    """Return tiles of the last seven days against the seven before, and the course of a month, for a template.

    Args:
        visit: Of whom.
        filters: That leave the entry's events.
        currency: Of the amounts; '' for the program's.

    """
    shown_in = {"currency": currency} if currency else {}
    metrics = (*metrics_for(visit), *(("invalid_rate",) if visit.may("fraud:read") else ()))
    try:
        week, course = await asyncio.gather(
            _report(visit, WEEK, [], metrics, filters, compare="previous_period", **shown_in),
            _report(visit, COURSE_DAYS, ["day"], metrics_for(visit), filters, fill=True, **shown_in),
        )
    except ClickledgerError as why:
        return {"problem": why.message, "tiles": [], "chart": None, "days": []}
    row = week["rows"][0]
    return {
        "problem": "",
        "tiles": [_tile(visit, name, row, week["meta"]["currency"]) for name in metrics],
        "chart": _chart(course["rows"]),
        "days": course["rows"],
        "metrics": metrics_for(visit),
        "currency": course["meta"]["currency"],
        "unconverted": tuple(week["meta"].get("other_currencies") or ()),
        "is_quiet": not any(row["clicks"] or row["conversions"] for row in course["rows"]),
    }


async def top(
    visit: Visit, dimension: str, filters: Sequence[dict[str, Any]], currency: str = "", limit: int = 10
) -> Beside:
    """Return the numbers of the entries with the most clicks of the last seven days."""
    metrics = metrics_for(visit)
    try:
        shown_in = {"currency": currency} if currency else {}
        told = await _report(visit, WEEK, [dimension], metrics, filters, limit=limit, **shown_in)
    except ClickledgerError as why:
        return Beside(metrics=metrics, problem=why.message)
    rows = {int(row[f"{dimension}_id"]): row for row in told["rows"]}
    return Beside(rows, metrics, told["meta"]["currency"])


def shown(visit: Visit, metric: str, row: dict[str, Any] | None, currency: str) -> str:
    """Return a number as people read it; a dash where nothing is known, 0 where nothing happened."""
    value = None if row is None else row.get(metric)
    kind = _KINDS.get(metric)
    if kind == "money":
        return visit.viewer.money(value or 0, currency)
    if kind == "share":
        return visit.viewer.percent(value)
    return visit.viewer.number(value or 0)


async def _report(
    visit: Visit, days: int, dimensions: list[str], metrics: Sequence[str], filters: Sequence[dict[str, Any]],
    **more: Any,
) -> Any:  # fmt: skip
    today = visit.viewer.today()
    query = {
        "from": (today - timedelta(days=days - 1)).isoformat(),
        "to": (today + timedelta(days=1)).isoformat(),
        "timezone": visit.viewer.zone.key,
        "dimensions": dimensions,
        "metrics": list(metrics),
        "filters": list(filters),
    }
    return await visit.api.send("POST", "/api/v1/reports/query", query | more)


def _tile(visit: Visit, metric: str, row: dict[str, Any], currency: str) -> dict[str, Any]:
    change = row.get(f"{metric}_change")
    is_good = change is not None and (change <= 0 if metric in _FALLING_IS_GOOD else change >= 0)
    sign = "+" if change is not None and change > 0 else ""
    said = None if change is None else f"{sign}{visit.viewer.percent(change, 1)}"
    return {
        "label": LABELS[metric],
        "value": shown(visit, metric, row, currency),
        "against": [("on the week before", said, is_good)],
        "help": HELPS.get(metric, ""),
    }


def _chart(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    days = [row["day"] for row in rows]
    return {
        "x": "time",
        "y": "Clicks",
        "y2": "Conversions",
        "series": [
            {"name": "Clicks", "x": days, "y": [row["clicks"] for row in rows], "kind": "area"},
            {"name": "Conversions", "x": days, "y": [row["conversions"] for row in rows], "axis": 2},
        ],
    }
