"""Logs and roads for eyes: a table of rows, and a click's road as one page of text.

Invariant: a visitor chose many of these texts, so nothing of them reaches a terminal as a control sequence or as
markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.figures import NULL, printable
from reports.registry import DIMENSIONS

_PIPED_WIDTH = 10_000
"""Columns when there is no terminal to fit into, so that nothing is cut."""
_NO_VALUES: tuple[Any, ...] = (None, "", 0, False, "(none)")
_GROUPS = {column: d.group for d in DIMENSIONS.values() for column in (*d.columns, d.name)}
_OTHERS = "click"
_TOLD = frozenset(
    {"verdict", "fraud_reasons", "fraud_category", "fraud_score", "trafficback_reason", "destination"}
)
"""Columns of a click that its decision and its verdict show already."""

Row = Mapping[str, Any]


def print_rows(rows: Sequence[Row], columns: Sequence[str], output: IO[str]) -> None:
    """Print rows of a log as a table; a column with an id shows the name."""
    shown = _with_names(rows, columns)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row[name])) for name in shown))
    _console(output).print(table)


def print_road(road: Row, output: IO[str]) -> None:
    """Print everything a road holds; parts the caller may not see are left out."""
    console = _console(output)
    click, decision, verdict = road["click"], road["decision"], road["verdict"]
    console.print(Text(printable(f"{road['kind']} {click['click_id']} at {click['ts']}"), style="bold"))
    console.print(Text(printable(decision["explained"])))
    if decision["destination"]:
        console.print(Text(printable(decision["destination"])))
    console.print(Text(printable(f"{verdict['verdict']}, score {verdict['score']}. {verdict['explained']}")))
    for reason in verdict["reasons"]:
        console.print(Text(printable(f"- {reason['code']}: {reason['sentence']} {reason['help']}".rstrip())))
    _heading(console, "As it was stored")
    _grid(console, _grouped(click))
    if road["conversions"]:
        _heading(console, "Conversions")
    for part in road["conversions"]:
        one = part["conversion"]
        named = " ".join(one[name] for name in ("conversion_id", "goal", "txn_id") if one[name])
        console.print(Text(printable(f"{named}: {part['explained']}")))
    if road["money"]:
        _heading(console, "Money")
        print_rows(road["money"], list(road["money"][0]), output)
    _heading(console, "What happened")
    _grid(console, [(one["at"], one["what"], one["text"]) for one in road["timeline"]])


def _with_names(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Return the columns to show: the name of what an id names, instead of the id, where the rows have it."""
    shown = []
    for column in columns:
        named = column.removesuffix("_id")
        shown.append(named if column != named and rows and named in rows[0] else column)
    return shown


def _grouped(click: Row) -> list[tuple[str, str, str]]:
    """Return what is known of a click, by what it is about."""
    lines = [
        (_GROUPS.get(name, _OTHERS), name, _cell(value))
        for name, value in click.items()
        if name not in _TOLD and value not in _NO_VALUES and value != []
    ]
    order = {group: place for place, group in enumerate(dict.fromkeys(group for group, _, _ in lines))}
    lines.sort(key=lambda line: order[line[0]])
    return [
        ("" if place and lines[place - 1][0] == group else group, name, value)
        for place, (group, name, value) in enumerate(lines)
    ]


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))


def _grid(console: Console, lines: Sequence[tuple[str, str, str]]) -> None:
    grid = Table.grid(padding=(0, 2))
    for first, second, third in lines:
        grid.add_row(*(Text(printable(text), overflow="fold") for text in (first, second, third)))
    console.print(grid)


def _cell(value: Any) -> str:
    match value:
        case None:
            return NULL
        case bool():
            return "yes" if value else "no"
        case list():
            return printable(", ".join(map(str, value)))
        case _:
            return printable(str(value))


def _console(output: IO[str]) -> Console:
    return Console(file=output, width=None if output.isatty() else _PIPED_WIDTH, highlight=False)
