"""Files that the program writes itself, batch after batch: Parquet, Arrow and, in ``workbook``, xlsx.

Invariants: a file holds no more than one batch of rows in memory; what has been written is handed out and
forgotten at once where the format allows it; ``close`` may be called at any time and frees what is held.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from reports.export.formats import Writing

_GROUP: Final = 25_000
"""Rows in a row group of Parquet: readers skip by groups, and a writer holds one of them."""


class File(Protocol):
    """A file that is being written."""

    def add(self, rows: pa.RecordBatch) -> bytes:
        """Write rows; return the bytes that are ready to be sent."""
        ...

    def end(self) -> Iterator[bytes]:
        """Write what comes last; yield all bytes that are left."""
        ...

    def close(self) -> None:
        """Free what is held, finished or not."""
        ...


class _Sent:
    """A file as pyarrow sees it: it only grows, and what was written is taken away."""

    closed = False

    def __init__(self) -> None:
        self._ready = bytearray()
        self._length = 0

    def write(self, piece: bytes) -> int:
        """Keep bytes until they are taken."""
        self._ready += memoryview(piece)
        size = len(memoryview(piece))
        self._length += size
        return size

    def tell(self) -> int:
        """Return how much was written in all."""
        return self._length

    def flush(self) -> None:
        """Do nothing: bytes are ready as they are written."""

    def close(self) -> None:
        """Stay readable: the last bytes are taken after the writer has closed."""

    def readable(self) -> bool:
        """Say that it is only written."""
        return False

    def writable(self) -> bool:
        """Say that it is written."""
        return True

    def seekable(self) -> bool:
        """Say that there is no way back."""
        return False

    def take(self) -> bytes:
        """Return the bytes written since the last call."""
        taken = bytes(self._ready)
        self._ready = bytearray()
        return taken


class ColumnFile:
    """Parquet or an Arrow stream: typed columns, exact decimals, times as instants with their zone."""

    def __init__(self, schema: pa.Schema, writing: Writing) -> None:
        self._sent = _Sent()
        sink = pa.PythonFile(self._sent, mode="w")
        if writing.format == "parquet":
            # zstd: half of snappy's size for texts like these, at a cost the store's own reading hides.
            self._writer = pq.ParquetWriter(sink, schema, compression="zstd")
        else:
            self._writer = pa.ipc.new_stream(sink, schema)

    def add(self, rows: pa.RecordBatch) -> bytes:
        """Write rows; those of a row group wait, encoded, until it is full."""
        if isinstance(self._writer, pq.ParquetWriter):
            self._writer.write_batch(rows, row_group_size=_GROUP)
        else:
            self._writer.write_batch(rows)
        return self._sent.take()

    def end(self) -> Iterator[bytes]:
        """Write the footer."""
        self._writer.close()
        yield self._sent.take()

    def close(self) -> None:
        """Forget what wasn't sent."""
        self._writer.close()
        self._sent.take()


def new_file(schema: pa.Schema, writing: Writing) -> File:
    """Begin a Parquet, Arrow or xlsx file."""
    if writing.format == "xlsx":
        # Loaded when one is asked for: few are.
        from reports.export.workbook import WorkbookFile

        return WorkbookFile(schema, writing)
    return ColumnFile(schema, writing)


def written(
    schema: pa.Schema, writing: Writing, batches: Iterable[pa.RecordBatch]
) -> Generator[bytes, None, None]:
    """Yield a whole file's bytes; an empty piece for rows that can't be sent yet."""
    file = new_file(schema, writing)
    try:
        for rows in batches:
            yield file.add(rows)
        yield from file.end()
    finally:
        file.close()
