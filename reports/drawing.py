"""Which chart an answer gets: its course over time below the table, or a small chart in each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reports import charts
from reports.charts import Point
from reports.registry import DIMENSIONS

Row = Mapping[str, Any]

_SHORTEST_BAR = 6
_LONGEST_SPARKLINE = 60
_WIDEST_CHART = 160
"""Characters of a chart that goes where nobody measures."""


@dataclass(frozen=True, slots=True)
class Look:
    """How an answer is drawn."""

    width: int
    """Characters of a line."""
    chart: str = ""
    """The metric that is drawn; empty: none is."""
    most_rows: int | None = None
    """Rows that fit a screen; None: all."""
    plain: bool = False
    """Only ASCII can be shown."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A column of small charts, one in each row."""

    title: str
    draw: Callable[[Row, int], str]
    least: int
    """Characters it needs."""


def in_rows(answer: Mapping[str, Any], rows: Sequence[Row], look: Look) -> Bars | None:
    """Return what is drawn in each row: a bar, or of a pivot by time its course; None for nothing."""
    meta, metric = answer["meta"], look.chart
    if not rows or not _can_be_drawn(meta, metric) or is_series(answer, look):
        return None
    if "pivot" not in meta:
        largest = max(abs(row[metric] or 0) for row in rows)
        return Bars(
            metric, lambda row, width: charts.bar(row[metric], largest, width, plain=look.plain), _SHORTEST_BAR
        )
    by = meta["pivot"]["dimension"]
    places = {
        charts.ordinal(by, one["key"]): one["key"]
        for one in meta["pivot"]["columns"]
        if _is_time(by) and not one.get("is_other")
    }
    length = max(places) - min(places) + 1 if places else 0
    if look.plain or not 1 < length <= _LONGEST_SPARKLINE:
        return None
    keys = [places.get(place) for place in range(min(places), max(places) + 1)]
    highest = max(row[metric][key] or 0 for row in rows for key in places.values())
    return Bars(
        f"{metric} by {by}",
        lambda row, _: charts.sparkline([row[metric][key] if key else None for key in keys], highest),
        max(length, len(f"{metric} by {by}")),
    )


def is_series(answer: Mapping[str, Any], look: Look) -> bool:
    """Return whether an answer is a course over time: one dimension, of time, and a metric that can be drawn."""
    meta = answer["meta"]
    return (
        len(answer["rows"]) > 1
        and "pivot" not in meta
        and len(meta["dimensions"]) == 1
        and _is_time(meta["dimensions"][0])
        and _can_be_drawn(meta, look.chart)
    )


def is_rising(answer: Mapping[str, Any]) -> bool:
    """Return whether a course over time has its newest row last."""
    (dimension,) = answer["meta"]["dimensions"]
    first, last = (charts.ordinal(dimension, answer["rows"][place][dimension]) for place in (0, -1))
    return first < last


def series(answer: Mapping[str, Any], look: Look) -> RenderableType:
    """Return the chart of an answer that is a course over time."""
    meta, metric = answer["meta"], look.chart
    (dimension,) = meta["dimensions"]
    points = {
        row[dimension]: Point(str(row[dimension]), row[metric], row.get(f"{metric}_before"))
        for row in answer["rows"]
    }
    placed = charts.along(dimension, points)
    width = min(look.width, _WIDEST_CHART)
    told = [f"{metric} by {dimension}"]
    size = charts.per_column(len(placed), width)
    if size > 1:
        told.append(f"each column the highest of {size}")
    if "compare" in meta:
        told.append(f"{charts.BEFORE} before")
    lines = charts.columns(placed, width, _unit(meta, metric), plain=look.plain)
    return Group(Text(""), Text(", ".join(told), style="bold"), *(Text(line, style="cyan") for line in lines))


def _can_be_drawn(meta: Mapping[str, Any], metric: str) -> bool:
    return _unit(meta, metric) not in {None, "time"}


def _unit(meta: Mapping[str, Any], metric: str) -> str | None:
    return next((column.get("unit") for column in meta["columns"] if column["name"] == metric), None)


def _is_time(dimension: str) -> bool:
    return dimension in DIMENSIONS and DIMENSIONS[dimension].group == "time"
