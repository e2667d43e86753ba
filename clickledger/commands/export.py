"""``clickledger export``: raw clicks, conversions or rejected requests, streamed from the running service.

Invariants: a file has its name only when all of it is there, and one that exists is never replaced unasked;
progress goes to standard error, and only where a person looks at it.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from clickledger.service import Service
from reports import shell

PATH = "/api/v1/export/{table}"
UNFINISHED = ".part"
"""Ending of a file that is still being written, so that a broken export never looks whole."""
BINARY = frozenset({"xlsx", "parquet", "arrow"})
"""Formats that no terminal should be shown."""


class Exported(StrEnum):
    """What can be exported."""

    CLICKS = "clicks"
    IMPRESSIONS = "impressions"
    CONVERSIONS = "conversions"
    CONVERSION_CHANGES = "conversion_changes"
    REJECTED = "rejected"
    OUTBOUND_ATTEMPTS = "outbound_attempts"


class ExportFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    table: Annotated[Exported, typer.Argument(help="What to export.")],
    start: Annotated[
        str, typer.Option("--from", help="First day or moment; default: 7 days ago.", show_default=False)
    ] = "",
    end: Annotated[
        str,
        typer.Option("--to", help="Day or moment after the last one; default: tomorrow.", show_default=False),
    ] = "",
    columns: Annotated[str, typer.Option(help="Columns, comma separated; default: all.", show_default=False)] = "",
    output_format: Annotated[ExportFormat, typer.Option("--format", help="How to write rows.")] = ExportFormat.CSV,
    timezone: Annotated[str, typer.Option(help="IANA time zone of days and times.")] = "UTC",
    output: Annotated[
        Path | None, typer.Option(help="File to write; default: standard output.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when there is one.")] = False,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", help="Only rows that meet it: country=DE, sub1~shoes; repeatable.", show_default=False
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Leave texts in csv and xlsx that a spreadsheet would run as a formula.")
    ] = False,
) -> None:
    """Export events in order of time; conversions in their current state."""
    if output is not None and not force:
        _refuse_existing(output)
    if output is None and output_format in BINARY and sys.stdout.isatty():
        raise typer.BadParameter(f"{output_format} is nothing for a terminal; name a file with --output.")
    first, last = shell.days(start, end, timezone, datetime.now(UTC))
    parameters: dict[str, Any] = {"from": first, "to": last, "format": output_format.value, "timezone": timezone}
    if columns:
        parameters["columns"] = columns
    if condition:
        parameters["filter"] = condition
    if raw:
        parameters["raw"] = "true"
    with (
        Service.find().stream(PATH.format(table=table.value), parameters) as response,
        _destination(output, force=force) as target,
    ):
        for piece in _watched(response, table.value):
            target.write(piece)


def _watched(response: Any, what: str) -> Iterator[bytes]:
    """Yield the pieces of an answer and draw how far they are, where standard error is a terminal.

    The service says how many rows there are and, judged by the file's beginning, how long it may become.
    """
    rows = int(response.headers.get("X-Total-Rows", 0))
    expected = int(response.headers.get("X-Expected-Bytes", 0))
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(f"{what}: {rows:,} rows", total=expected or None)
        received = 0
        for piece in response.iter_bytes():
            received += len(piece)
            # The last rows may be longer than the first: the bar ends when the file does, not before.
            progress.update(task, completed=received, total=max(expected, received + 1) if expected else None)
            yield piece
    if console.is_terminal:
        console.print(f"{what}: {rows:,} rows, {received:,} bytes")


@contextmanager
def _destination(output: Path | None, *, force: bool) -> Iterator[IO[bytes]]:
    """Yield where to write; a file gets its name when all of it is there, and nothing is left of a broken one."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # A name of its own, so that two exports to one place don't write into one file.
    unfinished = output.with_name(f".{output.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            yield file
        if not force:
            _refuse_existing(output)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse_existing(output: Path) -> None:
    if output.exists():
        raise typer.BadParameter(f"{output} exists; name another file, or replace it with --force.")
