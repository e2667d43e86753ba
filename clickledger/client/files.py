"""Files of any length on their way to disk.

Invariants: a file has its name only when all of it is there, and nothing is left of a broken one; one that exists
is replaced only when told.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, get_args

from clickledger.client.connection import Connection

Format: TypeAlias = Literal["csv", "json", "jsonl", "xlsx", "parquet", "arrow"]
FORMATS: tuple[str, ...] = get_args(Format)

UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is."""

    rows: int
    """That it will have."""
    received: int
    """Bytes so far."""
    expected: int | None
    """Bytes it may become, judged by its beginning; None where nobody can tell."""


OnProgress: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    path: Path
    rows: int
    """When the export began."""
    bytes: int


def format_of(path: Path, wanted: str | None) -> str:
    """Return the format that is asked for, or the one that a file's name says.

    Raises:
        ValueError: neither says one.

    """
    found = wanted or path.suffix.removeprefix(".").lower()
    if found not in FORMATS:
        raise ValueError(f"Say a format: one of {', '.join(FORMATS)}, as format=… or as the ending of the path.")
    return found


def save(
    connection: Connection,
    method: str,
    path: str,
    target: IO[bytes],
    on_progress: OnProgress | None = None,
    **options: Any,
) -> tuple[int, int]:
    """Write an answer as it comes; return its rows and bytes.

    Raises:
        ClientError: the service refused, or stopped before the end.

    """
    with connection.stream(method, path, **options) as response:
        rows = int(response.headers.get("X-Total-Rows", 0))
        expected = int(response.headers.get("X-Expected-Bytes", 0)) or None
        received = 0
        for piece in response.iter_bytes():
            target.write(piece)
            received += len(piece)
            if on_progress is not None:
                on_progress(Progress(rows, received, expected))
    return rows, received


@contextmanager
def written(path: Path, *, replace: bool) -> Iterator[IO[bytes]]:
    """Lend a file that gets its name at the end of the ``with`` block.

    Raises:
        FileExistsError: there is one of that name.

    """
    _refuse_existing(path, replace=replace)
    # A name of its own, so that two exports to one place don't write into one file.
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            yield file
        _refuse_existing(path, replace=replace)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _refuse_existing(path: Path, *, replace: bool) -> None:
    if not replace and path.exists():
        raise FileExistsError(f"{path} exists; name another file, or replace it with replace=True.")
