"""Has conversions decided whose amount waited for an exchange rate, soon after that rate was entered.

Invariants: as in ``own_postbacks``; what is decided is what was asked for when the amount came, at the rate of
that day; a conversion whose rate is still missing is left alone: looking again costs one question and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from clickhouse_connect.driver.client import Client

from tracker.pipeline import sql
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.own_postbacks import Due, OwnPostbacks
from tracker.rates import Rates, utc_day
from tracker.snapshot import Snapshot

LOOK_SECONDS = 15.0
"""How late a conversion may be decided after its rate was entered."""


class LateRates(OwnPostbacks):
    """Finds amounts whose rate is known by now."""

    source = "rate"
    pause_s = LOOK_SECONDS

    def __init__(
        self,
        store: Client,
        ledger: Ledger,
        program: Callable[[], Snapshot],
        turn: Callable[[], bool] = lambda: True,
    ) -> None:
        """Keep where to look; the rest as ``OwnPostbacks``.

        Args:
            store: The event store.
            ledger: Its inbox gets the postbacks.
            program: Returns the present snapshot, whose rates are those that are known.
            turn: Asked before each look that can find anything.

        """
        super().__init__(ledger, lambda: bool(program().rates) and turn())
        self._store = store
        self._program = program

    def _due(self, now_ms: int) -> Iterable[Due]:
        snapshot = self._program()
        rates = Rates(snapshot.base_currency, snapshot.rates)
        for row in self._store.query_arrow(sql.RATES_MISSING, use_strings=True).to_pylist():
            offer = snapshot.offers.get(row["offer_id"])
            if offer is None or not row["since_ms"]:
                continue
            day = utc_day(row["since_ms"])
            if rates.convert(Decimal(1), row["amount_currency"], offer.currency, day) is not None:
                yield Due(row, now_ms, row["change_seq"])
