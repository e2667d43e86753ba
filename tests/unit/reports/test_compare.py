"""The range a report is compared with, and where its times stand beside the report's."""

from __future__ import annotations

import pytest

from kernel.errors import ClickledgerError
from reports.compare import before
from reports.query import Window
from reports.span import span


def compared(asked, start: str, end: str, zone: str = "UTC"):
    found = before(asked, span(start, end, zone))
    return found, tuple(f"{one:%Y-%m-%d %H:%M}" for one in (found.span.start, found.span.end))


@pytest.mark.parametrize(
    ("asked", "start", "end", "zone", "instants"),
    [
        ("previous_period", "2026-11-08", "2026-11-15", "UTC", ("2026-11-01 00:00", "2026-11-08 00:00")),
        # Berlin's week in which the clocks go back has an hour more than the one before it.
        ("previous_period", "2026-10-19", "2026-10-26", "Europe/Berlin", ("2026-10-11 22:00", "2026-10-18 22:00")),
        ("previous_period", "2026-10-26", "2026-11-02", "Europe/Berlin", ("2026-10-18 22:00", "2026-10-25 23:00")),
        ("previous_period", "2026-11-08T06:00", "2026-11-08T18:00", "UTC", ("2026-11-07 18:00", "2026-11-08 06:00")),
        ("previous_year", "2026-11-08", "2026-11-15", "UTC", ("2025-11-08 00:00", "2025-11-15 00:00")),
        ("previous_year", "2024-02-29", "2024-03-01", "UTC", ("2023-02-28 00:00", "2023-03-01 00:00")),
        # The hour there was no midnight: the day began at one o'clock.
        ("previous_year", "2019-11-04", "2019-11-05", "America/Sao_Paulo", ("2018-11-04 03:00", "2018-11-05 02:00")),
        ("previous_year", "2026-03-29T12:30", "2026-03-29T13:00", "Europe/Berlin", ("2025-03-29 11:30", "2025-03-29 12:00")),
    ],
)  # fmt: skip
def test_a_range_has_another_before_it(asked, start, end, zone, instants):
    assert compared(asked, start, end, zone)[1] == instants


def test_a_range_of_its_own_is_read_in_the_report_s_zone():
    window = Window.model_validate({"from": "2026-01-01", "to": "2026-01-02"})
    assert compared(window, "2026-11-01", "2026-11-02", "Asia/Kolkata")[1] == (
        "2025-12-31 18:30",
        "2026-01-01 18:30",
    )


def test_the_first_bucket_stands_beside_the_first():
    found, _ = compared(
        Window.model_validate({"from": "2025-10-31", "to": "2025-11-03"}), "2026-11-02", "2026-11-05"
    )
    assert found.shift == {
        "minute": 367,
        "hour": 367,
        "day": 367,
        "week": 53,
        "month": 13,
        "quarter": 4,
        "year": 1,
    }
    assert found.seconds == 0


def test_what_a_range_begins_later_in_its_day_moves_clock_times_too():
    window = Window.model_validate({"from": "2026-10-30T22:15", "to": "2026-10-31"})
    found, _ = compared(window, "2026-11-02T01:30:30", "2026-11-03")
    assert (found.shift["hour"], found.seconds) == (3, -(20 * 3600 + 44 * 60 + 30))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Window.model_validate({"from": "2026-01-02", "to": "2026-01-01"}), "empty_range"),
        (Window.model_validate({"from": "1950-01-01", "to": "1950-01-02"}), "date_invalid"),
        ("previous_period", "compare_invalid"),
    ],
)
def test_what_can_t_be_compared_with_is_refused(asked, code):
    with pytest.raises(ClickledgerError) as caught:
        before(asked, span("2000-01-01", "2090-01-01", "UTC"))
    assert caught.value.kind.code == code


def test_a_leap_day_alone_has_a_day_a_year_before_it():
    # 28 February to 28 February would be none.
    with pytest.raises(ClickledgerError) as caught:
        compared("previous_year", "2024-02-28T12:00", "2024-02-28T12:00:00.000001")
    assert caught.value.kind.code == "empty_range"
    found, _ = compared("previous_year", "2024-02-29T00:00", "2024-02-29T12:00")
    assert (found.span.end - found.span.start).total_seconds() == 12 * 3600
