"""``clickledger export``: raw clicks, conversions or rejected requests, streamed from the running service."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from clickledger.service import Service
from reports import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/api/v1/export/{table}"
UNFINISHED = ".part"
"""Ending of a file that is still being written, so that a broken export never looks whole."""


class Exported(StrEnum):
    """What can be exported."""

    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    REJECTED = "rejected"


class ExportFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"


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
) -> None:
    """Export events in order of time; conversions in their current state."""
    first, last = shell.days(start, end, timezone, datetime.now(UTC))
    parameters = {"from": first, "to": last, "format": output_format.value, "timezone": timezone}
    if columns:
        parameters["columns"] = columns
    with (
        Service.find().stream(PATH.format(table=table.value), parameters) as response,
        _destination(output) as target,
    ):
        for piece in response.iter_bytes():
            target.write(piece)


@contextmanager
def _destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Yield where to write; a file gets its name when all of it is there."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = output.with_name(output.name + UNFINISHED)
    with unfinished.open("wb") as file:
        yield file
    unfinished.replace(output)
