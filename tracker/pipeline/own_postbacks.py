"""Postbacks that the pipeline sends to itself about stored conversions: looking for those now and then, by turns.

Invariants: such a postback is an event like any other: it is decided once, by the state in the store, in its order
among those for the same click, and survives kill -9; its place in the inbox is named by its cause, so that it lies
there once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from redis import Redis

from kernel.redis import Breaker
from tracker.conversion_state import conversion_id
from tracker.events import Postback, PostbackFields, encode_event
from tracker.pipeline.entries import ArrivedPostback
from tracker.pipeline.groups import group_of
from tracker.pipeline.ledger import Ledger

MOST_REMEMBERED = 100_000
"""Postbacks this process put lately and doesn't put again, should one of them fail for good."""
_SOONER_MS = 500
"""A turn is shorter than the pause between two looks by this, so that a host alone has every turn."""


def turns(redis: Redis, what: str, pause_s: float) -> Callable[[], bool]:
    """Return who says whether it is this host's turn to look: one host's at a time, everybody's without Redis.

    Args:
        redis: What all hosts share.
        what: What is looked for, in one word.
        pause_s: Seconds between two looks.

    """
    breaker = Breaker()
    key, milliseconds = f"clickledger:{what}:turn", int(pause_s * 1000) - _SOONER_MS
    return lambda: breaker.call(lambda: bool(redis.set(key, "1", nx=True, px=milliseconds)), otherwise=True)


class Due(NamedTuple):
    """A conversion that a postback is due for."""

    row: Mapping[str, Any]
    """Its ``conversion_id``, ``click_id``, ``goal``, ``txn_id`` and ``offer_id``."""
    ts: int
    """The postback's moment, milliseconds since 1970."""
    cause: int
    """Grows with each new cause for one such postback."""
    status: str | None = None
    """What it asks for."""


class OwnPostbacks(ABC):
    """Looks for conversions now and then, and puts a postback for each once."""

    source: ClassVar[Literal["hold", "rate"]]
    pause_s: ClassVar[float]
    """Seconds between two looks."""

    def __init__(self, ledger: Ledger, turn: Callable[[], bool]) -> None:
        """Keep where postbacks go.

        Args:
            ledger: Its inbox gets them.
            turn: Asked before each look; of several hosts one has its turn, so that they don't all put the same.

        """
        self._ledger = ledger
        self._turn = turn
        self._next_look = 0.0
        self._put: set[tuple[str, int]] = set()

    @abstractmethod
    def _due(self, now_ms: int) -> Iterable[Due]:
        """Return what is due now, whether or not it was put already."""

    def put_when_due(self, now: float) -> int:
        """Put the postbacks that are due, if it is time to look; return how many.

        The store must hold all that was decided before.

        Args:
            now: Seconds since 1970.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        if now < self._next_look:
            return 0
        self._next_look = now + self.pause_s
        if not self._turn():
            return 0
        fresh = [
            due for due in self._due(int(now * 1000)) if (due.row["conversion_id"], due.cause) not in self._put
        ]
        self._ledger.put(_postback(due, self.source) for due in fresh)
        if len(self._put) > MOST_REMEMBERED:
            self._put.clear()
        self._put.update((due.row["conversion_id"], due.cause) for due in fresh)
        return len(fresh)


def _postback(due: Due, source: Literal["hold", "rate"]) -> tuple[str, ArrivedPostback]:
    """Return a postback, with what takes a journal's place in its origin."""
    row = due.row
    key: str = row["conversion_id"]
    click_id, goal, txn_id = row["click_id"], row["goal"], row["txn_id"]
    if click_id and conversion_id(click_id, goal, txn_id) != key:
        # It named no click; the one it has was found for it.
        click_id = ""
    postback = Postback(
        ts=due.ts,
        fields=PostbackFields(click_id, txn_id, goal, due.status),
        offer_id=row["offer_id"],
        method="",
        raw=b"",
        ip="",
        user_agent="",
        source=source,
        conversion_id=key,
    )
    return f"{source}:{key}", ArrivedPostback(due.cause, 0, due.ts, group_of(postback), encode_event(postback))
