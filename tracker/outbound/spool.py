"""From recorded tries to rows of ``outbound_attempts``, each of them once.

Invariants: a range of records is frozen, written down and committed, before its first insert, and every further
insert sends the same range under the same token; acknowledged ranges stay for the retention time, because the
store's acknowledgement is not an fsync, and are sent again after an unclean end. A store that refuses delays the
log of tries and nothing else: sending and the rest of the pipeline go on.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from kernel.logging import log
from kernel.metrics import counter
from tracker.outbound.database import Database

TABLE = "outbound_attempts"
MOST_ROWS = 1_000
"""In one insert; a record has up to some ten kilobytes."""
SHIP_SECONDS = 1.0
"""Between two inserts: few enough that the store's memory of tokens outlasts the retention by far."""
REFUSED_PAUSE_SECONDS = 5.0

_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


class Spool:
    """The records of tries on their way to the event store; for the pipeline's thread."""

    def __init__(
        self, path: Path, store: Client, retention_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the file; after an unclean end what was acknowledged lately will be sent again.

        Raises:
            sqlite3.Error: the file can't be written.

        """
        self._db = Database(path)
        self._store = store
        self._retention_s = retention_s
        self._clock = clock
        self._instance = self._db.meta("instance")
        self._next = 0.0
        self._is_away = False
        self._rows = counter("clickledger_pipeline_rows_total", table=TABLE)
        if self._db.meta("open") == "1":
            self._db.execute("UPDATE batches SET acked_at = NULL WHERE acked_at > ?", (clock() - retention_s,))
        self._db.remember("open", "1")

    def ship(self, *, at_once: bool = False) -> int:
        """Insert what was recorded, when it is time to; return the number of rows inserted.

        Args:
            at_once: Whether to insert whatever the time.

        """
        now = self._clock()
        if now < self._next and not at_once:
            return 0
        self._next = now + SHIP_SECONDS
        try:
            shipped = self._ship(now)
        except (DriverError, OSError, sqlite3.Error) as why:
            log("outbound").warning("attempts_not_stored", why=str(why)[:300])
            self._next = now + REFUSED_PAUSE_SECONDS
            self._is_away = True
            return 0
        self._is_away = False
        return shipped

    def close(self) -> None:
        """Ship what is left, unless the store was just away, and close; the rest goes after the next start."""
        if not self._is_away:
            self.ship(at_once=True)
        owes = self._db.execute("SELECT 1 FROM batches WHERE acked_at IS NULL LIMIT 1").fetchone()
        self._db.remember("open", "1" if owes else "0")
        self._db.close()

    def _ship(self, now: float) -> int:
        self._freeze()
        rows = 0
        waiting = self._db.execute("SELECT id, first, last FROM batches WHERE acked_at IS NULL ORDER BY id")
        for batch, first, last in waiting.fetchall():
            records = self._db.execute(
                "SELECT body FROM spool WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
            )
            found = [_decode(body) for (body,) in records]
            clickhouse.insert(
                self._store, TABLE, rows_table(TABLE, found), f"outbound-{self._instance}:{batch}:{TABLE}"
            )
            self._db.execute("UPDATE batches SET acked_at = ? WHERE id = ?", (now, batch))
            self._rows.n += len(found)
            rows += len(found)
        self._forget(now - self._retention_s)
        return rows

    def _freeze(self) -> None:
        """Write the next range down, unless one is frozen and not acknowledged."""
        if self._db.execute("SELECT 1 FROM batches WHERE acked_at IS NULL LIMIT 1").fetchone():
            return
        first, last = self._db.execute(
            "SELECT min(number), max(number) FROM (SELECT number FROM spool "
            "WHERE number > (SELECT coalesce(max(last), 0) FROM batches) ORDER BY number LIMIT ?)",
            (MOST_ROWS,),
        ).fetchone()
        if first is not None:
            self._db.execute("INSERT INTO batches (first, last) VALUES (?, ?)", (first, last))

    def _forget(self, moment: float) -> None:
        """Drop the ranges acknowledged before a moment, with their records."""
        last = self._db.execute("SELECT max(last) FROM batches WHERE acked_at < ?", (moment,)).fetchone()[0]
        if last is None:
            return
        with self._db.transaction():
            self._db.execute("DELETE FROM spool WHERE number <= ?", (last,))
            self._db.execute("DELETE FROM batches WHERE last <= ?", (last,))
