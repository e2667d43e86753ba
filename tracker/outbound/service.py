"""What the pipeline has of outgoing messages: give it changes, have messages sent again, ship the log of tries.

Invariants: ``enqueue`` and ``resend`` are durable when they return, may be called again with the same, and are
called by the pipeline's thread, as is ``each_round``; sending happens elsewhere and never makes them wait for a
receiver. A message of another host, or of long ago, is sent again as the store's record of its last try says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from kernel.logging import log
from kernel.settings import Settings
from tracker.events import Outgoing
from tracker.outbound import sql
from tracker.outbound.database import OUTBOUND_FILE
from tracker.outbound.guard import Guard
from tracker.outbound.messages import Message, messages
from tracker.outbound.queue import Queue
from tracker.outbound.sender import GRACE_SECONDS, Sender
from tracker.outbound.spool import Spool
from tracker.snapshot import Snapshot, SnapshotFile

_JOIN_SECONDS = GRACE_SECONDS + 1.0


class Outbound:
    """The outgoing messages of this host."""

    def __init__(
        self,
        path: Path,
        store: Client,
        program: Callable[[], Snapshot],
        secret: bytes,
        sender: Sender,
        retention_s: float,
    ) -> None:
        """Open the queue.

        Args:
            path: Its file.
            store: Read-write client of the event store.
            program: Returns the current snapshot; called by the pipeline's thread only.
            secret: Key of the ``_hash`` macros.
            sender: Sends what is in the queue; started and stopped elsewhere.
            retention_s: Seconds for which shipped tries can be sent to the store again.

        Raises:
            sqlite3.Error: the file can't be written.

        """
        self._store = store
        self._program = program
        self._secret = secret
        self._sender = sender
        self._queue = Queue(path)
        self._spool = Spool(path, store, retention_s)

    def enqueue(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Queue what changed conversions call for; rows with the columns of ``conversion_changes``.

        Raises:
            sqlite3.Error: it can't be written; call again with the same.

        """
        made = list(messages(rows, self._program(), self._secret))
        if made and self._queue.add(made, time.time()):
            self._sender.wake()

    def resend(self, orders: Sequence[Outgoing]) -> None:
        """Have messages sent again.

        Raises:
            DriverError, OSError, sqlite3.Error: a store is away; call again with the same.

        """
        for order in orders:
            if self._queue.knows_resend(order.message_id, order.ts):
                continue
            if self._queue.unfinished(order.message_id):
                self._queue.hurry(order.message_id, order.ts, order.actor, time.time())
            elif (found := last_try(self._store, order.message_id)) is not None:
                message, attempts = found
                self._queue.again(message, attempts, order.ts, order.actor, time.time())
            else:
                log("outbound").warning("message_unknown", message=order.message_id)
            self._sender.wake()

    def each_round(self) -> None:
        """Ship recorded tries, about once a second."""
        self._spool.ship()

    def close(self) -> None:
        """Ship what the store takes, and close the files; the sender has ended."""
        self._spool.close()
        self._queue.close()


@contextmanager
def open_outbound(chosen: Settings, store: Client, secret: bytes) -> Iterator[tuple[Outbound, Sender]]:
    """Open the outgoing messages of this host; the sender has to be started, and is stopped after the block.

    Args:
        chosen: The settings.
        store: Read-write client of the event store.
        secret: Key of the ``_hash`` macros.

    Raises:
        sqlite3.Error: the data directory can't be written.

    """
    path = chosen.data_dir / OUTBOUND_FILE
    # The two threads each have their own view of the snapshot's file.
    sender = Sender(path, SnapshotFile(chosen.data_dir).current, Guard.of(chosen), chosen.outbound_connections)
    outbound = Outbound(
        path, store, SnapshotFile(chosen.data_dir).current, secret, sender, chosen.journal_retention_seconds
    )
    sender.start()
    try:
        yield outbound, sender
    finally:
        sender.stop()
        if not sender.join(_JOIN_SECONDS):
            log("outbound").warning("sender_did_not_end")
        outbound.close()


def last_try(store: Client, message_id: str) -> tuple[Message, int] | None:
    """Return a message as its last try sent it, and how many tries there were; None when the store knows none.

    Raises:
        DriverError, OSError: the store is away.

    """
    changed_us = message_id.rpartition("_")[2]
    if not (changed_us.isascii() and changed_us.isdigit()):
        return None
    since = min(int(changed_us) // 1000, sql.LAST_MS) - sql.CLOCKS_APART_MS
    found = store.query(sql.LAST_TRY, parameters={"id": message_id, "since": max(0, since)})
    for row in found.named_results():
        attempts = int(row.pop("attempts"))
        return Message(**row), attempts
    return None
