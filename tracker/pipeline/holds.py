"""Puts the approval of conversions whose hold period is over into the inbox, where every other postback lies, too.

Invariants: an approval is a postback like any other: it is decided once, by the state in the store, in its order
among those for the same click, and survives kill -9; its place in the inbox is named by conversion and end of
period, so that it lies there once. Its moment is the end of the period, however late it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clickhouse_connect.driver.client import Client
from redis import Redis

from kernel.redis import Breaker
from tracker.conversion_state import conversion_id
from tracker.events import Postback, PostbackFields, encode_event
from tracker.pipeline import sql
from tracker.pipeline.entries import ArrivedPostback
from tracker.pipeline.groups import group_of
from tracker.pipeline.ledger import Ledger

LOOK_SECONDS = 5.0
"""How often conversions are looked for whose time has come."""
MOST_REMEMBERED = 100_000
"""Approvals this process put lately and doesn't put again, should one of them fail for good."""


TURN_KEY = "clickledger:holds:turn"


def turns(redis: Redis) -> Callable[[], bool]:
    """Return who says whether it is this host's turn to look: one host's at a time, everybody's without Redis."""
    breaker = Breaker()
    # Shorter than the pause between two looks, so that a host alone has every turn.
    milliseconds = int(LOOK_SECONDS * 1000) - 500
    return lambda: breaker.call(lambda: bool(redis.set(TURN_KEY, "1", nx=True, px=milliseconds)), otherwise=True)


class HoldPeriods:
    """Ends hold periods."""

    def __init__(self, store: Client, ledger: Ledger, turn: Callable[[], bool] = lambda: True) -> None:
        """Keep where to look.

        Args:
            store: The event store.
            ledger: Its inbox gets the approvals.
            turn: Asked before each look; of several hosts one has its turn, so that they don't all approve.

        """
        self._store = store
        self._ledger = ledger
        self._turn = turn
        self._next_look = 0.0
        self._put: set[tuple[str, int]] = set()

    def put_when_due(self, now: float) -> int:
        """Put approvals for the periods that are over, if it is time to look; return how many.

        The store must hold all that was decided before.

        Args:
            now: Seconds since 1970.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        if now < self._next_look:
            return 0
        self._next_look = now + LOOK_SECONDS
        if not self._turn():
            return 0
        now_ms = int(now * 1000)
        found = self._store.query_arrow(sql.HOLDS_OVER, parameters={"now": now_ms}, use_strings=True)
        over = [row for row in found.to_pylist() if self._is_over(row, now_ms)]
        self._ledger.put(_approval(row) for row in over)
        if len(self._put) > MOST_REMEMBERED:
            self._put.clear()
        self._put.update((row["conversion_id"], row["hold_until_ms"]) for row in over)
        return len(over)

    def _is_over(self, row: Mapping[str, Any], now_ms: int) -> bool:
        is_held = row["status"] == "hold" and 0 < row["hold_until_ms"] <= now_ms
        return is_held and (row["conversion_id"], row["hold_until_ms"]) not in self._put


def _approval(row: Mapping[str, Any]) -> tuple[str, ArrivedPostback]:
    key: str = row["conversion_id"]
    click_id, goal, txn_id = row["click_id"], row["goal"], row["txn_id"]
    if click_id and conversion_id(click_id, goal, txn_id) != key:
        # It named no click; the one it has was found for it.
        click_id = ""
    postback = Postback(
        ts=row["hold_until_ms"],
        fields=PostbackFields(click_id, txn_id, goal, "approved"),
        offer_id=row["offer_id"],
        method="",
        raw=b"",
        ip="",
        user_agent="",
        source="hold",
        conversion_id=key,
    )
    place = ArrivedPostback(row["hold_until_ms"], 0, postback.ts, group_of(postback), encode_event(postback))
    return f"hold:{key}", place
