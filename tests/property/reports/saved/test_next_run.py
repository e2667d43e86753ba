"""The next run of any schedule is what watching the clocks of its zone minute by minute would find."""

from __future__ import annotations

import calendar
import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.saved.rhythm import Rhythm

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Gaza",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Chatham",
)
"""Some change their clocks at midnight, some by half an hour, some in the middle of Ramadan."""

times = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 29, 30, 59]))
rhythms = st.builds(
    Rhythm,
    every=st.sampled_from(["day", "week", "month"]),
    at=times,
    zone=st.sampled_from(ZONES),
    weekday=st.integers(1, 7),
    day=st.integers(1, 31),
)
changes = st.sampled_from(
    [
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 10, 25, tzinfo=UTC),
        datetime(2026, 3, 8, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2018, 11, 4, tzinfo=UTC),
        datetime(2026, 4, 4, tzinfo=UTC),
        datetime(2024, 2, 28, tzinfo=UTC),
    ]
)
"""Days around which clocks change, and a leap day."""
moments = st.builds(lambda day, minutes: day + minutes * MINUTE, changes, st.integers(-2880, 2880))


def is_meant(rhythm, day):
    if rhythm.every == "week":
        return day.isoweekday() == rhythm.weekday
    last = calendar.monthrange(day.year, day.month)[1]
    return rhythm.every == "day" or day.day == min(rhythm.day, last)


def watched(rhythm, after):
    """The oracle: look at the clock every minute; when it shows a wanted date and time or more, it is the moment."""
    zone = ZoneInfo(rhythm.zone)
    hour, minute = map(int, rhythm.at.split(":"))
    moment = after - timedelta(hours=30)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    latest = shown
    """The most any clock has shown so far; one set back shows nothing new."""
    while True:
        moment += MINUTE
        shown = moment.astimezone(zone).replace(tzinfo=None)
        if shown <= latest:
            continue
        day = latest.date()
        while day <= shown.date():
            wanted = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - what a clock shows
            if is_meant(rhythm, day) and latest < wanted <= shown and moment > after:
                return moment
            day += timedelta(days=1)
        latest = shown


@given(rhythm=rhythms, after=moments)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_next_run_is_what_a_watcher_of_the_clock_finds(rhythm, after):
    found = rhythm.after(after)
    assert found.tzinfo is UTC
    if found - after > timedelta(days=9):
        return  # the oracle would watch for weeks; the other test knows these
    assert found == watched(rhythm, after)


@given(rhythm=rhythms, after=moments, runs=st.integers(1, 8))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_runs_follow_each_other_once_a_period_and_the_latest_is_the_last_of_them(rhythm, after, runs):
    found = [rhythm.after(after)]
    for _ in range(runs):
        found.append(rhythm.after(found[-1]))
    least, most = {"day": (0.9, 1.1), "week": (6.9, 7.1), "month": (27.9, 31.1)}[rhythm.every]
    for one, following in itertools.pairwise(found):
        assert timedelta(days=least) < following - one < timedelta(days=most)
    for place, one in enumerate(found):
        assert rhythm.latest(found[0], one) == one
        assert rhythm.latest(found[0], one - MINUTE / 60) == found[max(0, place - 1)]


@pytest.mark.parametrize(
    ("rhythm", "after", "expected"),
    [
        # The hour from two to three is skipped: the next moment that exists.
        (Rhythm("day", "02:30", "Europe/Berlin"), "2026-03-28T12:00+00:00", "2026-03-29T01:00+00:00"),
        # It comes twice: the first, and no second time.
        (Rhythm("day", "02:30", "Europe/Berlin"), "2026-10-24T12:00+00:00", "2026-10-25T00:30+00:00"),
        (Rhythm("day", "02:30", "Europe/Berlin"), "2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"),
        # Midnight is skipped.
        (Rhythm("day", "00:00", "America/Havana"), "2026-03-07T12:00+00:00", "2026-03-08T05:00+00:00"),
        # Half an hour is skipped.
        (Rhythm("day", "02:15", "Australia/Lord_Howe"), "2026-10-03T12:00+00:00", "2026-10-03T15:30+00:00"),
        # A whole day was skipped.
        (Rhythm("week", "06:00", "Pacific/Apia", weekday=5), "2011-12-29T12:00+00:00", "2011-12-30T10:00+00:00"),
        (Rhythm("month", "06:00", "UTC", day=31), "2026-01-31T06:00+00:00", "2026-02-28T06:00+00:00"),
        (Rhythm("month", "06:00", "UTC", day=31), "2026-02-28T06:00+00:00", "2026-03-31T06:00+00:00"),
        (Rhythm("month", "23:30", "Asia/Kolkata", day=29), "2024-02-01T00:00+00:00", "2024-02-29T18:00+00:00"),
    ],
)
def test_days_on_which_clocks_change_and_short_months(rhythm, after, expected):
    assert rhythm.after(datetime.fromisoformat(after)) == datetime.fromisoformat(expected)
