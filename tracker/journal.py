"""The journal: where an event is safe before it is acknowledged.

On disk: one directory, one SQLite file per edge worker at a time, ``<worker>-<time and random hex>.journal``,
WAL with synchronous=FULL, so a commit is an fsync. Rows are *frames*: all events that arrived while the
previous commit was under way, as one MessagePack array in one row. ``seq`` counts frames from 1 without
gaps. Beside it lies ``<name>.lock``, held with flock by its writer: whoever can take that lock knows the
writer is dead and the file will not grow. A journal without a lock file (an import) is complete.

Invariants:

- ``append`` returns only after the event's frame is committed. When the commit fails, every caller in
  that frame gets the error and nothing is acknowledged.
- Frames are never changed. A range of frames read once reads the same for ever.
- One frame is under way at a time, and whoever commits it owns the database: the event loop itself while
  the disk is quick, a thread while it is slow or a new file is due. The two meet only through a queue and
  ``call_soon_threadsafe``, so there is no lock on the request path.
- The write-ahead log is folded into the file when the file is closed, not while visitors wait.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import queue
import secrets
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from kernel import faults
from kernel.logging import log
from kernel.metrics import counter, observe
from tracker.errors import JOURNAL_UNAVAILABLE

SUFFIX = ".journal"
LOCK_SUFFIX = ".lock"
DIRECTORY = "journals"
"""Journals' place below the data directory."""
APPLICATION_ID = 0x434C4A31  # "CLJ1"
_BUSY_SECONDS = 10.0
QUICK_SECONDS = 0.001
"""A disk that commits within this is written from the event loop, because two changes of thread and their
waits for the interpreter's lock take longer. It is as quick as the quickest of its last ``JUDGED_COMMITS``."""
JUDGED_COMMITS = 8
RETRY_SECONDS = 0.2
"""How long after a failed write no new file is begun, so that a full disk isn't filled up with empty files."""

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
        self.bytes_written = 0

    def write(self, payloads: Sequence[bytes]) -> None:
        """Append one frame and commit it to the disk.

        Raises:
            sqlite3.Error, OSError: nothing was written.

        """
        body = pack_frame(payloads)
        faults.point("journal.before_fsync")
        # One statement in autocommit: one turn with the interpreter lock, one fsync.
        self._db.execute("INSERT INTO frames (events, body) VALUES (?, ?)", (len(payloads), body))
        faults.point("journal.after_fsync")
        self.bytes_written += len(body)

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._db.close()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Held:
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
        os.close(self._descriptor)


class JournalWriter:
    """Group commit for one edge worker: many ``append`` calls, one fsync."""

    def __init__(self, directory: Path, worker: str, rotate_bytes: int) -> None:
        """Prepare a writer; ``start`` opens the first file.

        Args:
            directory: Where the journals lie.
            worker: Name of this edge worker, the first part of the files' names.
            rotate_bytes: Size at which the next file is begun.

        """
        self._directory = directory
        self._worker = worker
        self._rotate_bytes = rotate_bytes
        self._payloads: list[bytes] = []
        self._futures: list[asyncio.Future[None]] = []
        self._busy = False
        self._commits = 0
        self._commit_seconds = deque([inf], maxlen=JUDGED_COMMITS)
        self._stopped = False
        self._retry_at = 0.0
        self._work: queue.SimpleQueue[tuple[list[bytes], list[asyncio.Future[None]]] | None] = queue.SimpleQueue()
        self._file: JournalFile | None = None
        self._lock: _Held | None = None
        self._closers: list[threading.Thread] = []
        self._committed_events = counter("clickledger_journal_events_total")

    async def start(self) -> None:
        """Open the first file and the writer thread.

        Raises:
            OSError, sqlite3.Error: the directory can't be written.

        """
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._open_file()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def writable(self) -> bool:
        """Whether the last frame could be written and more are taken."""
        return self._file is not None and not self._stopped

    @property
    def name(self) -> str:
        """The current file's name without suffix."""
        return self._file.path.stem if self._file else ""

    def append(self, payload: bytes) -> asyncio.Future[None]:
        """Add an encoded event to the next frame.

        Returns:
            A future that is done when the event is on the disk, or fails with ``journal_unavailable``.

        """
        future = self._loop.create_future()
        if self._stopped:
            future.set_exception(JOURNAL_UNAVAILABLE.error())
            return future
        self._payloads.append(payload)
        self._futures.append(future)
        if not self._busy:
            self._busy = True
            # One turn of the loop later, so that requests that arrived together share the first frame.
            self._loop.call_soon(self._begin_frame)
        return future

    def revive(self) -> None:
        """Try a new file when the last one failed; else an edge that gets no requests would stay unready."""
        if self._file is None and not self._busy and not self._stopped:
            self._busy = True
            self._begin_frame()

    def _begin_frame(self) -> None:
        payloads, futures = self._payloads, self._futures
        self._payloads, self._futures = [], []
        if min(self._commit_seconds) < QUICK_SECONDS and not self._file_is_due():
            self._committed(futures, self._commit(payloads))
        else:
            self._work.put((payloads, futures))

    def _committed(self, futures: list[asyncio.Future[None]], error: Exception | None) -> None:
        self._committed_events.n += len(futures) if error is None else 0
        for future in futures:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(JOURNAL_UNAVAILABLE.error())
        if self._payloads:
            self._begin_frame()
        else:
            self._busy = False
            self._idle.set()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            payloads, futures = work
            self._loop.call_soon_threadsafe(self._committed, futures, self._commit(payloads))

    def _commit(self, payloads: list[bytes]) -> Exception | None:
        """Make one frame durable; return why that failed, if it did."""
        try:
            self._write(payloads)
        except Exception as why:  # noqa: BLE001 - a writer that dies leaves every visitor waiting for ever
            if self._file is not None or time.monotonic() >= self._retry_at:
                log("journal").error("journal_write_failed", events=len(payloads), why=str(why))
                # A connection that met a disk error is not trusted again; frames already committed stay.
                self._retire()
                self._retry_at = time.monotonic() + RETRY_SECONDS
            return why
        return None

    def _write(self, payloads: list[bytes]) -> None:
        if self._file is None and time.monotonic() < self._retry_at:
            raise OSError("the journal could not be written a moment ago")
        if self._file_is_due():
            self._retire()
            self._open_file()
        assert self._file is not None  # noqa: S101 - _open_file opens one or raises
        if not payloads:
            return
        faults.point("journal.after_append")
        begin = time.perf_counter()
        self._file.write(payloads)
        seconds = time.perf_counter() - begin
        self._commit_seconds.append(seconds)
        self._commits += 1
        if self._commits % 16 == 0:  # of thousands a second, these show as much as all would
            observe("clickledger_journal_commit_seconds", seconds)

    def _open_file(self) -> None:
        stem = f"{self._worker}-{time.time_ns() // 1_000_000:012x}{secrets.token_hex(4)}"
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = _Held(self._directory / f"{stem}{LOCK_SUFFIX}")
        try:
            self._file = JournalFile(self._directory / f"{stem}{SUFFIX}")
        except BaseException:
            lock.release()
            lock.path.unlink(missing_ok=True)
            raise
        self._lock = lock

    def _retire(self) -> None:
        """Close the current file aside, so that folding its log delays nobody."""
        file, lock = self._file, self._lock
        self._file = self._lock = None

        def close() -> None:
            try:
                if file:
                    file.close()
            except sqlite3.Error as why:
                log("journal").warning("journal_close_failed", why=str(why))
            finally:
                if lock:
                    lock.release()

        closer = threading.Thread(target=close, name="journal-closer")
        closer.start()
        self._closers = [c for c in self._closers if c.is_alive()] + [closer]

    def _file_is_due(self) -> bool:
        return self._file is None or self._file.bytes_written > self._rotate_bytes

    async def stop(self) -> None:
        """Refuse further events, commit what is waiting and close the file."""
        self._stopped = True
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
        self._work.put(None)
        await asyncio.to_thread(self._thread.join)
        self._retire()
        for closer in self._closers:
            await asyncio.to_thread(closer.join)


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
        path.with_name(path.name + "-wal"),
        path.with_name(path.name + "-shm"),
        path.with_suffix(LOCK_SUFFIX),
    )
    for each in (path, *beside):
        each.unlink(missing_ok=True)
