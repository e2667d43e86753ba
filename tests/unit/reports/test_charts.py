"""Charts of characters."""

from __future__ import annotations

import pytest

from reports.charts import Point, along, bar, columns, ordinal, per_column, sparkline
from reports.registry import DIMENSIONS


def points(*values):
    return [None if value is None else Point(str(place), value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("value", "drawn"),
    [(8, "████"), (4, "██"), (1, "▌"), (5, "██▌"), (0.001, "▏"), (-4, "██"), (0, ""), (None, "")],
)
def test_a_bar_is_as_long_as_its_value_beside_the_largest(value, drawn):
    assert bar(value, 8, 4) == drawn


def test_a_bar_of_ascii_has_no_parts_of_characters():
    assert [bar(value, 8, 4, plain=True) for value in (8, 4, 0.01, 0)] == ["####", "##", "#", ""]
    assert bar(1, 0, 4) == ""


def test_a_sparkline_has_a_character_for_each_value():
    assert sparkline([0, 1, 4, 7, 8, None, -1], 8) == "▁▂▅██  "
    assert sparkline([0, 0], 0) == "▁▁"


def body(lines):
    return [line.split("│")[-1].split("|")[-1] for line in lines]


def test_columns_stand_on_an_axis_as_high_as_their_values():
    lines = columns(points(8, 4, None, 1, 0), 80, "count")
    assert lines[0] == "      8 │█████"
    assert body(lines)[3] == "█████"
    assert body(lines)[4] == "█████ █████"
    assert body(lines)[7] == "█████ █████       █████"
    assert lines[8] == "      0 ┼" + "─" * 30
    assert lines[9] == "         0                            4"


def test_the_smallest_value_leaves_a_mark():
    assert body(columns(points(1_000_000, 1), 80, "count"))[7] == "█████ ▁▁▁▁▁"


def test_a_loss_hangs_below_the_axis():
    lines = columns(points(6, -2), 80, "money")
    assert [line[9:] for line in lines[5:9]] == ["█████", "─" * 12, "      █████", "      █████"]
    assert [line[:7].strip() for line in lines[6:9]] == ["0", "", "-2"]
    only_loss = columns(points(-1, -2), 80, "money")
    assert "┼" in only_loss[0]


def test_what_was_before_is_marked_where_its_column_would_end():
    lines = columns([Point("a", 2, 8), Point("b", 8, 1)], 80, "count")
    assert body(lines)[0] == "····· █████"
    assert body(lines)[6] == "█████ █████"
    assert columns([Point("a", None, 8), Point("b", 4)], 80, "count")[0].startswith("      8 │·····")


@pytest.mark.parametrize("count", [1, 2, 50, 71, 72, 500, 20_000])
@pytest.mark.parametrize("width", [20, 80, 160])
def test_a_chart_is_never_wider_than_it_may_be_and_loses_no_peak(count, width):
    values = [1.0] * count
    values[count // 2] = 9.0
    lines = columns(points(*values), width, "count")
    assert max(map(len, lines)) <= width
    assert lines[0].strip().startswith("9 │")
    assert "█" in lines[0]
    assert len(lines) == 10
    drawn = len(lines[8].split("┼")[1])
    assert drawn * per_column(count, width) >= count


def test_nothing_but_nothing_is_an_empty_chart():
    assert body(columns(points(0, None, 0), 40, "ratio"))[:8] == [""] * 8


def test_ascii_does_for_everything():
    lines = columns([Point("a", 2, 8), Point("b", -8)], 40, "count", plain=True)
    assert all(character.isascii() or character == "·" for line in lines for character in line)


@pytest.mark.parametrize(
    ("dimension", "first", "second", "apart"),
    [
        ("minute", "2026-11-01 23:59", "2026-11-02 00:01", 2),
        ("hour", "2026-10-25 23:00", "2026-10-26 01:00", 2),
        ("day", "2026-02-28", "2026-03-01", 1),
        ("week", "2026-12-28", "2027-01-11", 2),
        ("month", "2026-12", "2027-02", 2),
        ("quarter", "2026-Q4", "2027-Q1", 1),
        ("year", 2026, 2028, 2),
        ("hour_of_day", 9, 11, 2),
        ("day_of_week", 1, "7", 6),
    ],
)
def test_times_know_how_far_they_are_apart(dimension, first, second, apart):
    assert ordinal(dimension, second) - ordinal(dimension, first) == apart


def test_every_dimension_of_time_has_an_order():
    known = {"minute", "hour", "day", "week", "month", "quarter", "year", "hour_of_day", "day_of_week"}
    assert {name for name, one in DIMENSIONS.items() if one.group == "time"} == known


def test_missing_times_are_gaps_whatever_the_order_of_the_rows():
    placed = along("day", {"2026-11-04": Point("c", 3), "2026-11-01": Point("a", 1), "2026-11-02": Point("b", 2)})
    assert [point and point.label for point in placed] == ["a", "b", None, "c"]
