"""Charts of characters: bars, sparklines and columns over time.

Invariants: what is drawn is as wide as it is allowed to be and no wider; a bar other than of nothing has a mark;
times stand where they are, so that gaps between them are gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from reports.figures import short

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS_LYING: Final = " ▏▎▍▌▋▊▉█"
_PLAIN: Final = "#"
"""Instead of blocks, where they can't be shown."""
BEFORE: Final = "·"
"""Where a column would end in the range that is compared with."""
_WIDEST_COLUMN: Final = 6
_HEIGHT: Final = 8
_MARGIN: Final = 7
"""Characters for the marks of the axis: -12.3k, 23h 59m."""
_MONTHS: Final = 12
_QUARTERS: Final = 4
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local times are counted, whatever zone they are of

Value = float | None


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a series at a time, and what it was in the range that is compared with."""

    label: str
    value: Value
    before: Value = None


def bar(value: Value, largest: float, width: int, *, plain: bool = False) -> str:
    """Return a bar for a value, as long as its size beside the largest one.

    Args:
        value: What it shows; None: nothing.
        largest: The largest size of all bars.
        width: Of the longest bar, in characters.
        plain: Whether only ASCII can be shown.

    """
    if not value or not largest:
        return ""
    eighths = max(1, round(abs(value) / largest * width * 8))
    if plain:
        return _PLAIN * max(1, round(eighths / 8))
    return _EIGHTHS_LYING[8] * (eighths // 8) + _EIGHTHS_LYING[eighths % 8].strip()


def sparkline(values: Sequence[Value], largest: float) -> str:
    """Return a character for each value: higher for more; a space where there is none, or less than nothing."""
    return "".join(
        " "
        if value is None or value < 0
        else _EIGHTHS[1 + math.ceil(value / largest * 7)]
        if largest
        else _EIGHTHS[1]
        for value in values
    )


def columns(points: Sequence[Point | None], width: int, unit: str | None, *, plain: bool = False) -> list[str]:
    """Return the lines of a chart with a column for each point.

    Args:
        points: In order of time; None where there is none. More than fit are put together, the highest for all.
        width: Characters of a line.
        unit: Of the values.
        plain: Whether only ASCII can be shown.

    """
    known = [size for point in points if point for size in (point.value, point.before) if size is not None]
    high, low = max([0.0, *known]), min([0.0, *known])
    if high == low:
        high = 1.0
    marks = [short(high, unit), short(low, unit)]
    room = max(1, width - _MARGIN - 2)
    merged = _merged(points, per_column(len(points), width))
    step = max(1, min(_WIDEST_COLUMN, room // len(merged)))
    above = _HEIGHT if not low else min(_HEIGHT - 1, max(1, round(_HEIGHT * high / (high - low)))) if high else 0
    rows = [
        "".join(_cell(_above(point, row, high, above, plain=plain), step) for point in merged)
        for row in reversed(range(above))
    ]
    named = {0: marks[0]} if above else {}
    rows.append(("-" if plain else "─") * (step * len(merged)))
    named[above] = "0"
    if low:
        below = max(1, _HEIGHT - above)
        rows += [
            "".join(_cell(_below(point, row, low, below, plain=plain), step) for point in merged)
            for row in range(below)
        ]
        named[len(rows) - 1] = marks[1]
    lines = [
        f"{named.get(place, ''):>{_MARGIN}} {_axis(place == above, plain=plain)}{row}".rstrip()
        for place, row in enumerate(rows)
    ]
    return [*lines, _feet(points, step * len(merged))]


def per_column(points: int, width: int) -> int:
    """Return how many points a column stands for, in a chart of this width."""
    return max(1, math.ceil(points / max(1, width - _MARGIN - 2)))


def along(dimension: str, points: Mapping[str | int, Point]) -> list[Point | None]:
    """Return the points of a time dimension in order, with None for each value that is missing between them."""
    placed = {ordinal(dimension, key): point for key, point in points.items()}
    return [placed.get(place) for place in range(min(placed), max(placed) + 1)]


def ordinal(dimension: str, value: str | int) -> int:
    """Return the place of a time dimension's value among all values that it has.

    Args:
        dimension: Its name.
        value: What a report shows: 2026-11-01 13:00, 2026-11-01, 2026-11, 2026-Q4, or a number.

    """
    text = str(value)
    match dimension:
        case "minute":
            return (datetime.fromisoformat(text) - _EPOCH) // timedelta(minutes=1)
        case "hour":
            return (datetime.fromisoformat(text) - _EPOCH) // timedelta(hours=1)
        case "day":
            return date.fromisoformat(text).toordinal()
        case "week":
            return date.fromisoformat(text).toordinal() // 7
        case "month":
            return int(text[:4]) * _MONTHS + int(text[5:])
        case "quarter":
            return int(text[:4]) * _QUARTERS + int(text[-1])
        case _:
            return int(text)


def _merged(points: Sequence[Point | None], size: int) -> list[Point | None]:
    if size <= 1:
        return list(points)
    merged: list[Point | None] = []
    for start in range(0, len(points), size):
        part = [point for point in points[start : start + size] if point]
        values = [point.value for point in part if point.value is not None]
        befores = [point.before for point in part if point.before is not None]
        merged.append(
            Point(part[0].label, max(values, default=None), max(befores, default=None)) if part else None
        )
    return merged


def _above(point: Point | None, row: int, high: float, rows: int, *, plain: bool) -> str:
    """Return what stands in a row above the axis, counted from it."""
    if point is None:
        return " "
    value = point.value or 0.0
    filled = min(8, max(0, round(value / high * rows * 8) - row * 8))
    if value > 0 and row == 0:
        filled = max(1, filled)
    if filled:
        return _PLAIN if plain else _EIGHTHS[filled]
    before = point.before or 0.0
    return BEFORE if before > 0 and min(rows - 1, int(before / high * rows)) == row else " "


def _below(point: Point | None, row: int, low: float, rows: int, *, plain: bool) -> str:
    """Return what stands in a row below the axis, counted from it."""
    if point is None or point.value is None or point.value >= 0:
        return " "
    return (_PLAIN if plain else _EIGHTHS[8]) if max(1, round(point.value / low * rows)) > row else " "


def _cell(character: str, step: int) -> str:
    """Return a column's part of a row; wide columns have a gap between them."""
    gap = 1 if step > 2 else 0
    return character * (step - gap) + " " * gap


def _axis(is_zero: bool, *, plain: bool) -> str:
    if plain:
        return "+" if is_zero else "|"
    return "┼" if is_zero else "│"


def _feet(points: Sequence[Point | None], width: int) -> str:
    """Return the labels of the first and the last point below the axis, as far as they have room."""
    named = [point.label for point in points if point]
    first, last = named[0], named[-1]
    space = width - len(first) - len(last)
    indent = " " * (_MARGIN + 2)
    return indent + (first + " " * space + last if space > 0 and len(named) > 1 else first)
