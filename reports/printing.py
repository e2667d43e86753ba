"""A report's answer for eyes (a table) and for other programs (CSV).

Invariants: a visitor chose many of these texts, so nothing of them reaches a terminal as a control
sequence or as markup; CSV has the numbers in full, a table rounds them.
"""

from __future__ import annotations

import csv
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.registry import DIMENSIONS, METRICS

_PIPED_WIDTH = 1000
"""Columns when there is no terminal to fit into."""

_MONEY_DIGITS = 2
_RATIO_DIGITS = 4
_FLAGS = {True: "true", False: "false"}
NULL = "-"
TOTAL = "total"


def print_table(answer: dict[str, Any], output: IO[str]) -> None:
    """Print an answer as a table, its totals below."""
    meta = answer["meta"]
    totals = answer.get("totals")
    table = Table(show_footer=totals is not None, header_style="bold", footer_style="bold")
    for place, name in enumerate(meta["dimensions"]):
        table.add_column(Text(name), footer=Text(TOTAL if place == 0 else ""), overflow="fold")
    for name in meta["metrics"]:
        footer = Text(_figure(name, totals[name])) if totals is not None else Text("")
        table.add_column(Text(name), footer=footer, justify="right", no_wrap=True)
    for row in answer["rows"]:
        cells = [printable(str(row[name])) for name in meta["dimensions"]]
        cells += [_figure(name, row[name]) for name in meta["metrics"]]
        table.add_row(*(Text(cell) for cell in cells))
    console = Console(file=output, width=None if output.isatty() else _PIPED_WIDTH, highlight=False)
    console.print(table)


def write_csv(answer: dict[str, Any], output: IO[str]) -> None:
    """Write an answer as CSV with a header; totals, when asked for, are the last line."""
    meta = answer["meta"]
    columns: list[str] = []
    for name in meta["dimensions"]:
        columns.append(name)
        if name in DIMENSIONS and DIMENSIONS[name].kind == "id":
            columns.append(f"{name}_id")
    columns += meta["metrics"]
    writer = csv.DictWriter(output, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    rows = list(answer["rows"])
    if "totals" in answer:
        rows.append({**({columns[0]: TOTAL} if meta["dimensions"] else {}), **answer["totals"]})
    for row in rows:
        writer.writerow(
            {name: _FLAGS.get(value, value) if isinstance(value, bool) else value for name, value in row.items()}
        )


def notes(answer: dict[str, Any]) -> list[str]:
    """Return what a reader of the table or the CSV has to be told beside it."""
    meta = answer["meta"]
    told = []
    if meta["truncated"]:
        told.append(f"There are more than these {meta['row_count']} rows; raise --limit or filter.")
    others = meta.get("other_currencies") or {}
    if others:
        left_out = ", ".join(f"{count} in {printable(currency)}" for currency, count in others.items())
        told.append(f"Money is in {meta['currency']}; left out are the conversions {left_out}.")
    return told


def printable(text: str) -> str:
    """Return the text with every character that is not for printing written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _figure(name: str, value: Any) -> str:
    """Return a metric's value as a person reads it: 1,234 or 12.50 or 4.21 %."""
    unit = METRICS[name].unit if name in METRICS else ""
    if value is None:
        return NULL
    if not isinstance(value, int | float):
        return str(value)
    match unit:
        case "ratio":
            return f"{value:.2%}"
        case "money":
            return f"{value:,.{_MONEY_DIGITS}f}" if abs(value) >= 1 or not value else f"{value:.{_RATIO_DIGITS}f}"
        case "count":
            return f"{value:,}"
        case _:
            return f"{value:,.{_MONEY_DIGITS}f}"
