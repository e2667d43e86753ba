"""Computes what the offers of smart links earned lately and publishes it to the edges.

Clicks come from the hourly rollup, conversions by the moment of their click, so that both are of the same
clicks. Invariants: only valid, counted clicks and their conversions that aren't rejected; what was published
last stays until something newer is; either store's being away delays nothing but this. Of several hosts one
computes at a time, and nobody does while no smart link chooses by performance.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client
from redis import Redis

from kernel.logging import log
from kernel.redis import Breaker
from tracker.performance import (
    FEWEST_COUNTRY_CLICKS,
    REDIS_KEY,
    REFRESH_SECONDS,
    TURN_KEY,
    WINDOW_DAYS,
    Earned,
    Performance,
    encode,
)
from tracker.pipeline import sql
from tracker.pipeline.shipping import STORE_ERRORS
from tracker.rates import Rates, utc_day
from tracker.snapshot import Snapshot

LEAST_PAUSE = 20
"""Times as long as it took: a slow store is asked less often, and shipping goes on."""
_HOUR_MS = 3_600_000
_TURN_MS = (REFRESH_SECONDS - 1) * 1000
"""How long one host has the turn; shorter than the pause, so that it gets it again."""


class OfferEarnings:
    """Publishes the earnings of a program's smart offers; call ``publish_when_due`` often."""

    def __init__(
        self,
        redis: Redis,
        store: Client,
        program: Callable[[], Snapshot],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            redis: Client of Redis, which may be away.
            store: Client of the event store.
            program: Returns the newest snapshot.
            clock: Seconds, monotonic.

        """
        self._redis = redis
        self._store = store
        self._program = program
        self._clock = clock
        self._breaker = Breaker()
        self._due = 0.0
        self._version = -1
        self._offers: list[int] = []

    def publish_when_due(self) -> bool:
        """Compute and publish if it is time to and this host's turn; tell whether it did."""
        begin = self._clock()
        if begin < self._due:
            return False
        self._due = begin + REFRESH_SECONDS
        program = self._program()
        if program.version != self._version:
            self._version, self._offers = program.version, judged_offers(program)
        if not self._offers or not self._breaker.call(self._take_turn, otherwise=False):
            return False
        try:
            computed = compute(self._store, program, self._offers, time.time_ns() // 1_000_000)
        except STORE_ERRORS as why:
            log("performance").warning("performance_not_computed", why=str(why)[:300])
            return False
        self._due = begin + max(REFRESH_SECONDS, LEAST_PAUSE * (self._clock() - begin))
        return self._breaker.call(lambda: bool(self._redis.set(REDIS_KEY, encode(computed))), otherwise=False)

    def _take_turn(self) -> bool:
        return bool(self._redis.set(TURN_KEY, b"1", nx=True, px=_TURN_MS))


def judged_offers(program: Snapshot) -> list[int]:
    """Return the offers that smart links choose by performance."""
    return sorted(
        {
            offer_id
            for smart_link in program.smart_links.values()
            if smart_link.strategy != "weight"
            for offer_id, _ in smart_link.members
        }
    )


def compute(store: Client, program: Snapshot, offers: list[int], now_ms: int) -> Performance:
    """Return what these offers earned within the window, in the program's base currency.

    An amount without a rate is taken as it stands: this makes an order of offers, not a payment.

    Raises:
        STORE_ERRORS: the event store is away.

    """
    since = (now_ms // _HOUR_MS - WINDOW_DAYS * 24) * _HOUR_MS
    wanted: dict[str, Any] = {"offers": offers, "since": since}
    rates, day = Rates(program.base_currency, program.rates), utc_day(now_ms)

    def in_base(amount: Decimal, currency: str) -> Decimal:
        converted = rates.convert(amount, currency, program.base_currency, day)
        return amount if converted is None else converted

    sums: dict[tuple[int, str], _Sum] = defaultdict(_Sum)
    for offer_id, country, currency, clicks, payout in store.query(
        sql.RECENT_CLICKS, parameters=wanted
    ).result_rows:
        for row in (sums[offer_id, ""], sums[offer_id, country]) if country else (sums[offer_id, ""],):
            row.clicks += clicks
            row.click_payout += in_base(payout, currency)
    for offer_id, country, currency, converted, payout in store.query(
        sql.RECENT_CONVERSIONS, parameters=wanted
    ).result_rows:
        for row in (sums[offer_id, ""], sums[offer_id, country]) if country else (sums[offer_id, ""],):
            row.converted += converted
            row.conversion_payout += in_base(payout, currency)
    countries: dict[int, dict[str, Earned]] = {}
    for (offer_id, country), row in sums.items():
        if country and row.clicks >= FEWEST_COUNTRY_CLICKS:
            countries.setdefault(offer_id, {})[country] = row.earned()
    totals = {offer_id: row.earned() for (offer_id, country), row in sums.items() if not country}
    return Performance(now_ms, totals, countries)


class _Sum:
    """What is being added up for one offer, or one offer in one country."""

    __slots__ = ("click_payout", "clicks", "conversion_payout", "converted")

    def __init__(self) -> None:
        self.clicks = 0
        self.converted = 0
        self.conversion_payout = Decimal(0)
        self.click_payout = Decimal(0)

    def earned(self) -> Earned:
        """Return the sums as they are published."""
        return Earned(self.clicks, self.converted, f"{self.conversion_payout:f}", f"{self.click_payout:f}")
