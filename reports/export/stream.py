r"""The stream of an export: header, then window after window, in constant memory.

Rows are counted first, so that a reader knows how much comes. Each window is read from the store whole, into a
spooled file or a table, before any of it is sent: a slow reader of the export holds no handle of the store and
meets none of its time limits, and a window that fails is never half sent. What can go wrong at the start (a
store that is away, a limit) is raised before the first byte. CSV and JSON are written by the store itself;
Parquet, Arrow and xlsx by ``files``, of the store's typed columns.

Invariants: rows in order of time; every byte of the store that isn't UTF-8 appears as ``\xNN``, but in Arrow
and Parquet, which keep bytes as bytes; who closes the pieces ends the work.
"""

from __future__ import annotations

import codecs
import contextlib
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Final, cast

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from kernel.auth import Principal
from kernel.clickhouse.arrow import arrow_schema
from kernel.settings import Settings
from reports.bindings import Statement
from reports.execute import Readers, refusals
from reports.export import sql
from reports.export.files import written
from reports.export.formats import Format, refuse_too_many
from reports.export.readable import AS_JSON, AS_TEXT, CONTROL
from reports.export.request import Export
from reports.export.windows import windows

_STORE_FORMATS: Final[dict[Format, str]] = {"csv": "CSV", "json": "JSONEachRow", "jsonl": "JSONEachRow"}
"""Formats without a header of their own: only those stream out of the embedded store."""

_CHUNK = 256 * 1024
"""Bytes read and sent at a time."""
_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a window kept in memory; the rest of it lies in a temporary file."""

_BEGINNING = 64 * 1024
"""Bytes of a file that tell how long it may become: more than its header."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A file on its way to the one who asked for it."""

    rows: int
    """How many there were when it began."""
    pieces: Generator[bytes, None, None]
    """Its bytes; an empty piece where work was done that can't be sent yet. Close it to end the work early."""
    expected_bytes: int | None = None
    """How long it may become, judged by its beginning; None where nothing is sent before the end."""


def stream(export: Export, who: Principal, *, readers: Readers, chosen: Settings) -> Streamed:
    """Begin an export.

    Raises:
        ClickledgerError: the store is away or refuses, or the format can't hold the rows; raised before any
            piece is returned.

    """
    counts = _count(export, who, readers, chosen)
    rows = sum(count for _, count in counts)
    refuse_too_many(rows, export.format)
    reading = _Reading(export, who, counts, readers, chosen)
    if export.format in _STORE_FORMATS:
        pieces = reading.texts()
        first = next(pieces, b"")
        rows_in_first = first.count(b"\n")
    else:
        taken: list[int] = []
        batches = _counted(reading.batches(), taken)
        pieces = written(reading.schema, export.writing, batches)
        first = b""
        for piece in pieces:
            first += piece
            if len(first) > _BEGINNING or export.format == "xlsx":
                break
        rows_in_first = sum(taken)
    expected = len(first) * rows // rows_in_first if first and rows_in_first else None
    return Streamed(rows, after(first, pieces), expected)


def _counted(batches: Iterator[pa.RecordBatch], taken: list[int]) -> Iterator[pa.RecordBatch]:
    """Yield batches and write down how many rows each has."""
    for rows in batches:
        taken.append(rows.num_rows)
        yield rows


def after(first: bytes, others: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """Return pieces of which the first is there already; closing them closes the others, begun or not."""

    def both() -> Generator[bytes, None, None]:
        with contextlib.closing(others):
            yield b""
            yield first
            yield from others

    pieces = both()
    # A generator that never began runs nothing when it is closed; this one has begun.
    next(pieces)
    return pieces


def _count(export: Export, who: Principal, readers: Readers, chosen: Settings) -> list[tuple[datetime, int]]:
    statement = sql.hours(export, who)
    with refusals(chosen), readers.reader() as client:
        answer = client.query(statement.text, parameters=statement.parameters)
    return [(hour.replace(tzinfo=UTC), count) for hour, count in answer.result_rows]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One export's way out of the store."""

    export: Export
    who: Principal
    counts: list[tuple[datetime, int]]
    readers: Readers
    chosen: Settings

    def statements(self) -> Iterator[Statement]:
        """Yield one statement for each window."""
        for start, end in windows(self.export.span, self.counts):
            yield sql.window(self.export, self.who, start, end)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow types of the columns; times bear the zone asked for."""
        full = arrow_schema(self.export.table)
        zoned = pa.timestamp("ms", self.export.span.zone)
        fields = [full.field(column.name) for column in self.export.columns]
        return pa.schema([f.with_type(zoned) if pa.types.is_timestamp(f.type) else f for f in fields])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the store's typed columns, window after window."""
        schema = self.schema
        for statement in self.statements():
            with refusals(self.chosen), self.readers.reader() as client:
                answer = client.raw_query(statement.text, parameters=statement.parameters, fmt="ArrowStream")
            for rows in pa.ipc.open_stream(answer):
                if rows.num_rows:
                    yield rows.cast(schema)

    def texts(self) -> Generator[bytes, None, None]:
        """Yield the store's own text."""
        if self.export.format == "json":
            return _array(self._windows())
        return self._windows()

    def _windows(self) -> Generator[bytes, None, None]:
        export = self.export
        header = ",".join(column.name for column in export.columns) + "\n" if export.format == "csv" else ""
        pending = header.encode()
        for statement in self.statements():
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
                with refusals(self.chosen), self.readers.reader() as client:
                    _read(client, statement, export.format, cast("IO[bytes]", spool))
                spool.seek(0)
                for piece in _readable(cast("IO[bytes]", spool), export):
                    yield pending + piece
                    pending = b""
        if pending:
            yield pending


def _array(lines: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Make one JSON array of JSON lines: a line's end is the only newline in it."""
    held = b"["
    for piece in lines:
        whole = piece.endswith(b"\n")
        # The end of the last row so far waits until it is known whether another follows.
        yield held + piece.removesuffix(b"\n").replace(b"\n", b",\n")
        held = b",\n" if whole else b""
    yield b"[]\n" if held == b"[" else b"]\n"


def _read(client: Client, statement: Statement, wanted: Format, spool: IO[bytes]) -> None:
    """Copy one window out of the store."""
    source = cast(
        "IO[bytes]",
        client.raw_stream(
            statement.text,
            parameters=statement.parameters,
            # A server then answers a failure with its status instead of putting its words into the rows.
            settings={"wait_end_of_query": 1},
            fmt=_STORE_FORMATS[wanted],
        ),
    )
    try:
        while chunk := source.read(_CHUNK):
            spool.write(chunk)
    finally:
        source.close()


def _readable(spool: IO[bytes], export: Export) -> Iterator[bytes]:
    """Yield a window's bytes as valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors=AS_TEXT if export.format == "csv" else AS_JSON)
    escape_controls = export.table == "rejected" and export.format == "csv"
    while chunk := spool.read(_CHUNK):
        text = decoder.decode(chunk)
        yield (text.translate(CONTROL) if escape_controls else text).encode()
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()
