"""Has conversions decided whose amount waited for an exchange rate, soon after that rate was entered.

Invariants: as in ``own_postbacks``; what is decided is what was asked for when the amount came, at the rate of
that day; a conversion whose rate is still missing is left alone: looking again costs one question and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from tracker.pipeline import sql
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.own_postbacks import own_postback
from tracker.rates import Rates, utc_day
from tracker.snapshot import Snapshot

LOOK_SECONDS = 15.0
"""How late a conversion may be decided after its rate was entered."""
MOST_REMEMBERED = 100_000
"""Conversions this process had decided lately and doesn't again, should one of them fail for good."""


class LateRates:
    """Finds amounts whose rate is known by now."""

    def __init__(
        self,
        store: Client,
        ledger: Ledger,
        program: Callable[[], Snapshot],
        turn: Callable[[], bool] = lambda: True,
    ) -> None:
        """Keep where to look.

        Args:
            store: The event store.
            ledger: Its inbox gets the postbacks.
            program: Returns the present snapshot, whose rates are those that are known.
            turn: Asked before each look; of several hosts one has its turn.

        """
        self._store = store
        self._ledger = ledger
        self._program = program
        self._turn = turn
        self._next_look = 0.0
        self._put: set[tuple[str, int]] = set()

    def put_when_due(self, now: float) -> int:
        """Put a postback for each conversion whose rate is known, if it is time to look; return how many.

        The store must hold all that was decided before.

        Args:
            now: Seconds since 1970.

        Raises:
            STORE_ERRORS: the store is away or refuses.

        """
        if now < self._next_look:
            return 0
        self._next_look = now + LOOK_SECONDS
        snapshot = self._program()
        if not snapshot.rates or not self._turn():
            return 0
        rates = Rates(snapshot.base_currency, snapshot.rates)
        found = self._store.query_arrow(sql.RATES_MISSING, use_strings=True)
        known = [row for row in found.to_pylist() if self._is_known(row, rates, snapshot)]
        now_ms = int(now * 1000)
        self._ledger.put(own_postback(row, "rate", now_ms, row["change_seq"]) for row in known)
        if len(self._put) > MOST_REMEMBERED:
            self._put.clear()
        self._put.update((row["conversion_id"], row["change_seq"]) for row in known)
        return len(known)

    def _is_known(self, row: Mapping[str, Any], rates: Rates, snapshot: Snapshot) -> bool:
        offer = snapshot.offers.get(row["offer_id"])
        if offer is None or not row["since_ms"] or (row["conversion_id"], row["change_seq"]) in self._put:
            return False
        day = utc_day(row["since_ms"])
        return rates.convert(Decimal(1), row["amount_currency"], offer.currency, day) is not None
