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
- The write-ahead log is folded into the file when the file is closed, not while visitors wait.
"""

from __future__ import annotations

from tracker.journal.files import (
    DIRECTORY,
    LOCK_SUFFIX,
    SUFFIX,
    Frame,
    JournalFile,
    JournalReader,
    UnreadableError,
    delete,
    is_sealed,
    journal_paths,
    pack_frame,
    sync_directory,
)
from tracker.journal.writer import JournalWriter

__all__ = [
    "DIRECTORY",
    "LOCK_SUFFIX",
    "SUFFIX",
    "Frame",
    "JournalFile",
    "JournalReader",
    "JournalWriter",
    "UnreadableError",
    "delete",
    "is_sealed",
    "journal_paths",
    "pack_frame",
    "sync_directory",
]
