"""A chart of what the table shows: its course in time where a row is a time, else bars of its first rows.

Invariant: every point is a cell of the table; nothing is added up, smoothed or made up between two rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reports.web.pages.reports import cells
from reports.web.pages.reports.asked import Asked
from reports.web.viewer import Viewer

MOST_BARS: Final = 12
MOST_LINES: Final = 6
"""More can't be told apart."""
SHORT_NAME: Final = 10
"""Letters that fit under a bar."""
LONG_NAME: Final = 36
_DATES: Final = frozenset({"minute", "hour", "day", "week", "month"})
_ORDINAL: Final = frozenset({"quarter", "year", "hour_of_day", "day_of_week"})


def drawn(answer: Mapping[str, Any], asked: Asked, show: Viewer) -> dict[str, Any] | None:
    """Return what ``chart.js`` draws, with ``caption``; None where there is nothing to draw."""
    meta, rows = answer["meta"], answer["rows"]
    units = {one["name"]: one["unit"] for one in meta["columns"] if one["role"] == "metric"}
    labels = {one["name"]: one["label"] for one in meta["columns"]}
    able = [name for name in meta["metrics"] if units.get(name) != "time"]
    metrics = [name for name in asked.chart if name in able] or able[:1]
    if not asked.is_charted or not rows or not metrics or not meta["dimensions"]:
        return None
    show = cells.in_zone(show, meta["timezone"])
    dimensions = [one for one in meta["columns"] if one["role"] == "dimension"]
    time = next((one for one in dimensions if one["name"] in _DATES | _ORDINAL), None)
    if time is None:
        return _bars(rows[:MOST_BARS], dimensions, metrics, labels, meta, show)
    others = [one for one in dimensions if one is not time]
    if others or "pivot" in meta:
        series = _lines_of(rows, time["name"], others, metrics[0], show)
        caption = f"{labels[metrics[0]]} by {time['label'].lower()}"
        titles = _title("y", metrics[0], units, labels, meta)
    else:
        series, titles = _course(rows, time["name"], metrics, units, labels, meta)
        caption = f"{' and '.join(labels[name] for name in metrics)} by {time['label'].lower()}"
    return {
        "series": series,
        "x": "time" if time["name"] in _DATES else "category",
        "caption": _captioned(caption, meta),
    } | titles


def _course(
    rows: Sequence[Mapping[str, Any]],
    time: str,
    metrics: Sequence[str],
    units: Mapping[str, str],
    labels: Mapping[str, str],
    meta: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return a line for each metric, and one for what was before; the second has an axis of its own."""
    ordered = sorted(rows, key=lambda row: row[time])
    x = [row[time] for row in ordered]
    series = []
    for place, name in enumerate(metrics, start=1):
        axis = 2 if place > 1 and units[name] != units[metrics[0]] else 1
        kind = "area" if len(metrics) == 1 and "compare" not in meta else "line"
        series.append(
            {"name": labels[name], "x": x, "y": [row[name] for row in ordered], "kind": kind, "axis": axis}
        )
        if "compare" in meta:
            before = [row[f"{name}_before"] for row in ordered]
            series.append(
                {
                    "name": f"{labels[name]}, before",
                    "x": x,
                    "y": before,
                    "kind": "line",
                    "axis": axis,
                    "dash": "dot",
                }
            )
    titles = _title("y", metrics[0], units, labels, meta)
    if any(one["axis"] == 2 for one in series):
        titles |= _title("y2", metrics[1], units, labels, meta)
    return series, titles


def _lines_of(
    rows: Sequence[Mapping[str, Any]],
    time: str,
    others: Sequence[Mapping[str, Any]],
    metric: str,
    show: Viewer,
) -> list[dict[str, Any]]:
    """Return a line for each value of the other dimensions, or of the pivot: those with the most."""
    lines: dict[str, dict[Any, Any]] = {}
    for row in rows:
        name = ", ".join(cells.dimension(row[one["name"]], one["name"], one["kind"], show) for one in others)
        cell = row[metric]
        for key, value in cell.items() if isinstance(cell, dict) else [("", cell)]:
            line = ", ".join(part for part in (name, str(key)) if part) or cells.UNKNOWN
            lines.setdefault(line, {})[row[time]] = value
    ranked = sorted(lines, key=lambda line: -sum(value or 0 for value in lines[line].values()))[:MOST_LINES]
    return [
        {
            "name": line,
            "x": sorted(lines[line]),
            "y": [lines[line][x] for x in sorted(lines[line])],
            "kind": "line",
            "axis": 1,
        }
        for line in ranked
    ]


def _bars(
    rows: Sequence[Mapping[str, Any]],
    dimensions: Sequence[Mapping[str, Any]],
    metrics: Sequence[str],
    labels: Mapping[str, str],
    meta: Mapping[str, Any],
    show: Viewer,
) -> dict[str, Any]:
    """Return bars of the first rows; of a pivot, of its columns."""
    names = _apart(
        ", ".join(cells.dimension(row[d["name"]], d["name"], d["kind"], show) for d in dimensions) for row in rows
    )
    units = {one["name"]: one["unit"] for one in meta["columns"] if one["role"] == "metric"}
    series: list[dict[str, Any]] = []
    if "pivot" in meta:
        keys = [one["key"] for one in meta["pivot"]["columns"]][:MOST_LINES]
        for key in keys:
            y = [row[metrics[0]][key] for row in rows]
            series.append({"name": str(key) or cells.UNKNOWN, "x": names, "y": y, "kind": "bar", "axis": 1})
    else:
        alike = [name for name in metrics if units[name] == units[metrics[0]]]
        for name in alike:
            series.append(
                {"name": labels[name], "x": names, "y": [row[name] for row in rows], "kind": "bar", "axis": 1}
            )
            if "compare" in meta:
                before = [row[f"{name}_before"] for row in rows]
                series.append(
                    {"name": f"{labels[name]}, before", "x": names, "y": before, "kind": "bar", "axis": 1}
                )
    what = labels[metrics[0]] if "pivot" in meta or len(series) == 1 else " and ".join(labels[n] for n in metrics)
    caption = (
        f"{what} of the first {len(rows)} rows"
        if meta["row_count"] > len(rows)
        else f"{what} by {_said(dimensions)}"
    )
    titles = _title("y", metrics[0], units, labels, meta)
    drawn: dict[str, Any] = {"series": series, "caption": _captioned(caption, meta)}
    if max(map(len, names)) <= SHORT_NAME:
        return drawn | {"x": "category"} | titles
    # Long names have room beside bars that lie; the first row is the highest.
    for one in series:
        one["x"], one["y"] = one["y"][::-1], names[::-1]
    return drawn | {"x": "number", "sideways": True, "xformat": titles.get("yformat")}


def _apart(names: Iterable[str]) -> list[str]:
    """Return names, cut to what a chart has room for, each another than those before."""
    found: dict[str, None] = {}
    for name in names:
        short = name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 1]}…"
        same = sum(1 for one in found if one == short or one.startswith(f"{short} ("))
        found[f"{short} ({same + 1})" if short in found else short] = None
    return list(found)


def _said(dimensions: Sequence[Mapping[str, Any]]) -> str:
    return " and ".join(str(one["label"]).lower() for one in dimensions)


def _title(
    axis: str, metric: str, units: Mapping[str, str], labels: Mapping[str, str], meta: Mapping[str, Any]
) -> dict[str, str]:
    """Return what an axis is called, and how its numbers are written."""
    unit = units.get(metric, "")
    suffix = {"money": f" ({meta['currency']})", "seconds": " (seconds)"}.get(unit, "")
    return {axis: f"{labels[metric]}{suffix}"} | ({f"{axis}format": ".1~%"} if unit == "ratio" else {})


def _captioned(caption: str, meta: Mapping[str, Any]) -> str:
    return f"{caption}, of the rows below; there are more" if meta["truncated"] else caption
