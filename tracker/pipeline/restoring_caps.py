"""Gives a Redis that lost the click counts of caps what the event store knows of them.

Counted is what the edge counts: clicks that reached this offer by a redirect, a script or the server-side API,
of people, not in test mode. Invariants: a count is raised, never lowered, so what Redis knows better (clicks that
aren't stored yet) stays; either store's being away delays nothing but this. It takes at most a twentieth of the
pipeline's time, however long the store needs to count.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from clickhouse_connect.driver.client import Client
from redis import Redis

from kernel.logging import log
from kernel.metrics import counter
from kernel.redis import Breaker
from tracker import caps
from tracker.pipeline import sql
from tracker.routes import CapRoute
from tracker.snapshot import Snapshot

LOOK_SECONDS = 1.0
"""How often Redis is asked whether it still is what it was."""
RESTORE_SECONDS = 10.0
LEAST_PAUSE = 20
"""Times as long as it took: a count of years of clicks does not hold up what is to be shipped."""
_CHUNK = 500

Clicks = Mapping[int, Mapping[int, int]]
"""Offer id -> partner id -> clicks."""


class _CappedOffer(NamedTuple):
    offer_id: int
    cap: CapRoute


class RestoredCaps:
    """Restores the counts of the program's click caps; call ``restore_when_due`` often."""

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
        self._capped: list[_CappedOffer] = []
        self._version = -1
        self._memory: bytes | None = None
        self._next_look = self._next_restore = 0.0
        self._raised = counter("clickledger_caps_raised_total")

    def restore_when_due(self) -> int:
        """Restore at the start, when Redis holds another memory than before, and now and then.

        Returns:
            How many counts were too low.

        """
        now = self._clock()
        if now < self._next_look or not self._breaker.closed:
            return 0
        self._next_look = now + LOOK_SECONDS
        memory = self._breaker.call(self._present_memory, otherwise=None)
        if memory is None or (memory == self._memory and now < self._next_restore):
            return 0
        try:
            raised = self.restore(time.time_ns() // 1_000_000)
        except Exception as why:  # noqa: BLE001 - whichever store it was: shipping goes on, and this is tried again
            log("pipeline").warning("caps_not_restored", why=str(why)[:300])
            self._next_look = self._clock() + RESTORE_SECONDS
            return 0
        self._memory = memory
        took = self._clock() - now
        self._next_restore = self._clock() + max(RESTORE_SECONDS, LEAST_PAUSE * took)
        return raised

    def restore(self, now_ms: int) -> int:
        """Raise the counts of all click caps in their periods of a moment; return how many were too low.

        Args:
            now_ms: Milliseconds since 1970.

        Raises:
            STORE_ERRORS, STORE_FAILURES: a store is away.

        """
        groups: defaultdict[int, list[_CappedOffer]] = defaultdict(list)
        for capped in self._capped_offers():
            start = caps.period_start(capped.cap, now_ms)
            groups[int(start.timestamp() * 1000) if start else 0].append(capped)
        raised = 0
        for since_ms, group in groups.items():
            clicks = self._clicks({capped.offer_id for capped in group}, since_ms)
            wanted = [count for capped in group for count in _counts(capped, clicks, now_ms)]
            raised += sum(self._raise(wanted[at : at + _CHUNK]) for at in range(0, len(wanted), _CHUNK))
        if raised:
            self._raised.n += raised
            log("pipeline").info("caps_restored", counts=raised)
        return raised

    def _capped_offers(self) -> list[_CappedOffer]:
        program = self._program()
        if program.version != self._version:
            self._capped = [
                _CappedOffer(offer.id, cap)
                for offer in program.offers.values()
                for cap in offer.caps
                if cap.kind in caps.EDGE_KINDS
            ]
            self._version = program.version
        return self._capped

    def _clicks(self, offers: Iterable[int], since_ms: int) -> Clicks:
        answer = self._store.query(sql.COUNTED_CLICKS, parameters={"offers": sorted(offers), "since": since_ms})
        found: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for offer_id, partner_id, clicks in answer.result_rows:
            found[offer_id][partner_id] = clicks
        return found

    def _raise(self, wanted: Sequence[tuple[str, int, int]]) -> int:
        keys = [key for key, _, _ in wanted]
        told = [str(value) for _, clicks, expires in wanted for value in (clicks, expires)]
        return cast("int", self._redis.eval(caps.RAISE, len(keys), *keys, *told))

    def _present_memory(self) -> bytes | None:
        """Return the name of Redis's memory, b'' for one that no edge has counted in yet."""
        return cast("bytes | None", self._redis.get(caps.MEMORY_KEY)) or b""


def _counts(capped: _CappedOffer, clicks: Clicks, now_ms: int) -> Iterable[tuple[str, int, int]]:
    """Yield (key, clicks, expiry) of every count of a cap that has any."""
    cap = capped.cap
    mine = {p: n for p, n in clicks.get(capped.offer_id, {}).items() if cap.partner_id in {0, p}}
    expires = caps.expires_at_ms(cap, now_ms)
    if cap.each_partner:
        yield from ((caps.key(cap, partner_id, now_ms), n, expires) for partner_id, n in mine.items())
    elif mine:
        yield caps.key(cap, cap.partner_id, now_ms), sum(mine.values()), expires
