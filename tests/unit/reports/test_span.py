"""Local dates become the right instants, in every kind of zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kernel.errors import ClickledgerError
from reports.span import span


def instants(start: str, end: str, zone: str) -> tuple[str, str]:
    found = span(start, end, zone)
    return f"{found.start:%Y-%m-%dT%H:%M:%S}", f"{found.end:%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("zone", "start", "end", "expected"),
    [
        ("UTC", "2026-11-01", "2026-11-02", ("2026-11-01T00:00:00", "2026-11-02T00:00:00")),
        ("Asia/Kolkata", "2026-11-01", "2026-11-02", ("2026-10-31T18:30:00", "2026-11-01T18:30:00")),
        ("Asia/Kathmandu", "2026-11-01", "2026-11-02", ("2026-10-31T18:15:00", "2026-11-01T18:15:00")),
        # the day the clocks go back has 25 hours, the one they go forward 23
        ("America/New_York", "2026-11-01", "2026-11-02", ("2026-11-01T04:00:00", "2026-11-02T05:00:00")),
        ("America/New_York", "2026-03-08", "2026-03-09", ("2026-03-08T05:00:00", "2026-03-09T04:00:00")),
        # Havana repeats its midnight (the day begins at the first), Santiago skips one (it begins at 01:00)
        ("America/Havana", "2026-11-01", "2026-11-02", ("2026-11-01T04:00:00", "2026-11-02T05:00:00")),
        ("America/Santiago", "2026-09-06", "2026-09-07", ("2026-09-06T04:00:00", "2026-09-07T03:00:00")),
    ],
)
def test_a_date_is_midnight_in_its_zone(zone, start, end, expected):
    assert instants(start, end, zone) == expected


def test_moments_may_have_times_and_offsets():
    assert instants("2026-11-01T10:30:00", "2026-11-01T12:00:00Z", "Asia/Kolkata") == (
        "2026-11-01T05:00:00",
        "2026-11-01T12:00:00",
    )
    assert instants("2026-11-01 09:30", "2026-11-01T12:00:00+02:00", "UTC") == (
        "2026-11-01T09:30:00",
        "2026-11-01T10:00:00",
    )


def test_finer_than_a_millisecond_is_cut():
    found = span("2026-11-01T00:00:00.123456", "2026-11-02", "UTC")
    assert found.start == datetime(2026, 11, 1, 0, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "zone", "code"),
    [
        ("2026-11-01", "2026-11-01", "UTC", "empty_range"),
        ("2026-11-02", "2026-11-01", "UTC", "empty_range"),
        ("2026-11-01", "2026-11-01T00:00:00.0004", "UTC", "empty_range"),
        ("yesterday", "2026-11-01", "UTC", "date_invalid"),
        ("2026-13-01", "2026-11-01", "UTC", "date_invalid"),
        ("2026-02-30", "2026-11-01", "UTC", "date_invalid"),
        ("", "2026-11-01", "UTC", "date_invalid"),
        ("1999-12-31", "2026-11-01", "UTC", "date_invalid"),
        ("2026-11-01", "2100-01-02", "UTC", "date_invalid"),
        ("0001-01-01", "2026-11-01", "Asia/Kolkata", "date_invalid"),
        ("2026-11-01", "9999-12-31", "America/New_York", "date_invalid"),
        ("2026-11-01", "2026-11-02", "Asia/Culcutta", "unknown_timezone"),
        ("2026-11-01", "2026-11-02", "", "unknown_timezone"),
        ("2026-11-01", "2026-11-02", "../etc/passwd", "unknown_timezone"),
        ("2026-11-01", "2026-11-02", "localtime", "unknown_timezone"),
        ("2026-11-01", "2026-11-02", "UTC')) --", "unknown_timezone"),
    ],
)
def test_each_mistake_has_its_own_code(start, end, zone, code):
    with pytest.raises(ClickledgerError) as caught:
        span(start, end, zone)
    assert (caught.value.kind.code, caught.value.kind.status) == (code, 400)


def test_an_empty_range_says_that_its_end_is_excluded():
    with pytest.raises(ClickledgerError, match="next day"):
        span("2026-11-01", "2026-11-01", "UTC")


def test_a_misspelled_zone_is_answered_with_the_nearest():
    with pytest.raises(ClickledgerError) as caught:
        span("2026-11-01", "2026-11-02", "America/New_Yrok")
    assert "America/New_York" in caught.value.details["nearest"]


@pytest.mark.parametrize(
    ("zone", "start", "end", "on_hours", "whole"),
    [
        ("UTC", "2026-11-01", "2026-11-08", True, True),
        ("America/New_York", "2026-10-25", "2026-11-08", True, True),
        ("Asia/Kolkata", "2026-11-01", "2026-11-08", False, False),
        ("Asia/Kolkata", "2026-11-01T00:30", "2026-11-08T00:30", True, False),
        ("UTC", "2026-11-01T00:30", "2026-11-08", False, True),
        # Lord Howe is at +11 in summer and at +10:30 in winter
        ("Australia/Lord_Howe", "2026-01-05", "2026-01-12", True, True),
        ("Australia/Lord_Howe", "2026-01-05", "2026-05-12T00:30", True, False),
    ],
)
def test_the_rollups_hours_fit_only_whole_hour_offsets(zone, start, end, on_hours, whole):
    found = span(start, end, zone)
    assert (found.on_hours, found.has_whole_hour_offsets) == (on_hours, whole)
