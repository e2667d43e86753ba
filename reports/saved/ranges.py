"""Relative ranges: "last_7_days" becomes two dates when a report is run, in the zone of its query.

Invariants: weeks begin on Monday; a range is half-open, as every report's; "last" means whole days, weeks, months
that are over, "this" means up to and with today.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

RangeName: TypeAlias = Literal[
    "today",
    "yesterday",
    "last_7_days",
    "last_14_days",
    "last_30_days",
    "last_90_days",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "this_quarter",
    "last_quarter",
    "this_year",
    "last_year",
]
RANGES: tuple[RangeName, ...] = get_args(RangeName)

_DAY = timedelta(days=1)


def resolve(name: RangeName, zone: str, moment: datetime) -> tuple[date, date]:
    """Return the first day of a range and the day after its last.

    Args:
        name: Which range.
        zone: A time zone that exists; its days are meant.
        moment: The present, or what stands for it.

    """
    today = moment.astimezone(ZoneInfo(zone)).date()
    if name == "today":
        return today, today + _DAY
    if name == "yesterday":
        return today - _DAY, today
    which, _, unit = name.partition("_")
    if unit.endswith("_days"):
        return today - int(unit.removesuffix("_days")) * _DAY, today
    begin = _BEGINNINGS[unit]
    start = begin(today)
    return (start, today + _DAY) if which == "this" else (begin(start - _DAY), start)


def _week(day: date) -> date:
    return day - day.weekday() * _DAY


def _month(day: date) -> date:
    return day.replace(day=1)


def _quarter(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _year(day: date) -> date:
    return day.replace(month=1, day=1)


_BEGINNINGS: dict[str, Callable[[date], date]] = {
    "week": _week,
    "month": _month,
    "quarter": _quarter,
    "year": _year,
}
