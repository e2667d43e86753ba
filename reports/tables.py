"""Tables of an answer that fit where they are shown.

Invariants: a number is never cut: columns that don't fit stand in a further table below, beside the same
dimensions, and where even these have no room every row is a list; no text of a visitor is markup or a control
sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reports.drawing import Bars, Look, in_rows, is_rising, is_series, series
from reports.figures import change, figure, printable
from reports.flat import flat_columns, flat_row

TOTAL = "total"
_READABLE = 16
"""Characters to which a dimension's texts are folded, to have all metrics in one table."""
_NARROW = 8
"""Characters that a dimension keeps, however many there are."""
_LONGEST_BAR = 24
_EDGES = 3
"""Characters between two columns: a line and a space on both sides."""

Heading = Mapping[str, Any]
Row = Mapping[str, Any]


def drawn(answer: Mapping[str, Any], look: Look) -> RenderableType:
    """Return an answer as tables and charts."""
    columns = [column for column in flat_columns(answer["meta"]) if _is_shown(column, answer["meta"])]
    rows = [flat_row(row, columns) | row for row in answer["rows"]]
    totals = answer.get("totals")
    shown = [] if totals is None else [flat_row(totals, columns) | totals]
    kept, left_out = _kept(answer, rows, look)
    parts: list[RenderableType] = [*_tables(columns, kept, shown, in_rows(answer, rows, look), look)]
    if left_out:
        parts.append(Text(left_out, style="dim"))
    if is_series(answer, look):
        parts.append(series(answer, look))
    return Group(*parts)


def _kept(answer: Mapping[str, Any], rows: Sequence[Row], look: Look) -> tuple[Sequence[Row], str]:
    """Return the rows that fit a screen and what is said of the others: of a course over time the newest stay."""
    if look.most_rows is None or len(rows) <= look.most_rows:
        return rows, ""
    left = f"{len(rows) - look.most_rows:,}"
    if is_series(answer, look) and is_rising(answer):
        return rows[-look.most_rows :], f"… {left} earlier rows are not shown"
    return rows[: look.most_rows], f"… {left} more rows are not shown"


def _is_shown(column: Heading, meta: Mapping[str, Any]) -> bool:
    """Return whether a column is for eyes: ids are for CSV, and a pivot shows growth without its base."""
    return column["role"] != "id" and not (column["role"] == "before" and "pivot" in meta)


def _tables(
    columns: Sequence[Heading], rows: Sequence[Row], totals: Sequence[Row], bars: Bars | None, look: Look
) -> list[Table]:
    """Return the rows as one table, or as several below each other that fit."""
    shown = [_Shown.of(column, columns, rows, totals) for column in columns]
    named = [one for one in shown if "kind" in one.column]
    measured = [one for one in shown if "kind" not in one.column]
    needed = sum(one.width + _EDGES for one in measured)
    names = _folded([one.width for one in named], look.width - 1 - needed - _EDGES * len(named), _READABLE)
    blocks = [measured]
    room = look.width - 1 - sum(names) - _EDGES * len(named)
    if needed > room:
        names = _folded([one.width for one in named], look.width // 2 - _EDGES * len(named), _NARROW)
        room = look.width - 1 - sum(names) - _EDGES * len(named)
        if max(one.width for one in measured) + _EDGES > room:
            records = [_record(shown, place) for place in range(len(rows))]
            return records + [_record(measured, len(rows), TOTAL) for _ in totals]
        blocks = _blocks(measured, room)
    tables = []
    for block in blocks:
        left = room - sum(one.width + _EDGES for one in block) - _EDGES
        fits = bars is not None and block is blocks[-1] and left >= bars.least
        drawing = [Text(bars.draw(row, min(_LONGEST_BAR, left)), "cyan") for row in rows] if bars and fits else []
        tables.append(_table(named, block, bars.title if bars and fits else "", drawing, len(rows), bool(totals)))
    return tables


def _record(shown: Sequence[_Shown], place: int, title: str = "") -> Table:
    """Return a row, or the totals, as lines of a name and a value: for more dimensions than stand side by side."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="bold", overflow="fold")
    grid.add_column(overflow="fold")
    if title:
        grid.add_row(Text(title))
    for one in shown:
        grid.add_row(Text(one.title.replace("\n", " ")), Text(one.cells[place]))
    grid.add_row()
    return grid


def _folded(widths: Sequence[int], room: int, least: int) -> list[int]:
    """Return widths of texts that may be folded: the widest give way until all have room, or are the least."""
    most = max([least, *widths])
    while most > least and sum(min(most, width) for width in widths) > room:
        most -= 1
    return [min(most, width) for width in widths]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column with its texts: a title, one in each row, and the total if there is one."""

    column: Heading
    title: str
    cells: list[str]
    width: int

    @classmethod
    def of(cls, column: Heading, columns: Sequence[Heading], rows: Sequence[Row], totals: Sequence[Row]) -> _Shown:
        title = _title(column, columns)
        cells = [_cell(column, row) for row in (*rows, *totals)]
        return cls(column, title, cells, max(map(cell_len, (*title.split("\n"), *cells))))


def _table(
    named: Sequence[_Shown],
    block: Sequence[_Shown],
    title: str,
    drawing: Sequence[Text],
    rows: int,
    has_totals: bool,
) -> Table:
    """Return a table of some of the columns; ``drawing`` is a chart for each row, under its title."""
    table = Table(show_footer=has_totals, header_style="bold", footer_style="bold")
    for place, one in enumerate(named):
        table.add_column(Text(one.title), footer=Text(TOTAL if place == 0 else ""), overflow="fold")
    for one in block:
        footer = Text(one.cells[-1] if has_totals else "")
        table.add_column(Text(one.title), footer=footer, justify="right", no_wrap=True, min_width=one.width)
    if drawing:
        table.add_column(Text(title), no_wrap=True)
    for place in range(rows):
        table.add_row(*(Text(one.cells[place]) for one in (*named, *block)), *drawing[place : place + 1])
    return table


def _blocks(measured: Sequence[_Shown], room: int) -> list[list[_Shown]]:
    """Return the columns in groups, each as wide as there is room; what is compared stays together if it can."""
    blocks: list[list[_Shown]] = [[]]
    left = room
    for _, compared in groupby(measured, key=_metric):
        together = list(compared)
        needed = sum(one.width + _EDGES for one in together)
        for part, width in (
            [(together, needed)] if needed <= room else [([one], one.width + _EDGES) for one in together]
        ):
            if blocks[-1] and width > left:
                blocks.append([])
                left = room
            blocks[-1] += part
            left -= width
    return blocks


def _metric(one: _Shown) -> tuple[str, str]:
    """Return which metric a column is about, and of which key of a pivot."""
    column = one.column
    named: str = column.get("of", column["name"])
    return column.get("key", ""), named.removesuffix(f"_{column['role']}")


def _title(column: Heading, columns: Sequence[Heading]) -> str:
    """Return what stands above a column; of a pivot the key, and the metric where there are several."""
    metric = column.get("of", column["name"])
    if column["role"] in {"before", "change"}:
        metric = f"{metric.removesuffix('_' + column['role'])}\n{column['role']}"
    if "key" not in column:
        return str(metric)
    several = len({one["of"] for one in columns if "of" in one}) > 1
    return printable(column["key"]) + (f"\n{metric}" if several else "")


def _cell(column: Heading, row: Row) -> str:
    if column["name"] not in row:
        return ""
    value = row[column["name"]]
    if "kind" in column:
        return figure(value, None) if isinstance(value, bool | None) else printable(str(value))
    if column["role"] == "change":
        base = column.get("of", column["name"]).removesuffix("_change")
        return change(value, row[f"{base}: {column['key']}" if "key" in column else base])
    return figure(value, column["unit"])
