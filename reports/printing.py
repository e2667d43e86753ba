"""A report's answer for eyes (tables, small charts) and for other programs (CSV).

Invariants: a visitor chose many of these texts, so nothing of them reaches a terminal as a control sequence or as
markup; CSV has the numbers in full, a table rounds them; a spreadsheet runs nothing of a CSV unless asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from typing import IO, Any

from rich.console import Console

from reports.drawing import Look
from reports.export.harmless import harmless
from reports.figures import moment, printable
from reports.flat import flat_columns, flat_row
from reports.tables import drawn

PIPED_WIDTH = 10_000
"""Columns when there is no terminal to fit into."""

TOTAL = "total"
_FLAGS = {True: "true", False: "false"}


def console_of(output: IO[str]) -> Console:
    """Return a console that fits a terminal, and is as wide as need be where there is none."""
    return Console(file=output, width=None if output.isatty() else PIPED_WIDTH, highlight=False)


def print_table(answer: dict[str, Any], output: IO[str], chart: str = "") -> None:
    """Print an answer as a table, its totals below, with a chart of a metric where one is named."""
    console = console_of(output)
    console.print(drawn(answer, Look(console.width, chart, plain=console.options.ascii_only)))


def write_csv(answer: dict[str, Any], output: IO[str], *, raw: bool = False) -> None:
    """Write an answer as CSV with a header; totals, when asked for, are the last line.

    Args:
        answer: The report.
        output: Where to.
        raw: Leave texts as they are that a spreadsheet would run as a formula.

    """
    columns = flat_columns(answer["meta"])
    guard: Callable[[str], str] = str if raw else harmless
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([guard(column["name"]) for column in columns])
    rows = [flat_row(row, columns) for row in answer["rows"]]
    if "totals" in answer:
        first = {columns[0]["name"]: TOTAL} if answer["meta"]["dimensions"] else {}
        rows.append(first | flat_row(answer["totals"], columns))
    for row in rows:
        writer.writerow([_written(row.get(column["name"]), guard) for column in columns])


def _written(value: Any, guard: Callable[[str], str]) -> Any:
    match value:
        case bool():
            return _FLAGS[value]
        case str():
            return guard(value)
        case _:
            return value


def about(answer: Mapping[str, Any]) -> str:
    """Return what an answer is about: its range, its money, what it is compared with."""
    meta = answer["meta"]
    told = f"{_when(meta['from'])} to {_when(meta['to'])} {meta['timezone']}"
    if "compare" in meta:
        told += f", compared with {_when(meta['compare']['from'])} to {_when(meta['compare']['to'])}"
    if any(column.get("unit") == "money" for column in meta["columns"]):
        told += f"; money in {meta['currency']}, {meta['money']}"
    return f"{told}."


def _when(text: str) -> str:
    return moment(text).removesuffix(":00").removesuffix(" 00:00")


def notes(answer: Mapping[str, Any]) -> list[str]:
    """Return what a reader of the table or the CSV has to be told beside it."""
    meta = answer["meta"]
    told = []
    if not meta["row_count"]:
        told.append("There are no rows: nothing in this range fits the filters.")
    if meta["truncated"]:
        told.append(f"There are more than these {meta['row_count']} rows; raise --limit or filter.")
    others = meta.get("other_currencies") or {}
    if others:
        left_out = ", ".join(f"{count} in {printable(currency)}" for currency, count in others.items())
        told.append(f"Money is in {meta['currency']}; left out are the conversions {left_out}.")
    return told
