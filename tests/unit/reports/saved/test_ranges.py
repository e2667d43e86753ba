from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reports.saved.ranges import RANGES, resolve

WEDNESDAY = datetime(2026, 11, 18, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("today", "2026-11-18", "2026-11-19"),
        ("yesterday", "2026-11-17", "2026-11-18"),
        ("last_7_days", "2026-11-11", "2026-11-18"),
        ("last_14_days", "2026-11-04", "2026-11-18"),
        ("last_30_days", "2026-10-19", "2026-11-18"),
        ("last_90_days", "2026-08-20", "2026-11-18"),
        ("this_week", "2026-11-16", "2026-11-19"),
        ("last_week", "2026-11-09", "2026-11-16"),
        ("this_month", "2026-11-01", "2026-11-19"),
        ("last_month", "2026-10-01", "2026-11-01"),
        ("this_quarter", "2026-10-01", "2026-11-19"),
        ("last_quarter", "2026-07-01", "2026-10-01"),
        ("this_year", "2026-01-01", "2026-11-19"),
        ("last_year", "2025-01-01", "2026-01-01"),
    ],
)
def test_each_range_is_the_days_its_name_says(name, first, end):
    assert resolve(name, "UTC", WEDNESDAY) == (date.fromisoformat(first), date.fromisoformat(end))


def test_days_are_those_of_the_zone():
    # In Kolkata it is already Thursday, half past one.
    assert resolve("today", "Asia/Kolkata", WEDNESDAY)[0] == date(2026, 11, 19)
    assert resolve("last_month", "Pacific/Auckland", datetime(2026, 11, 30, 12, tzinfo=UTC)) == (
        date(2026, 11, 1),
        date(2026, 12, 1),
    )


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("day", ["2024-02-29", "2026-01-01", "2026-03-31", "2026-12-31"])
def test_no_range_is_empty_or_reaches_past_today(name, day):
    moment = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    first, end = resolve(name, "UTC", moment)
    assert first < end <= moment.date().fromordinal(moment.date().toordinal() + 1)
