"""The pipeline's own memory: which journal ranges are frozen, shipped, waiting. One SQLite file per host.

Invariants, each the base of "exactly once":

- A range of frames is *frozen*, written here and committed, before its first insert is tried; every
  further try sends the same range under the same token.
- ``checkpoint`` is one transaction: the range counts as shipped and its postbacks lie in the inbox, or
  neither.
- A postback leaves the inbox in the same transaction that puts its finished rows into the outbox. The
  outbox keeps the very bytes that are inserted, so a batch can't change between tries, though what it
  was made from (the store's state) does.
- What the pipeline itself puts into the inbox (the end of a hold period) has a name of its own, so that it
  lies there once, however often it is put.
- Acknowledged ranges and outbox batches stay for the retention time: the store's acknowledgement is not
  an fsync, so after an unclean start they are sent again under their tokens.
- No transaction outlives the call that began it, whatever fails: what is written next is committed alone.

The file belongs to its journals and its event store: an older copy put back beside newer ones would freeze
other ranges under other tokens.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tracker.pipeline.entries import ArrivedPostback, FrozenBatch, OutboxBatch, WaitingPostback

LEDGER_FILE = "pipeline.db"

# inbox.click_id holds the group of what waits: most often, and at first always, the id of its click.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS journals (
    name TEXT PRIMARY KEY, next_seq INTEGER NOT NULL, events INTEGER NOT NULL, finished_at REAL
);
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, journal TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    events INTEGER NOT NULL, acked_at REAL
);
CREATE INDEX IF NOT EXISTS batches_by_journal ON batches (journal, acked_at);
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY, journal TEXT NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL,
    ts INTEGER NOT NULL, click_id TEXT NOT NULL, body BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    next_try REAL NOT NULL DEFAULT 0, UNIQUE (journal, seq, place)
);
CREATE INDEX IF NOT EXISTS inbox_by_turn ON inbox (next_try, click_id);
CREATE INDEX IF NOT EXISTS inbox_by_click ON inbox (click_id);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, body BLOB NOT NULL,
    rows INTEGER NOT NULL, acked_at REAL
);
CREATE INDEX IF NOT EXISTS outbox_by_state ON outbox (acked_at);
"""


class Ledger:
    """The pipeline's memory. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            sqlite3.Error: the file can't be written.

        """
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('instance', ?)", (secrets.token_hex(8),))
        self.instance: str = self._meta("instance")
        self.was_unclean = self._meta("open") == "1"
        """Whether the last owner ended unasked, or before it had sent again what an owner before it left."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('open', '1')")

    def _meta(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk may have ended it already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self, *, clean: bool = True) -> None:
        """Close.

        Args:
            clean: Whether nothing has to be sent again at the next start.

        """
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('open', ?)", ("0" if clean else "1",))
        self._db.close()

    # journals

    def next_seq(self, journal: str) -> int:
        """Return the first frame of ``journal`` that is not shipped."""
        row = self._db.execute("SELECT next_seq FROM journals WHERE name = ?", (journal,)).fetchone()
        return int(row[0]) if row else 1

    def frozen(self, journal: str) -> FrozenBatch | None:
        """Return the range of ``journal`` that was frozen and not acknowledged."""
        row = self._db.execute(
            "SELECT id, journal, first, last, events FROM batches WHERE journal = ? AND acked_at IS NULL",
            (journal,),
        ).fetchone()
        return FrozenBatch(*row) if row else None

    def freeze(self, journal: str, first: int, last: int, events: int) -> FrozenBatch:
        """Write a range down, durably, before its first try."""
        cursor = self._db.execute(
            "INSERT INTO batches (journal, first, last, events) VALUES (?, ?, ?, ?)",
            (journal, first, last, events),
        )
        return FrozenBatch(int(cursor.lastrowid or 0), journal, first, last, events)

    def checkpoint(self, batch: FrozenBatch, postbacks: Iterable[ArrivedPostback], now: float) -> None:
        """Count a range as shipped and put its postbacks into the inbox.

        Args:
            batch: The range whose rows the store acknowledged.
            postbacks: Its postbacks.
            now: Seconds since 1970.

        """
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO inbox (journal, seq, place, ts, click_id, body) VALUES (?, ?, ?, ?, ?, ?)",
                ((batch.journal, p.seq, p.place, p.ts, p.group, p.body) for p in postbacks),
            )
            self._db.execute("UPDATE batches SET acked_at = ? WHERE id = ?", (now, batch.id))
            self._db.execute(
                "INSERT INTO journals (name, next_seq, events) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET next_seq = excluded.next_seq, events = events + excluded.events",
                (batch.journal, batch.last + 1, batch.events),
            )

    def acknowledged_since(self, moment: float) -> list[FrozenBatch]:
        """Return the ranges acknowledged after ``moment``, oldest first."""
        rows = self._db.execute(
            "SELECT id, journal, first, last, events FROM batches WHERE acked_at > ? ORDER BY id", (moment,)
        )
        return [FrozenBatch(*row) for row in rows]

    def last_acknowledged(self, journal: str) -> float:
        """Return when the newest range of ``journal`` was acknowledged, 0 for never."""
        row = self._db.execute("SELECT max(acked_at) FROM batches WHERE journal = ?", (journal,)).fetchone()
        return float(row[0] or 0)

    def finish(self, journal: str, now: float) -> None:
        """Note that a journal is wholly shipped and about to be deleted; its name stays known."""
        with self._transaction():
            self._db.execute("DELETE FROM batches WHERE journal = ?", (journal,))
            self._db.execute(
                "INSERT INTO journals VALUES (?, 1, 0, ?) "
                "ON CONFLICT (name) DO UPDATE SET finished_at = excluded.finished_at",
                (journal, now),
            )

    def journals(self) -> dict[str, tuple[int, int, bool]]:
        """Return each journal's (next frame, shipped events, finished) by name."""
        rows = self._db.execute("SELECT name, next_seq, events, finished_at IS NOT NULL FROM journals")
        return {name: (seq, events, bool(finished)) for name, seq, events, finished in rows}

    # inbox and outbox

    def put(self, postbacks: Iterable[tuple[str, ArrivedPostback]]) -> None:
        """Put the pipeline's own postbacks into the inbox; what lies there already stays as it is.

        Args:
            postbacks: With what takes a journal's place in their origin, so that each has one of its own.

        """
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO inbox (journal, seq, place, ts, click_id, body) VALUES (?, ?, ?, ?, ?, ?)",
                ((origin, p.seq, p.place, p.ts, p.group, p.body) for origin, p in postbacks),
            )

    def newest_waiting(self) -> int:
        """Return the inbox id of the postback that came last, 0 when none waits."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM inbox").fetchone()[0])

    def due(self, now: float, up_to: int, before_ms: float, limit: int) -> list[WaitingPostback]:
        """Return postbacks whose turn has come, in the order they were received.

        With one that is due come all earlier ones of its group, so that it overtakes none that waits.

        Args:
            now: Seconds since 1970.
            up_to: Only those with this inbox id or a smaller one, and the earlier ones of their groups.
            before_ms: Only those received before this, in milliseconds since 1970.
            limit: Most to return; the latest are left out.

        """
        rows = self._db.execute(
            "SELECT id, journal || ':' || seq || ':' || place, ts, body, tries, next_try <= ?1 FROM inbox "
            "WHERE click_id IN (SELECT click_id FROM inbox WHERE next_try <= ?1) AND ts < ?3 "
            "AND ts <= (SELECT max(ts) FROM inbox AS seen WHERE seen.click_id = inbox.click_id AND seen.id <= ?2) "
            "ORDER BY ts, id LIMIT ?4",
            (now, up_to, before_ms, limit),
        )
        return [
            WaitingPostback(number, origin, ts, body, tries, is_due=bool(is_due))
            for number, origin, ts, body, tries, is_due in rows
        ]

    def waiting(self) -> int:
        """Return how many postbacks are in the inbox."""
        return int(self._db.execute("SELECT count(*) FROM inbox").fetchone()[0])

    def settle(
        self,
        done: Sequence[int],
        later: Sequence[tuple[float, int]],
        batches: Sequence[tuple[str, bytes, int]],
    ) -> None:
        """Replace postbacks by their finished rows, in one transaction.

        Args:
            done: Inbox ids that are processed.
            later: (next try in seconds since 1970, inbox id) of those that must wait.
            batches: (table, Arrow stream, number of rows) for the outbox.

        """
        with self._transaction():
            self._db.executemany("DELETE FROM inbox WHERE id = ?", ((i,) for i in done))
            self._db.executemany("UPDATE inbox SET tries = tries + 1, next_try = ? WHERE id = ?", later)
            self._db.executemany("INSERT INTO outbox (destination, body, rows) VALUES (?, ?, ?)", batches)

    def unsent(self) -> list[OutboxBatch]:
        """Return the outbox's batches that the store has not acknowledged, in order."""
        return self._outbox("acked_at IS NULL ORDER BY id", ())

    def sent_since(self, moment: float) -> list[int]:
        """Return the ids of the outbox's batches acknowledged after ``moment``, in order."""
        return [i for (i,) in self._db.execute("SELECT id FROM outbox WHERE acked_at > ? ORDER BY id", (moment,))]

    def outbox(self, batch_id: int) -> OutboxBatch | None:
        """Return a batch of the outbox, None when it was forgotten."""
        return next(iter(self._outbox("id = ?", (batch_id,))), None)

    def _outbox(self, condition: str, values: tuple[float, ...]) -> list[OutboxBatch]:
        rows = self._db.execute(
            f"SELECT id, destination, body, rows FROM outbox WHERE {condition}",  # noqa: S608 - literals above
            values,
        )
        return [OutboxBatch(*row) for row in rows]

    def sent(self, batch: OutboxBatch, now: float) -> None:
        """Note that the store acknowledged an outbox batch."""
        self._db.execute("UPDATE outbox SET acked_at = ? WHERE id = ?", (now, batch.id))

    def forget_before(self, moment: float) -> None:
        """Drop what was acknowledged before ``moment`` and need not be sent again."""
        self._db.execute("DELETE FROM outbox WHERE acked_at < ?", (moment,))
        # The newest of each journal stays: it tells how long the journal has been at rest.
        self._db.execute(
            "DELETE FROM batches WHERE acked_at < ? AND id NOT IN "
            "(SELECT max(id) FROM batches WHERE acked_at IS NOT NULL GROUP BY journal)",
            (moment,),
        )

    def outbox_token(self, batch: OutboxBatch) -> str:
        """Return the deduplication token of an outbox batch; unique over all installations."""
        return f"outbox-{self.instance}:{batch.id}:{batch.table}"
