"""Local time as pandas knows it: ranges, the values of time dimensions, series and what is compared with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from zoneinfo import ZoneInfo

import pandas as pd

ZONES = (
    *("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"),
    *("Asia/Kathmandu", "America/New_York", "Pacific/Chatham"),
)
"""Some are off UTC by half an hour or by three quarters; Lord Howe changes its clocks by half an hour."""

EVERYTHING = ("2012-10-01", "2014-05-01")
"""Nearly all events."""

RANGES = (
    ("2013-10-01", "2013-11-10"),
    EVERYTHING,
    ("2013-10-01", "2013-11-10"),
    ("2013-10-20", "2013-11-04"),
    ("2013-10-27", "2013-10-28"),
    ("2013-10-05", "2013-10-08"),
    ("2013-11-02", "2013-11-05"),
    ("2014-03-29", "2014-04-07"),
    ("2014-03-30", "2014-03-31"),
    EVERYTHING,
    ("2012-02-28", "2012-03-02"),
    ("2012-10-01T00:00Z", "2013-11-01T00:00Z"),
    ("2013-10-26T13:30", "2013-10-27T23:15"),
    ("2013-10-27T00:00Z", "2013-11-03T06:00:00.001Z"),
    ("2013-10-05T12:00+10:30", "2013-10-06T12:00+11:00"),
    ("2014-04-01T18:00", "2014-04-06T09:00"),
)
"""Dates and moments, around the days the clocks change in one zone or another."""

_SHOWN: dict[str, Callable[[pd.Series], pd.Series]] = {
    "minute": lambda local: local.dt.strftime("%Y-%m-%d %H:%M"),
    "hour": lambda local: local.dt.strftime("%Y-%m-%d %H:00"),
    "day": lambda local: local.dt.strftime("%Y-%m-%d"),
    "week": lambda local: (local - pd.to_timedelta(local.dt.day_of_week, unit="D")).dt.strftime("%Y-%m-%d"),
    "month": lambda local: local.dt.strftime("%Y-%m"),
    "quarter": lambda local: local.dt.year.astype(str) + "-Q" + local.dt.quarter.astype(str),
    "year": lambda local: local.dt.year.astype(int),
    "hour_of_day": lambda local: local.dt.hour.astype(int),
    "day_of_week": lambda local: local.dt.day_of_week.astype(int) + 1,
}
TIMES = tuple(_SHOWN)

STEPS = {"minute": "1min", "hour": "15min", "hour_of_day": "15min"}
"""How far apart one has to look to see every value of a time; all others at least every hour."""


@dataclass(frozen=True)
class Range:
    """Two UTC instants, and how far the times of what lies between are moved to stand beside the report's."""

    start: pd.Timestamp
    end: pd.Timestamp
    zone: str
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By the name of a time dimension: whole days, or months, and the seconds beyond them."""

    def keeps(self, moments: pd.Series) -> pd.Series:
        """Tell which of some UTC moments lie in the range."""
        return (moments >= self.start) & (moments < self.end)

    def local(self, moments: pd.Series) -> pd.Series:
        """Return UTC moments by the clocks of the zone."""
        return moments.dt.tz_convert(self.zone).dt.tz_localize(None)

    def shown(self, name: str, moments: pd.Series) -> pd.Series:
        """Return the values of a time dimension at UTC moments, in their places beside the report's."""
        local, (steps, seconds) = self.local(moments), self.moved.get(name, (0, 0))
        if not steps and not seconds:
            return _SHOWN[name](local)
        match name:
            case "minute" | "hour":
                there = (local + pd.Timedelta(days=steps)).map(lambda one: _on_the_clock(one, self.zone))
                local = self.local(there + pd.Timedelta(seconds=seconds))
            case "day" | "week":
                local = local + pd.Timedelta(days=steps)
            case "month" | "quarter" | "year":
                # Of the first of the month, so that no month is too short.
                local = local.dt.to_period("M").add(steps).dt.to_timestamp()
        return _SHOWN[name](local)

    def values(self, name: str) -> pd.Series:
        """Return moments at which a time dimension has every value that it has in the range."""
        step = pd.Timedelta(STEPS.get(name, "1h"))
        every = pd.date_range(self.start, self.end, freq=step, inclusive="left")
        return pd.Series(every.append(pd.DatetimeIndex([self.end - pd.Timedelta(milliseconds=1)])))


def instant(text: str, zone: str) -> pd.Timestamp:
    """Return a date or a moment of a zone as a UTC instant; what has an offset needs no zone."""
    moment = pd.Timestamp(text)
    if moment.tzinfo is None:
        moment = moment.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return moment.tz_convert(UTC)


def asked(start: str, end: str, zone: str) -> Range:
    """Return the range of a report."""
    return Range(instant(start, zone), instant(end, zone), zone)


def compared(how: str | dict[str, str], now: Range) -> Range:
    """Return the range compared with, as docs/reports.md has it under "Comparing"."""
    start, end = (moment.tz_convert(now.zone).tz_localize(None) for moment in (now.start, now.end))
    if isinstance(how, dict):
        other = asked(how["from"], how["to"], now.zone)
    elif how == "previous_year":
        other = Range(*(_there(one - pd.DateOffset(years=1), now.zone) for one in (start, end)), now.zone)
    elif start == start.normalize() and end == end.normalize():
        other = Range(_there(start - (end - start), now.zone), now.start, now.zone)
    else:
        other = Range(now.start - (now.end - now.start), now.start, now.zone)
    return Range(other.start, other.end, now.zone, _moves(other, now))


def _there(local: pd.Timestamp, zone: str) -> pd.Timestamp:
    return local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert(UTC)


def _on_the_clock(local: pd.Timestamp, zone: str) -> pd.Timestamp:
    """Return when a clock shows a time: the first time, and of one that it skips when it shows as much less."""
    first, other = (
        local.to_pydatetime().replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    shows = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    return pd.Timestamp(first if shows else other)


def _moves(other: Range, now: Range) -> dict[str, tuple[int, int]]:
    """Return what lies between the first buckets of two ranges, in the unit each time dimension is moved by."""
    then, here = (one.start.tz_convert(one.zone).tz_localize(None) for one in (other, now))
    days = (here.normalize() - then.normalize()).days
    clocks = [one - one.normalize() for one in (then, here)]
    mondays = [(one - pd.Timedelta(days=one.day_of_week)).normalize() for one in (then, here)]
    years = here.year - then.year
    of_clock = (days, round((clocks[1] - clocks[0]).total_seconds()))
    return {
        "minute": of_clock,
        "hour": of_clock,
        "day": (days, 0),
        "week": ((mondays[1] - mondays[0]).days, 0),
        "month": (years * 12 + here.month - then.month, 0),
        "quarter": ((years * 4 + here.quarter - then.quarter) * 3, 0),
        "year": (years * 12, 0),
    }


def edges() -> list[int]:
    """Return the ends of all these ranges in all these zones, as milliseconds since 1970."""
    texts = sorted({text for both in RANGES for text in both})
    return sorted({instant(text, zone).value // 10**6 for text in texts for zone in ZONES})
