"""The range of a report: local dates of a time zone, turned into two UTC instants.

Invariants: half-open, ``from`` included and ``to`` not; a date is midnight in the asked zone, also where
the clocks change at midnight (the first instant of that date); nothing here depends on this machine's
own zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from reports.errors import DATE_INVALID, EMPTY_RANGE, MAX_ECHOED, UNKNOWN_TIMEZONE, unknown

_FIRST_YEAR = 2000
_LAST_YEAR = 2100
"""There were no tracked clicks before and there are none after; the store's times reach further."""

_HOUR = timedelta(hours=1)
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of UTC instants and the zone it is looked at in."""

    start: datetime
    end: datetime
    zone: str

    @property
    def on_hours(self) -> bool:
        """Whether both ends fall on full UTC hours."""
        return _is_full_hour(self.start) and _is_full_hour(self.end)

    @property
    def has_whole_hour_offsets(self) -> bool:
        """Whether the zone's local hours and days begin on full UTC hours all through the range.

        No zone keeps an offset for less than a day, so looking once a day and at the end sees them all.
        """
        return all(offset % _HOUR == _NONE for offset in self._offsets())

    @property
    def has_days_of_utc(self) -> bool:
        """Whether the zone's days are those of UTC all through the range."""
        return not any(self._offsets())

    def _offsets(self) -> Iterator[timedelta]:
        zone = ZoneInfo(self.zone)
        moment = self.start
        while moment < self.end:
            yield _offset(moment, zone)
            moment += timedelta(days=1)
        yield _offset(self.end, zone)


def span(start: str, end: str, zone: str) -> Span:
    """Return the range between two dates or moments in a zone.

    Raises:
        ClickledgerError: ``unknown_timezone``, ``date_invalid`` or ``empty_range``.

    """
    if zone not in zones():
        raise unknown(UNKNOWN_TIMEZONE, "time zone", zone, zones())
    local = ZoneInfo(zone)
    found = Span(_instant("from", start, local), _instant("to", end, local), zone)
    if found.start >= found.end:
        raise EMPTY_RANGE.error()
    return found


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local date, in UTC."""
    # Where the clocks skip midnight, its offset before the change gives the instant of the change.
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones, without the one that means "wherever this machine stands"."""
    return frozenset(available_timezones() - {"localtime"})


def _instant(field: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            # A local time the clocks skip is read with the offset before the change, and so is the first
            # instant after it; one they repeat is its first occurrence.
            moment = moment.replace(tzinfo=zone, fold=0)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as why:
        raise DATE_INVALID.error(f"'{text[:MAX_ECHOED]}' is no date. {DATE_INVALID.advice}", field=field) from why
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise DATE_INVALID.error(field=field)
    # The store keeps milliseconds.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _is_full_hour(moment: datetime) -> bool:
    return moment.minute == moment.second == moment.microsecond == 0


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    # A zone's own moments always have one.
    return moment.astimezone(zone).utcoffset() or _NONE
