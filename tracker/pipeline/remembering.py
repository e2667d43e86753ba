"""Keeps the conversions' states in Redis, where the edges look before they answer a postback.

Invariants: Redis holds only what the store says; its being away delays nothing and loses nothing. When
it comes back empty (its marker is gone), recent states are filled in from the store again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from clickhouse_connect.driver.client import Client
from redis import Redis

from kernel.logging import log
from kernel.redis import STORE_FAILURES, Breaker
from tracker.conversion_state import CACHE_SECONDS, ConversionState, cache_key, encode_state
from tracker.pipeline import sql
from tracker.pipeline.conversion_rows import state_of

MARKER_KEY = "clickledger:conversions:filled"
LOOK_SECONDS = 2.0
"""How often the marker is looked for."""
REFILL_DAYS = 60
MOST_REFILLED = 500_000
"""States filled in after a loss: 60 days of a large network's conversions, some 150 MB of Redis."""
_CHUNK = 1_000


class RememberedStates:
    """Writes states through to Redis and fills an empty Redis again."""

    def __init__(self, redis: Redis, store: Client, breaker: Breaker | None = None) -> None:
        self._redis = redis
        self._store = store
        self._breaker = breaker or Breaker()
        self._next_look = 0.0

    def remember(self, states: Mapping[str, ConversionState | None]) -> None:
        """Write the states of a batch, None to forget one; skipped while Redis is away, a refill brings them."""
        self._breaker.call(lambda: self._write(states), None)

    def _write(self, states: Mapping[str, ConversionState | None]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for conversion_id, state in states.items():
            if state is None:
                pipe.delete(cache_key(conversion_id))
            else:
                pipe.set(cache_key(conversion_id), encode_state(state), ex=CACHE_SECONDS)
        pipe.execute()

    def refill_if_empty(self) -> None:
        """Fill Redis from the store if it lost its memory; call it often, it looks seldom.

        Raises:
            STORE_ERRORS: the event store is away.

        """
        now = time.monotonic()
        if now < self._next_look or not self._breaker.closed:
            return
        self._next_look = now + LOOK_SECONDS
        filled = self._breaker.call(lambda: bool(self._redis.exists(MARKER_KEY)), otherwise=True)
        if filled:
            return
        rows = self._store.query_arrow(
            sql.RECENT_STATES, parameters={"days": REFILL_DAYS, "most": MOST_REFILLED}, use_strings=True
        )
        count = 0
        try:
            for batch in rows.to_batches(_CHUNK):
                states = {row["conversion_id"]: state_of(row) for row in batch.to_pylist()}
                self._write(states)
                count += len(states)
            self._redis.set(MARKER_KEY, "1")
        except STORE_FAILURES as why:
            self._breaker.failed()
            log("pipeline").warning("refill_interrupted", why=str(why))
            return
        if count:
            log("pipeline").info("redis_refilled", conversions=count)
