"""Group commit: many events, one fsync, and the callers wait for it.

One frame is under way at a time, and whoever commits it owns the database: the event loop itself while
the disk is quick, a thread while it is slow or a new file is due. The two meet only through a queue and
``call_soon_threadsafe``, so there is no lock on the request path.
"""

from __future__ import annotations

import asyncio
import queue
import secrets
import sqlite3
import threading
import time
from collections import deque
from math import inf
from pathlib import Path

from kernel import faults
from kernel.logging import log
from kernel.metrics import counter, observe
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.journal.files import LOCK_SUFFIX, SUFFIX, HeldLock, JournalFile

QUICK_SECONDS = 0.001
"""A disk that commits within this is written from the event loop, because two changes of thread and their
waits for the interpreter's lock take longer. It is as quick as the quickest of its last ``JUDGED_COMMITS``."""
JUDGED_COMMITS = 8
RETRY_SECONDS = 0.2
"""How long after a failed write no new file is begun, so that a full disk isn't filled up with empty files."""


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
        self._lock: HeldLock | None = None
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
        lock = HeldLock(self._directory / f"{stem}{LOCK_SUFFIX}")
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
