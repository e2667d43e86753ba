"""The range a report is compared with, and how far its time dimensions are moved to stand beside the report's.

Rows meet by position: the first day, week or month of the one range beside the first of the other. Invariants:
both ranges are looked at in the report's zone; a range of whole local days is compared with whole local days,
also where one of them has 23 or 25 hours; hours of the day and days of the week stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reports.errors import COMPARE_INVALID
from reports.query import Compare
from reports.span import Span, midnight, span

_FIRST_YEAR = 1970
"""What the store's times and dates can hold begins there."""

CHANGE_DIGITS = 12
"""After the point of a change: more than it means, fewer than a floating-point number's last, which is noise."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a report is compared with. ``shift``: steps forward of each time dimension, by its name."""

    span: Span
    shift: Mapping[str, int]
    seconds: int
    """What minutes and hours are moved by beyond whole days."""


def before(asked: Compare, now: Span) -> Before:
    """Return the range to compare with.

    Raises:
        ClickledgerError: ``compare_invalid`` or what is wrong with a range of its own.

    """
    zone = ZoneInfo(now.zone)
    match asked:
        case "previous_period":
            other = _previous_period(now, zone)
        case "previous_year":
            other = Span(_year_before(now.start, zone), _year_before(now.end, zone), now.zone)
        case _:
            other = span(asked.from_, asked.to, now.zone)
    if other.start.year < _FIRST_YEAR:
        raise COMPARE_INVALID.error(
            f"There is nothing to compare with before {_FIRST_YEAR}; ask for a later range."
        )
    if other.start >= other.end:
        raise COMPARE_INVALID.error("The range to compare with is empty; give one as {from, to}.")
    return Before(
        other, _shift(other.start.astimezone(zone), now.start.astimezone(zone)), _seconds(other, now, zone)
    )


def _previous_period(now: Span, zone: ZoneInfo) -> Span:
    first, last = now.start.astimezone(zone).date(), now.end.astimezone(zone).date()
    if midnight(first, zone) == now.start and midnight(last, zone) == now.end:
        return Span(midnight(first - (last - first), zone), now.start, now.zone)
    return Span(now.start - (now.end - now.start), now.start, now.zone)


def _year_before(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the same local date and time a year earlier; of 29 February the 28th."""
    local = moment.astimezone(zone)
    day = date(local.year - 1, local.month, 28 if (local.month, local.day) == (2, 29) else local.day)
    if midnight(local.date(), zone) == moment:
        return midnight(day, zone)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)


def _shift(other: datetime, now: datetime) -> dict[str, int]:
    """Return the steps between the first buckets of two local moments."""
    days = (now.date() - other.date()).days
    return {
        "minute": days,
        "hour": days,
        "day": days,
        "week": (_monday(now.date()) - _monday(other.date())).days // 7,
        "month": (now.year - other.year) * 12 + now.month - other.month,
        "quarter": (now.year - other.year) * 4 + _quarter(now) - _quarter(other),
        "year": now.year - other.year,
    }


def _seconds(other: Span, now: Span, zone: ZoneInfo) -> int:
    """Return how much later in its local day the report's range begins."""
    clocks = [_clock(one.start.astimezone(zone).time()) for one in (now, other)]
    return round((clocks[0] - clocks[1]).total_seconds())


def _clock(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _quarter(moment: datetime) -> int:
    return (moment.month - 1) // 3
