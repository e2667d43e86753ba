"""The journal's files: their format, writing and reading frames, who holds them."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel import faults
from tracker.journal.room import Room

SUFFIX = ".journal"
LOCK_SUFFIX = ".lock"
LOG_SUFFIX = "-wal"
"""SQLite's write-ahead log, beside the file."""
DIRECTORY = "journals"
"""Journals' place below the data directory."""
APPLICATION_ID = 0x434C4A31  # "CLJ1"
_BUSY_SECONDS = 10.0

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE IF NOT EXISTS frames (seq INTEGER PRIMARY KEY, events INTEGER NOT NULL, body BLOB NOT NULL);
"""


def pack_frame(payloads: Sequence[bytes]) -> bytes:
    """Return the MessagePack array of already encoded events."""
    return b"\xdd" + len(payloads).to_bytes(4, "big") + b"".join(payloads)


class JournalFile:
    """One journal file, opened for writing frames. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        """Create or continue the file at ``path``, durably."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")
        self._db.executescript(_SCHEMA)
        sync_directory(path.parent)
        (page_bytes,) = self._db.execute("PRAGMA page_size").fetchone()
        self._room = Room(path.with_name(path.name + LOG_SUFFIX), page_bytes)
        self.bytes_written = 0

    def write(self, payloads: Sequence[bytes]) -> None:
        """Append one frame and commit it to the disk.

        Raises:
            sqlite3.Error, OSError: nothing was written.

        """
        body = pack_frame(payloads)
        self._room.before_commit(len(body))
        faults.point("journal.before_fsync")
        # One statement in autocommit: one turn with the interpreter lock, one fsync.
        self._db.execute("INSERT INTO frames (events, body) VALUES (?, ?)", (len(payloads), body))
        faults.point("journal.after_fsync")
        self.bytes_written += len(body)

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._room.close()
        self._db.close()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class HeldLock:
    """A lock file held by this process until closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Let go of the lock: the journal beside it won't grow."""
        os.close(self._descriptor)


class UnreadableError(Exception):
    """A journal can't be read: its file is damaged or its disk fails. Others may be well."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A committed frame: its number and its MessagePack array of ``events`` events."""

    seq: int
    events: int
    body: bytes


class JournalReader:
    """Reads the committed frames of one journal, also while it is written; raises ``UnreadableError``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)

    def end_of_range(self, first: int, most_events: int) -> tuple[int, int]:
        """Return the last frame of a batch that starts at ``first``, and its number of events.

        At least one frame, and no more than ``most_events`` events unless that one frame has more;
        (first - 1, 0) when nothing is there yet.
        """
        last, total = first - 1, 0
        for seq, events in self._rows(
            "SELECT seq, events FROM frames WHERE seq >= ? ORDER BY seq LIMIT ?", (first, most_events)
        ):
            if total and total + events > most_events:
                break
            last, total = seq, total + events
        return last, total

    def frames(self, first: int, last: int) -> Iterator[Frame]:
        """Yield the frames of a range in order."""
        for seq, events, body in self._rows(
            "SELECT seq, events, body FROM frames WHERE seq BETWEEN ? AND ? ORDER BY seq", (first, last)
        ):
            yield Frame(seq, events, body)

    def backlog(self, first: int) -> int:
        """Return how many events lie at and after frame ``first``."""
        return sum(
            events for (events,) in self._rows("SELECT sum(events) FROM frames WHERE seq >= ?", (first,)) if events
        )

    def _rows(self, statement: str, parameters: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(statement, parameters)
        except sqlite3.Error as why:
            # Its writer was killed, or its disk was full, between making the file and making the table.
            if "no such table" not in str(why):
                raise UnreadableError(f"{self.path.name} can't be read: {why}") from why

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def journal_paths(directory: Path) -> list[Path]:
    """Return the journals in a directory, oldest name first."""
    return sorted(directory.glob(f"*{SUFFIX}"), key=lambda p: p.stem)


def is_sealed(path: Path) -> bool:
    """Tell whether a journal's writer is gone, so that it will never grow."""
    try:
        descriptor = os.open(path.with_suffix(LOCK_SUFFIX), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def delete(path: Path) -> None:
    """Remove a journal and what lies beside it."""
    beside = (
        path.with_name(path.name + LOG_SUFFIX),
        path.with_name(path.name + "-shm"),
        path.with_suffix(LOCK_SUFFIX),
    )
    for each in (path, *beside):
        each.unlink(missing_ok=True)
