"""When a schedule runs: a local time of day, every day, week or month, as UTC instants.

Invariants: an occurrence is the first instant at which the clocks of its zone show its date and time or later.
So one whose time is skipped by a change of the clocks runs when they go on, one whose time comes twice runs at
the first, and occurrences never go backwards; in a month without the wanted day it is the month's last.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from partners.models import Every

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often and when."""

    every: Every
    at: str
    """Local time, 06:30."""
    zone: str
    weekday: int = 1
    """1 Monday … 7 Sunday; of weekly ones."""
    day: int = 1
    """1 … 31; of monthly ones."""

    def after(self, moment: datetime) -> datetime:
        """Return the first occurrence later than a moment."""
        # An occurrence may lie a day later than its date, where a whole day was skipped.
        start = moment.astimezone(ZoneInfo(self.zone)).date() - 2 * _DAY
        return next(found for found in map(self._instant, self._dates(start)) if found > moment)

    def latest(self, first: datetime, moment: datetime) -> datetime:
        """Return the last occurrence up to a moment, or ``first``, a known one, when there is none after it."""
        span = {"day": 4, "week": 10, "month": 35}[self.every]
        start = moment.astimezone(ZoneInfo(self.zone)).date() - span * _DAY
        found = first
        for occurrence in map(self._instant, self._dates(start)):
            if occurrence > moment:
                return found
            found = max(found, occurrence)
        raise AssertionError("a calendar has no end")

    def _dates(self, start: date) -> Iterator[date]:
        """Yield the dates from ``start`` on."""
        day = start
        while True:
            if self._is_meant(day):
                yield day
            day += _DAY

    def _is_meant(self, day: date) -> bool:
        if self.every == "week":
            return day.isoweekday() == self.weekday
        if self.every == "month":
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        return True

    def _instant(self, day: date) -> datetime:
        zone = ZoneInfo(self.zone)
        wanted = datetime.combine(day, time.fromisoformat(self.at))
        found = wanted.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if found.astimezone(zone).replace(tzinfo=None, fold=0) == wanted:
            return found
        # The time is skipped. Read with the offset after the change it lies before the change, read with the one
        # before it, after: the change is in between, and the clocks show more than ``wanted`` from there on.
        early = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
        while found - early > _SECOND:
            middle = early + (found - early) // 2
            middle = middle.replace(microsecond=0)
            if middle == early:
                middle += _SECOND
            if middle.astimezone(zone).replace(tzinfo=None, fold=0) >= wanted:
                found = middle
            else:
                early = middle
        return found
