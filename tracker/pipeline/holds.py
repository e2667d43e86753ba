"""Puts the approval of conversions whose hold period is over into the inbox, where every other postback lies, too.

Invariants: as in ``own_postbacks``; an approval's moment is the end of the period, however late it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clickhouse_connect.driver.client import Client

from tracker.pipeline import sql
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.own_postbacks import own_postback

LOOK_SECONDS = 5.0
"""How often conversions are looked for whose time has come."""
MOST_REMEMBERED = 100_000
"""Approvals this process put lately and doesn't put again, should one of them fail for good."""


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
        ends = ((row, row["hold_until_ms"]) for row in over)
        self._ledger.put(own_postback(row, "hold", end, end, "approved") for row, end in ends)
        if len(self._put) > MOST_REMEMBERED:
            self._put.clear()
        self._put.update((row["conversion_id"], row["hold_until_ms"]) for row in over)
        return len(over)

    def _is_over(self, row: Mapping[str, Any], now_ms: int) -> bool:
        is_held = row["status"] == "hold" and 0 < row["hold_until_ms"] <= now_ms
        return is_held and (row["conversion_id"], row["hold_until_ms"]) not in self._put
