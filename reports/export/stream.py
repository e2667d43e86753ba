r"""The stream of an export: header, then window after window, in constant memory.

Each window is read from the store into a spooled file before any of it is sent, so a slow reader of the
export holds no handle of the store and meets none of its time limits, and a window that fails is never
half sent. What can go wrong at the start (a store that is away, a limit) is raised before the first byte.

Invariants: rows in order of time; every byte of the store that isn't UTF-8 appears as ``\xNN``.
"""

from __future__ import annotations

import codecs
import itertools
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import IO, cast

from clickhouse_connect.driver.client import Client

from kernel.auth import Principal
from kernel.settings import Settings
from reports.bindings import Statement
from reports.execute import Readers, refusals
from reports.export import sql
from reports.export.request import Export, Format
from reports.export.windows import windows

MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

_STORE_FORMATS: dict[Format, str] = {"csv": "CSV", "jsonl": "JSONEachRow"}
"""Formats without a header of their own: only those stream out of the embedded store."""

_CHUNK = 256 * 1024
"""Bytes read and sent at a time."""
_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a window kept in memory; the rest of it lies in a temporary file."""

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if chr(code) not in "\t\r\n"}
"""Characters no CSV reader wants to meet; JSON has its own way to write them."""


def stream(export: Export, who: Principal, *, readers: Readers, chosen: Settings) -> Iterator[bytes]:
    """Return the export's bytes, piece by piece.

    Raises:
        ClickledgerError: the store is away or refuses; raised before any piece is returned.

    """
    counts = _count(export, who, readers, chosen)
    pieces = _pieces(export, who, counts, readers, chosen)
    first = next(pieces, b"")
    return itertools.chain([first], pieces)


def _count(export: Export, who: Principal, readers: Readers, chosen: Settings) -> list[tuple[datetime, int]]:
    statement = sql.hours(export, who)
    with refusals(chosen), readers.reader() as client:
        answer = client.query(statement.text, parameters=statement.parameters)
    return [(hour.replace(tzinfo=UTC), count) for hour, count in answer.result_rows]


def _pieces(
    export: Export, who: Principal, counts: list[tuple[datetime, int]], readers: Readers, chosen: Settings
) -> Iterator[bytes]:
    header = ",".join(column.name for column in export.columns) + "\n" if export.format == "csv" else ""
    pending = header.encode()
    for start, end in windows(export.span, counts):
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
            with refusals(chosen), readers.reader() as client:
                _read(client, sql.window(export, who, start, end), export.format, cast("IO[bytes]", spool))
            spool.seek(0)
            for piece in _readable(cast("IO[bytes]", spool), export):
                yield pending + piece
                pending = b""
    if pending:
        yield pending


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
    decoder = codecs.getincrementaldecoder("utf-8")(errors=f"clickledger_{export.format}")
    escape_controls = export.table == "rejected" and export.format == "csv"
    while chunk := spool.read(_CHUNK):
        text = decoder.decode(chunk)
        yield (text.translate(_CONTROL) if escape_controls else text).encode()
    if rest := decoder.decode(b"", final=True):
        yield rest.encode()


def _escape(backslash: str, error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(f"{backslash}x{byte:02x}" for byte in wrong), error.end


codecs.register_error("clickledger_csv", partial(_escape, "\\"))
# A JSON text writes a backslash twice.
codecs.register_error("clickledger_jsonl", partial(_escape, "\\\\"))
