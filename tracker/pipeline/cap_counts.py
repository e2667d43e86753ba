"""Keeps the counts of conversion, payout and revenue caps in Redis, where the edges read them before a click.

Written after every batch for the caps it touched, and every few seconds from the event store for all of them, so
that a new day, a charge-back, another host's conversions and a Redis that lost its memory are right within that
time. Invariants: Redis holds only what the event store says; either store's being away delays nothing but this.
Counts of clicks are the edges' own (``restoring_caps``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from clickhouse_connect.driver.client import Client
from redis import Redis

from kernel.logging import log
from kernel.redis import Breaker
from tracker import caps
from tracker.pipeline.counting import Bucket, Counts, cap_bucket, pipeline_caps
from tracker.rates import Rates
from tracker.routes import CapRoute, OfferRoute
from tracker.snapshot import Snapshot

REFRESH_SECONDS = 5.0
LEAST_PAUSE = 20
"""Times as long as a refresh took: counting years of conversions does not hold up what is to be shipped."""

Capped = tuple[OfferRoute, CapRoute]
Count = tuple[str, str, int]
"""Key, value, and when it may be forgotten (milliseconds since 1970, 0 for never)."""


class CapCounts:
    """Writes the pipeline's counts of caps to Redis."""

    def __init__(
        self,
        redis: Redis,
        store: Client,
        program: Callable[[], Snapshot],
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._store = store
        self._program = program
        self._breaker = breaker or Breaker()
        self._clock = clock
        self._version = -1
        self._capped: list[Capped] = []
        self._written: dict[str, int] = {}
        """Keys that were written with something in them, and when each may be forgotten."""
        self._next_refresh = 0.0

    def counted(self, moved: Iterable[tuple[OfferRoute, int, int]], counts: Counts) -> None:
        """Write what a batch counted.

        Args:
            moved: Offer, partner and first receipt (milliseconds since 1970) of each conversion it decided on.
            counts: As they are after the batch.

        """
        found = {
            (caps.key(cap, partner_id, ts), cap_bucket(offer, cap, ts), cap, partner_id, ts)
            for offer, partner_id, ts in moved
            for cap in pipeline_caps(offer)
            if cap.partner_id in {0, partner_id}
        }
        self._write(
            (key, _text(counts.of(bucket, partner_id).of(cap.kind)), caps.expires_at_ms(cap, ts))
            for key, bucket, cap, partner_id, ts in found
            if (bucket, bucket.owner(partner_id)) in counts.tallies
        )

    def refresh_when_due(self) -> None:
        """Write the present counts of all caps if it is time; call it often."""
        began = self._clock()
        if began < self._next_refresh or not self._breaker.closed:
            return
        try:
            self.refresh(time.time_ns() // 1_000_000)
        except Exception as why:  # noqa: BLE001 - whatever the store refuses: shipping goes on, and this is tried again
            log("pipeline").warning("caps_not_counted", why=str(why)[:300])
        took = self._clock() - began
        self._next_refresh = self._clock() + max(REFRESH_SECONDS, LEAST_PAUSE * took)

    def refresh(self, now_ms: int) -> None:
        """Write the counts of all caps in the periods of a moment.

        Raises:
            STORE_ERRORS: the event store is away or refuses.

        """
        program = self._program()
        if program.version != self._version:
            self._capped = [(offer, cap) for offer in program.offers.values() for cap in pipeline_caps(offer)]
            self._version = program.version
        buckets = [cap_bucket(offer, cap, now_ms) for offer, cap in self._capped]
        if not buckets:
            return
        counts = Counts(self._store, buckets, Rates(program.base_currency, program.rates))
        known = list(self._known(buckets, counts, now_ms))
        told = {key for key, _, _ in known}
        # What was counted and is no more (a charge-back, the last one of its day) is nothing now.
        gone = [
            (key, "0", expires)
            for key, expires in self._written.items()
            if key not in told and not 0 < expires <= now_ms
        ]
        self._written = {}
        self._write([*known, *gone])

    def _known(self, buckets: list[Bucket], counts: Counts, now_ms: int) -> Iterator[Count]:
        owners: dict[Bucket, list[int]] = {}
        for bucket, owner in counts.tallies:
            owners.setdefault(bucket, []).append(owner)
        for (_, cap), bucket in zip(self._capped, buckets, strict=True):
            expires = caps.expires_at_ms(cap, now_ms)
            # A cap that everybody shares is told also when it is empty; one of each partner only where it isn't.
            for owner in owners.get(bucket, [] if bucket.each_partner else [0]):
                tally = counts.tallies.get((bucket, owner))
                value = _text(tally.of(cap.kind)) if tally else "0"
                yield caps.key(cap, owner or cap.partner_id, now_ms), value, expires

    def _write(self, counts: Iterable[Count]) -> None:
        known = list(counts)
        if not known:
            return
        self._written |= {key: expires for key, value, expires in known if value != "0"}

        def write() -> None:
            pipe = self._redis.pipeline(transaction=False)
            for key, value, expires in known:
                pipe.set(key, value, pxat=expires or None)
            pipe.execute()

        self._breaker.call(write, None)


def _text(count: Decimal) -> str:
    return format(count.normalize(), "f")
