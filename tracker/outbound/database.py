"""``outbound.db``: the SQLite file that holds what is still to be sent, and the tries not yet in the event store.

Two threads use it, each with a connection of its own: the pipeline's, which adds messages and ships tries, and
the sender's. Invariants: every write is one transaction, on the disk when it returns; no transaction outlives the
call that began it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUTBOUND_FILE = "outbound.db"
_LOCK_SECONDS = 10

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, host TEXT NOT NULL, lane TEXT NOT NULL,
    change_seq INTEGER NOT NULL, body BLOB, blocked INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL,
    began_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0, actor TEXT NOT NULL DEFAULT '', resent_ts INTEGER NOT NULL DEFAULT 0,
    finished_at REAL
);
CREATE INDEX IF NOT EXISTS messages_by_turn ON messages (host, due_at) WHERE finished_at IS NULL AND blocked = 0;
CREATE INDEX IF NOT EXISTS messages_by_lane ON messages (lane, change_seq) WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS messages_by_end ON messages (finished_at) WHERE finished_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS spool (number INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL, last INTEGER NOT NULL, acked_at REAL
);
"""


class Database:
    """One thread's connection."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            sqlite3.Error: the file can't be written.

        """
        self.connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=_LOCK_SECONDS
        )
        self.execute = self.connection.execute
        self.executemany = self.connection.executemany
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = FULL")
        self.connection.executescript(_SCHEMA)
        self.execute("INSERT OR IGNORE INTO meta VALUES ('instance', ?)", (secrets.token_hex(8),))

    def meta(self, name: str) -> str:
        """Return what is remembered under a name, '' for nothing."""
        row = self.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def remember(self, name: str, value: str) -> None:
        """Remember something under a name."""
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything in the block one write."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A full disk may have ended it already.
            if self.connection.in_transaction:
                self.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
