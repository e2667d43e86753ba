"""Ranges of logs and payouts: what an address names, as days of the viewer."""

from datetime import date

import pytest

from reports.web.pages.events.ranges import LABELS, chosen, presets

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("query", "first", "last", "end"),
    [
        ({}, "2026-11-15", "2026-11-22", "2026-11-23"),
        ({"range": "today"}, "2026-11-22", "2026-11-22", "2026-11-23"),
        ({"range": "last_30_days"}, "2026-10-23", "2026-11-22", "2026-11-23"),
        ({"range": "last_month"}, "2026-10-01", "2026-10-31", "2026-11-01"),
        ({"range": "months12"}, "2025-12-01", "2026-11-22", "2026-11-23"),
        ({"range": "this_quarter"}, "2026-10-01", "2026-11-22", "2026-11-23"),
        ({"from": "2026-11-01", "to": "2026-11-03"}, "2026-11-01", "2026-11-03", "2026-11-04"),
        ({"range": "last7", "from": "2026-11-01"}, "2026-11-01", "2026-11-22", "2026-11-23"),
        ({"range": "today", "from": "2026-11-01"}, "2026-11-22", "2026-11-22", "2026-11-23"),
        ({"range": "nothing known"}, "2026-11-15", "2026-11-22", "2026-11-23"),
        ({"to": "2026-11-03T12:00:00Z"}, "2026-11-15", "2026-11-03T12:00:00Z", "2026-11-03T12:00:00Z"),
        ({"to": "9999-12-31"}, "2026-11-15", "9999-12-31", "9999-12-31"),
        ({"to": "2026-13-45"}, "2026-11-15", "2026-13-45", "2026-13-45"),
    ],
)
def test_an_address_names_days_the_last_included(query, first, last, end):
    found = chosen(query, TODAY)
    assert (found.start, found.last, found.end) == (first, last, end)


@pytest.mark.parametrize("name", LABELS)
def test_every_range_is_the_same_when_its_own_address_is_read(name):
    found = chosen({"range": name, "from": "2026-11-01", "to": "2026-11-02"}, TODAY)
    assert chosen(found.address(), TODAY) == found
    assert (found.name, dict(presets(["today"], found))[found.name]) == (found.name, LABELS[found.name])


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31)])
def test_twelve_months_begin_on_a_first(today):
    first = date.fromisoformat(chosen({"range": "months12"}, today).first)
    assert first.day == 1
    assert (today.year - first.year) * 12 + today.month - first.month == 11
