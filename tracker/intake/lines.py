r"""Lines of a file, gzipped or not, with their numbers, in bounded memory.

Invariants: whatever the file holds, a line is either readable text or a ``BadLine``; a line that is too
long is read past, not kept; gzip is told by its first bytes, whatever the file is called. Bytes that are
not UTF-8 stay visible as ``\xff``, which is also how web servers write them. Empty lines are passed over.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tracker.intake.errors import LOG_UNREADABLE
from tracker.intake.rows import BadLine, bad_line

GZIP_MAGIC = b"\x1f\x8b"
MAX_LINE_BYTES = 32 * 1024
"""Web servers take request lines and headers of 8 KiB by default; three of them and the rest fit."""
READ_BYTES = 256 * 1024

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Line(NamedTuple):
    """A readable line without its end."""

    number: int
    text: str


ReadLine: TypeAlias = Line | BadLine


def read_lines(path: Path) -> Iterator[ReadLine]:
    """Yield the lines of a file that are not empty.

    Raises:
        ClickledgerError: ``log_unreadable`` when the file can't be opened or read.

    """
    try:
        with io.BufferedReader(io.FileIO(path), READ_BYTES) as file:
            packed = file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
            yield from _lines(gzip.GzipFile(fileobj=file) if packed else file)
    except OSError as why:
        raise LOG_UNREADABLE.error(f"{path} can't be read: {why.strerror or why}.") from why


def _lines(content: io.BufferedIOBase) -> Iterator[ReadLine]:
    number = 0
    while True:
        try:
            raw = content.readline(MAX_LINE_BYTES)
            cut = len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n")
            rest = raw
            while cut and rest and not rest.endswith(b"\n"):
                rest = content.readline(MAX_LINE_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as why:
            # What came before is good; nothing after it can be read.
            yield bad_line(number + 1, "", f"the gzip stream is damaged from here on: {why}")
            return
        if not raw:
            return
        number += 1
        text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
        if number == 1:
            text = text.removeprefix("\ufeff")
        if cut:
            yield bad_line(number, text, f"the line is longer than {MAX_LINE_BYTES // 1024} KiB")
        elif not text.strip():
            continue
        elif _CONTROL.search(text):
            yield bad_line(number, text, "the line holds control characters")
        else:
            yield Line(number, text)
