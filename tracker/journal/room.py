"""Room for a journal's write-ahead log, made before it is needed.

A commit that makes its file longer has to make the new length durable too, which costs many disks as much again as
the data: measured on ext4, a frame of twelve clicks takes 0.32 ms that way and 0.18 ms inside a file that is long
enough already. So once a log is written to briskly, zeros are written ahead of it. SQLite takes them for the log's
end, as it does with what an earlier round left there: a frame that doesn't bear the log's salts is none
(https://sqlite.org/fileformat.html#the_write_ahead_log).

Invariants: no byte is touched that SQLite has written or can write before it asks again; nothing here delays a
commit by more than the writing of one piece; where room can't be made (a full disk), what was begun is given back
and commits cost what they did.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

BRISK_BYTES = 256 * 1024
"""Length of a log up to which no room is made: a quiet edge's journal stays as small as its clicks."""
LOW_BYTES = 2 * 1024 * 1024
"""Room below which more is made: a tenth of a second of the busiest edge."""
MORE_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 512 * 1024
"""Written and synced at once. A commit at that moment waits for it too: a millisecond."""

_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_HEADER_SALTS = slice(16, 24)
_OTHER_PAGES = 10
"""Pages that one INSERT can write beside its body's: the file's first, and the tree's from root to leaf."""
_FRAMES_TOGETHER = 64
"""Frames of the log read at once when it is looked at."""
_ZEROS = bytes(PIECE_BYTES)


class Room:
    """The room of one log; ``before_commit`` is called by whoever commits, one at a time."""

    def __init__(self, log: Path, page_bytes: int) -> None:
        """Open a log that exists.

        Args:
            log: SQLite's write-ahead log, which only this process writes to.
            page_bytes: Size of the database's pages.

        Raises:
            OSError: it can't be opened.

        """
        self._frame_bytes = _FRAME_HEADER_BYTES + page_bytes
        self._descriptor = os.open(log, os.O_RDWR | os.O_CLOEXEC)
        self._salts = self._named()
        self._used = _HEADER_BYTES
        """Where SQLite's next frame begins, when last looked at."""
        self._done = self._promised = 0
        """Bytes that all commits but the one under way, and all of them, can have written at most."""
        self._offset = 0
        """Added to ``_promised``: where the log can end at most."""
        self._end = os.fstat(self._descriptor).st_size
        """Where the next zeros begin: no commit that was promised reaches beyond."""
        self._writing = threading.Lock()
        self._maker: threading.Thread | None = None
        self._given_up = False
        self._look()

    def before_commit(self, body_bytes: int) -> None:
        """Note that so much is about to be committed, and see to room for what follows.

        It asks the system for nothing as long as there is room: each call would hand the interpreter's lock to
        another thread, and getting it back can cost more than the commit.
        """
        self._done = self._promised
        self._promised += (body_bytes // (self._frame_bytes // 2) + _OTHER_PAGES) * self._frame_bytes
        if self._left() >= LOW_BYTES or self._given_up:
            return
        if self._left() < 0:
            # Zeros that are being written just now would lie where the commit comes to lie.
            with self._writing:
                self._look()
                self._end = max(self._end, self._promised + self._offset)
        is_made = self._maker is not None and self._maker.is_alive()
        if self._used > BRISK_BYTES and not is_made and not self._given_up:
            self._maker = threading.Thread(target=self._make, name="journal-room", daemon=True)
            self._maker.start()

    def close(self) -> None:
        """Make no more, and let go of the log."""
        self._given_up = True
        if self._maker is not None:
            self._maker.join()
        os.close(self._descriptor)

    def _left(self) -> int:
        return self._end - self._promised - self._offset

    def _named(self) -> bytes:
        return os.pread(self._descriptor, _HEADER_BYTES, 0)[_HEADER_SALTS]

    def _look(self) -> None:
        """Follow the log to where its frames end: what was promised is far more than what is written."""
        if self._named() != self._salts:
            # Somebody folded the log by hand: it began anew, and nothing known of it holds.
            self._given_up = True
            return
        # First what was committed, then how far it reaches: a commit meanwhile is counted twice, none never.
        done = self._done
        while True:
            several = os.pread(self._descriptor, _FRAMES_TOGETHER * self._frame_bytes, self._used)
            begin = self._used
            for at in range(0, len(several) - _FRAME_HEADER_BYTES, self._frame_bytes):
                if several[at + 8 : at + 16] != self._salts:
                    break
                self._used = begin + at + self._frame_bytes
            if self._used < begin + len(several) or not several:
                break
        self._offset = self._used - done

    def _make(self) -> None:
        with self._writing:
            self._look()
            if self._left() >= LOW_BYTES:
                return
            self._end = max(self._end, os.fstat(self._descriptor).st_size)
        for _ in range(MORE_BYTES // PIECE_BYTES):
            with self._writing:
                if self._given_up:
                    return
                try:
                    written = os.pwrite(self._descriptor, _ZEROS, self._end)
                    os.fdatasync(self._descriptor)
                except OSError:
                    self._given_up = True
                    # All that is committed or can be lies before.
                    os.ftruncate(self._descriptor, self._end)
                    return
                self._end += written
