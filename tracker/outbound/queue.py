"""The durable queue: which messages are still to be sent, when, and which were finished lately.

Invariants:

- A message is added once, however often it is brought; finished ones are remembered for ten days, longer than
  anything brings a change again.
- Messages of one hook about one conversion are sent in the order of the changes: all but the first unfinished one
  are *blocked*, and leave the order of turns, so that they crowd out nobody. What somebody has sent again stands
  in no such order.
- What came of a try and the try's own record are one write.
- Turns are asked for by receiver, never over all messages, so the length of one receiver's backlog costs the
  others nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tracker.outbound.database import Database
from tracker.outbound.messages import Message

REMEMBERED_SECONDS = 10 * 86_400.0
_PRUNED_AT_ONCE = 5_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message whose turn has come."""

    number: int
    host: str
    message: Message
    began_at: float
    """When the first try of this series was due, seconds since 1970."""
    tries: int
    """In this series; sending again by hand begins a new one."""
    attempts: int
    """Ever."""
    refusals: int
    """Tries of this series that led to a forbidden address."""
    actor: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try."""

    number: int
    began_at: float
    """As the due message had it; another one now means that somebody asked for it anew meanwhile."""
    delivered: bool
    refused: bool
    due_at: float | None
    """When to try again, None: finished."""
    attempt: bytes
    """The try's record, for the spool."""


class Queue:
    """The messages; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            sqlite3.Error: the file can't be written.

        """
        self._db = Database(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, messages: Iterable[Message], now: float) -> int:
        """Add messages that aren't known yet, durably; return how many were."""
        added = 0
        with self._db.transaction():
            for m in messages:
                cursor = self._db.execute(
                    "INSERT OR IGNORE INTO messages (id, host, lane, change_seq, body, due_at, began_at) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (m.id, _host(m.url), m.lane, m.change_seq, _encode(m), now, now),
                )
                if cursor.rowcount:
                    added += 1
                    self._order(m.lane)
        return added

    def knows_resend(self, message_id: str, ts: int) -> bool:
        """Return whether this order to send again, or a later one, was carried out."""
        row = self._db.execute("SELECT resent_ts FROM messages WHERE id = ?", (message_id,)).fetchone()
        return bool(row) and int(row[0]) >= ts

    def unfinished(self, message_id: str) -> bool:
        """Return whether the message is in the queue and still to be sent."""
        row = self._db.execute(
            "SELECT 1 FROM messages WHERE id = ? AND finished_at IS NULL", (message_id,)
        ).fetchone()
        return row is not None

    def hurry(self, message_id: str, ts: int, actor: str, now: float) -> None:
        """Begin an unfinished message's tries anew, at once.

        Args:
            message_id: The message.
            ts: When somebody asked for it, milliseconds since 1970; the same order again changes nothing.
            actor: Who.
            now: Seconds since 1970.

        """
        self._db.execute(
            "UPDATE messages SET due_at = ?, began_at = ?, tries = 0, refusals = 0, actor = ?, resent_ts = ? "
            "WHERE id = ? AND finished_at IS NULL AND resent_ts < ?",
            (now, now, actor, ts, message_id, ts),
        )

    def again(self, message: Message, attempts: int, ts: int, actor: str, now: float) -> None:
        """Put a finished or forgotten message back into the queue, beside the order of its conversion.

        Args:
            message: As it was sent.
            attempts: How often that was.
            ts: When somebody asked for it, milliseconds since 1970; the same order again changes nothing.
            actor: Who.
            now: Seconds since 1970.

        """
        self._db.execute(
            "INSERT INTO messages "
            "(id, host, lane, change_seq, body, due_at, began_at, attempts, actor, resent_ts) "
            "VALUES (?1, ?2, '', ?3, ?4, ?5, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET "
            "host = excluded.host, lane = '', body = excluded.body, blocked = 0, due_at = excluded.due_at, "
            "began_at = excluded.began_at, tries = 0, attempts = max(attempts, excluded.attempts), refusals = 0, "
            "actor = excluded.actor, resent_ts = excluded.resent_ts, finished_at = NULL "
            "WHERE finished_at IS NOT NULL AND resent_ts < excluded.resent_ts",
            (message.id, _host(message.url), message.change_seq, _encode(message), now, attempts, actor, ts),
        )

    def receivers(self) -> dict[str, float]:
        """Return the receivers that messages wait for, each with the moment its first one is due."""
        # SQLite has no skip scan over a partial index; this is one by hand, a look-up for each receiver.
        rows = self._db.execute(
            "WITH RECURSIVE receiver (host) AS ("
            "SELECT min(host) FROM messages WHERE finished_at IS NULL AND blocked = 0 UNION ALL "
            "SELECT (SELECT min(host) FROM messages WHERE finished_at IS NULL AND blocked = 0 "
            "AND host > receiver.host) FROM receiver WHERE receiver.host IS NOT NULL) "
            "SELECT host, (SELECT min(due_at) FROM messages WHERE finished_at IS NULL AND blocked = 0 "
            "AND messages.host = receiver.host) FROM receiver WHERE host IS NOT NULL"
        )
        return {str(host): float(due_at) for host, due_at in rows}

    def due(self, now: float, shares: Mapping[str, int], under_way: frozenset[int]) -> list[DueMessage]:
        """Return messages whose turn has come, the longest due first.

        Args:
            now: Seconds since 1970.
            shares: Most messages by receiver.
            under_way: Numbers of those being sent.

        """
        found: list[DueMessage] = []
        for host, share in shares.items():
            rows = self._db.execute(
                "SELECT number, host, body, began_at, tries, attempts, refusals, actor FROM messages "
                "WHERE finished_at IS NULL AND blocked = 0 AND host = ? AND due_at <= ? "
                "ORDER BY due_at, number LIMIT ?",
                (host, now, share + len(under_way)),
            )
            mine = [
                DueMessage(number, its_host, _decode(body), began_at, tries, attempts, refusals, actor)
                for number, its_host, body, began_at, tries, attempts, refusals, actor in rows
                if number not in under_way
            ]
            found += mine[:share]
        return found

    def record(self, tried: Sequence[Tried], now: float) -> None:
        """Write down what came of tries, and let those follow that waited for the finished ones."""
        with self._db.transaction():
            for one in tried:
                self._db.execute("INSERT INTO spool (body) VALUES (?)", (one.attempt,))
                self._db.execute("UPDATE messages SET attempts = attempts + 1 WHERE number = ?", (one.number,))
                series = (one.number, one.began_at, one.delivered)
                if one.due_at is not None:
                    self._db.execute(
                        "UPDATE messages SET due_at = ?4, tries = tries + 1, refusals = refusals + ?5 "
                        "WHERE number = ?1 AND (began_at = ?2 OR ?3)",
                        (*series, one.due_at, int(one.refused)),
                    )
                    continue
                # Its text is in the record of the try, from where it comes back when it is sent again.
                self._db.execute(
                    "UPDATE messages SET finished_at = ?4, body = NULL, blocked = 0, tries = tries + 1 "
                    "WHERE number = ?1 AND (began_at = ?2 OR ?3)",
                    (*series, now),
                )
                lane = self._db.execute("SELECT lane FROM messages WHERE number = ?", (one.number,)).fetchone()[0]
                self._order(lane)

    def waiting(self) -> int:
        """Return how many messages are unfinished."""
        return int(self._db.execute("SELECT count(*) FROM messages WHERE finished_at IS NULL").fetchone()[0])

    def forget(self, now: float) -> None:
        """Drop some of the messages that were finished ten days ago."""
        self._db.execute(
            "DELETE FROM messages WHERE number IN (SELECT number FROM messages "
            "WHERE finished_at IS NOT NULL AND finished_at < ? LIMIT ?)",
            (now - REMEMBERED_SECONDS, _PRUNED_AT_ONCE),
        )

    def _order(self, lane: str) -> None:
        """Let only the first unfinished message of a lane have its turn."""
        if not lane:
            return
        first = self._db.execute(
            "SELECT min(change_seq) FROM messages WHERE finished_at IS NULL AND lane = ?", (lane,)
        ).fetchone()[0]
        self._db.execute(
            "UPDATE messages SET blocked = (change_seq > ?1) "
            "WHERE finished_at IS NULL AND lane = ?2 AND blocked <> (change_seq > ?1)",
            (first, lane),
        )


def _host(url: str) -> str:
    """Return the receiver a URL belongs to: host and port."""
    parts = urlsplit(url)
    return parts.netloc.rstrip(".").lower()
