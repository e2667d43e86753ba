"""An export's windows are exactly its range, whatever the hours hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reports.export.windows import windows
from reports.span import Span

START = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hour(n: int) -> datetime:
    return START.replace(minute=0) + n * HOUR


def cut(end: datetime, hours: list[tuple[datetime, int]], most: int = 100) -> list[tuple[str, str]]:
    return [(f"{a:%d %H:%M}", f"{b:%d %H:%M}") for a, b in windows(Span(START, end, "UTC"), hours, most)]


def test_an_empty_range_of_rows_is_one_window():
    assert cut(START + 2 * HOUR, []) == [("01 10:30", "01 12:30")]


def test_hours_are_gathered_up_to_the_most():
    hours = [(hour(n), 40) for n in range(5)]
    assert cut(hour(5), hours) == [("01 10:30", "01 12:00"), ("01 12:00", "01 14:00"), ("01 14:00", "01 15:00")]


def test_a_full_hour_is_cut_into_equal_slices():
    hours = [(hour(0), 10), (hour(1), 399), (hour(2), 10)]
    assert cut(hour(3), hours) == [
        ("01 10:30", "01 11:00"),
        ("01 11:00", "01 11:15"),
        ("01 11:15", "01 11:30"),
        ("01 11:30", "01 11:45"),
        ("01 11:45", "01 12:00"),
        ("01 12:00", "01 13:00"),
    ]


@given(
    st.integers(0, 3_600_000),
    st.integers(1, 30 * 3_600_000),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10**7)), max_size=20, unique_by=lambda pair: pair[0]),
    st.integers(1, 1000),
)
def test_windows_follow_each_other_and_cover_the_range_once(offset_ms, length_ms, hours, most):
    start = hour(0) + timedelta(milliseconds=offset_ms)
    span = Span(start, start + timedelta(milliseconds=length_ms), "UTC")
    inside = [(hour(n), count) for n, count in sorted(hours) if hour(n) + HOUR > span.start and hour(n) < span.end]
    made = list(windows(span, inside, most))
    assert made[0][0] == span.start
    assert made[-1][1] == span.end
    assert all(a < b for a, b in made)
    assert all(one[1] == other[0] for one, other in pairwise(made))
    assert all(moment.microsecond % 1000 == 0 for pair in made for moment in pair)
