"""Puts the approval of conversions whose hold period is over into the inbox, where every other postback lies, too.

Invariants: as in ``own_postbacks``; an approval's moment is the end of the period, however late it is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clickhouse_connect.driver.client import Client

from tracker.pipeline import sql
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.own_postbacks import Due, OwnPostbacks

LOOK_SECONDS = 5.0
"""How often conversions are looked for whose time has come."""


class HoldPeriods(OwnPostbacks):
    """Ends hold periods."""

    source = "hold"
    pause_s = LOOK_SECONDS

    def __init__(self, store: Client, ledger: Ledger, turn: Callable[[], bool] = lambda: True) -> None:
        """Keep where to look: the event store; the rest as ``OwnPostbacks``."""
        super().__init__(ledger, turn)
        self._store = store

    def _due(self, now_ms: int) -> Iterable[Due]:
        found = self._store.query_arrow(sql.HOLDS_OVER, parameters={"now": now_ms}, use_strings=True)
        for row in found.to_pylist():
            end = row["hold_until_ms"]
            if row["status"] == "hold" and 0 < end <= now_ms:
                yield Due(row, end, end, "approved")
