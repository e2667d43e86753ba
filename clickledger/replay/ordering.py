"""Events ordered by time on disk, however many there are; those of one time keep the order they came in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from clickledger.replay.sql import CREATE_EVENTS, EVENTS_IN_ORDER, INSERT_EVENT, PRAGMAS


class OrderedEvents:
    """Takes encoded events in any order and gives them back by time."""

    def __init__(self, path: Path) -> None:
        """Create the file at ``path``; it is of no use to anyone later."""
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self._db.execute(pragma)
        self._db.execute(CREATE_EVENTS)
        self._db.execute("BEGIN")
        self._count = 0

    def add(self, at: int, payload: bytes) -> None:
        """Take an event that belongs at a time in milliseconds."""
        self._count += 1
        self._db.execute(INSERT_EVENT, (at, self._count, payload))

    def frames(self, most_events: int) -> Iterator[list[bytes]]:
        """Yield the events by time, ``most_events`` at once and the rest in the end."""
        rows = self._db.execute(EVENTS_IN_ORDER)
        while frame := rows.fetchmany(most_events):
            yield [payload for (payload,) in frame]

    def close(self) -> None:
        """Close the file."""
        self._db.close()
