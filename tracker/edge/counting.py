"""Counting at the edge: whether a click may pass the offer's caps, and whether its visitor was here before.

All clicks that ask while one call to Redis is under way share the next one (a script, see
``counting_script``), as events share a commit of the journal. Caps on conversions and money are counted by the
pipeline; the edge reads their counts along and judges by counts at most ``FRESH_S`` old.

Invariants: exact while Redis answers, over all workers and hosts that share it. While it is away, clicks are
judged at once by the last known counts and this worker's own takes, the metrics say so, and what was taken is
added when Redis is back, once. No click waits longer than one call and its time-out, and none fails over
counting. What a click was admitted to is taken, also when it can't be written down then.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from redis.asyncio import Redis

from kernel.logging import log
from kernel.metrics import counter, gauge
from kernel.redis import STORE_FAILURES
from tracker.edge.countable import counts_as_click
from tracker.edge.counting_alone import AloneCounts
from tracker.edge.counting_plan import Admission, CapCount, Plan, Plans, VisitorAsk
from tracker.edge.counting_script import Ask, OtherMemoryError, SharedCounts
from tracker.routes import OfferRoute

__all__ = ["Admission", "Counting", "VisitorAsk", "counts_as_click", "needs_counting"]

REFRESH_S = 0.25
"""How often the counts of caps seen lately are read again, and an absent Redis is looked for."""
FRESH_S = 0.5
"""Age up to which a count that the pipeline sets is judged by without asking; twice the refresh."""
LATELY_S = 600.0
"""How long after its last click a cap's count is kept fresh."""
MOST_REFRESHED = 1_000
"""Counts read along with one call, the latest used: 0.3 ms of Redis."""
MOST_TOGETHER = 1_000
"""Clicks in one call, so that it keeps others waiting for a few milliseconds at most."""
TOLD_TOGETHER = 200  # visitors in one command when Redis is back, so that clicks get in between

_ADMITTED = tuple(Admission("", duplicate=bool(code & 1), over_cap=bool(code & 2)) for code in range(4))
_SENT_AWAY = Admission("duplicate", duplicate=True, over_cap=False)
Waiting = tuple[Ask, "asyncio.Future[Admission]"]


class _Debt(NamedTuple):
    """Takes that Redis was not told of."""

    number: str
    takes: list[tuple[CapCount, int]]
    unless: str
    """A call that may have counted them though its answer was lost."""


def needs_counting(offer: OfferRoute) -> bool:
    """Return whether clicks on an offer have anything to be counted by."""
    return bool(offer.caps) or offer.duplicates is not None


class Counting:
    """Counts clicks for one edge worker."""

    def __init__(self, redis: Redis | None, secret: bytes, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare; ``keep_fresh`` has to run beside it.

        Args:
            redis: The client; None counts in this worker alone.
            secret: Keys the hash of visitors; the same for all hosts that share the Redis.
            clock: Monotonic seconds.

        """
        self._shared = SharedCounts(redis) if redis is not None else None
        self._clock = clock
        self._plans = Plans(secret)
        self._memory = AloneCounts()
        self._waiting: list[Waiting] = []
        self._busy = False
        self._flushing: asyncio.Task[None] | None = None
        self._alone = redis is None
        self._owes = False
        self._debts: deque[_Debt] = deque()
        self._degraded = gauge("clickledger_caps_degraded")
        self._degraded.value = 0.0
        self._decided_alone = counter("clickledger_caps_decided_alone_total")
        self._failures = counter("clickledger_store_failures_total", store="redis")

    async def admit(
        self, offer: OfferRoute, partner_id: int, ask: VisitorAsk, now_ms: int, *, count: bool
    ) -> Admission:
        """Say whether a click may go to its offer, and count it.

        Args:
            offer: The offer it would go to.
            partner_id: Whose click it is.
            ask: The visitor.
            now_ms: When it was received, as in its event.
            count: False looks and takes nothing: for HEAD, prefetches, bots and tests.

        """
        plan = self._plans.plan(offer, partner_id, now_ms)
        duplicate_key = self._plans.duplicate_key(plan, partner_id, ask) if plan.duplicates else ""
        asked = Ask(plan, duplicate_key, now_ms, count)
        if self._alone:
            return self._judge_alone(asked, None)
        if not duplicate_key and not plan.has_click_caps and self._is_fresh(plan):
            return self._memory.judge(plan, "", now_ms, count=False)[0]
        future: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        self._begin()
        return await future

    def _is_fresh(self, plan: Plan) -> bool:
        now = self._clock()
        for cap in plan.caps:
            cap.counted.used_at = now
        return all(cap.counted.read_at >= now - FRESH_S for cap in plan.caps)

    def _judge_alone(self, ask: Ask, debt: Counter[CapCount] | None) -> Admission:
        """Judge a click without Redis; what it takes is noted in its counts, or as a debt already."""
        admission, taken = self._memory.judge(ask.plan, ask.duplicate_key, ask.now_ms, count=ask.takes)
        for count in taken:
            if debt is None:
                count.alone += 1
            else:
                count.shared += 1
                debt[count] += 1
        self._decided_alone.n += 1
        return admission

    # One call after the other

    def _begin(self, *, refresh: bool = False) -> None:
        if not self._busy:
            self._busy = True
            # A task begins one turn of the loop later: clicks that arrived together share the call.
            self._flushing = asyncio.get_running_loop().create_task(self._flush(refresh=refresh))

    async def _flush(self, *, refresh: bool) -> None:
        """Send what waits until nothing does."""
        while True:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            await self._send(together, self._used_lately() if refresh else ())
            refresh = False
            if not self._waiting:
                self._busy = False
                return

    async def _send(self, together: list[Waiting], also: Iterable[CapCount]) -> None:
        assert self._shared is not None  # noqa: S101 - without Redis nothing is ever sent
        number = self._shared.number()
        try:
            await self._settle(self._shared)
            codes, counts = await self._take(self._shared, number, [ask for ask, _ in together], also)
        except Exception as why:  # noqa: BLE001 - whatever it is, no visitor waits for ever
            self._go_on_alone(self._shared, together, number, why)
            return
        now = self._clock()
        for count, value in counts:
            count.shared, count.read_at = value, now
        for (ask, future), code in zip(together, codes, strict=True):
            plan = ask.plan
            if code >= 4:
                admission = Admission(plan.caps[code // 4 - 1].reason, duplicate=False, over_cap=False)
            elif code & 1 and plan.sends_duplicates_away:
                admission = _SENT_AWAY
            else:
                admission = _ADMITTED[code]
                if ask.takes and ask.duplicate_key and not code & 1:
                    self._memory.saw(ask.duplicate_key, ask.now_ms + plan.window_ms)
            for cap in plan.caps:
                if cap.counted.used_at != now:
                    cap.counted.used_at = now
                    self._plans.used(cap.counted)
            if not future.done():
                future.set_result(admission)

    async def _take(
        self, shared: SharedCounts, number: str, asks: list[Ask], also: Iterable[CapCount]
    ) -> tuple[list[int], list[tuple[CapCount, float]]]:
        while True:
            try:
                return await shared.take(number, asks, also)
            except OtherMemoryError:
                await self._restore(shared)

    def _go_on_alone(self, shared: SharedCounts, together: list[Waiting], number: str, why: Exception) -> None:
        """Answer everybody without Redis; ``together`` may have been counted there or not."""
        self._failures.n += 1
        if not self._owes:
            unforeseen = None if isinstance(why, STORE_FAILURES) else why
            log("edge").warning("caps_degraded", why=str(why)[:300], exc_info=unforeseen)
        self._alone = self._owes = True
        self._degraded.value = 1.0
        later, self._waiting = self._waiting, []
        for waiting, unless in ((together, number), (later, "")):
            takes: Counter[CapCount] = Counter()
            for ask, future in waiting:
                admission = self._judge_alone(ask, takes)
                if not future.done():  # else the visitor went away
                    future.set_result(admission)
            if takes:
                self._debts.append(_Debt(shared.number(), list(takes.items()), unless))

    # Redis is back

    async def keep_fresh(self) -> None:
        """Read counts again and look for an absent Redis, for ever; run it beside the requests."""
        if self._shared is not None:
            # What is taken alone later can then be added, instead of guessing whether it was counted.
            with contextlib.suppress(*STORE_FAILURES):
                await self._shared.greet()
        while self._shared is not None:
            await asyncio.sleep(REFRESH_S)
            if self._alone:
                await self._look_for_redis(self._shared)
            elif not self._busy and self._used_lately():
                self._begin(refresh=True)

    @property
    def degraded(self) -> bool:
        """Whether clicks are judged without Redis."""
        return self._alone

    async def stop(self) -> None:
        """Finish what is under way and tell Redis what it doesn't know yet, if it is there."""
        await self._flushed()
        if self._alone and self._shared is not None:
            await self._look_for_redis(self._shared)

    async def _flushed(self) -> None:
        if self._flushing is not None:
            await asyncio.wait([self._flushing])

    async def _look_for_redis(self, shared: SharedCounts) -> None:
        try:
            await shared.current_memory()
        except STORE_FAILURES:
            return
        # From here on clicks wait for the call that begins with telling what was taken.
        self._alone = False
        self._begin(refresh=True)
        await self._flushed()
        if self._alone:
            return
        self._degraded.value = 0.0
        log("edge").info("caps_restored")
        seen = self._memory.to_tell
        while seen:
            told = [seen.popitem() for _ in range(min(TOLD_TOGETHER, len(seen)))]
            try:
                await shared.tell_visitors(told, time.time_ns() // 1_000_000)
            except STORE_FAILURES:
                seen.update(told)
                return

    async def _settle(self, shared: SharedCounts) -> None:
        """Tell Redis what was taken without it."""
        if not self._owes:
            return
        if takes := [(count, count.alone) for count in self._plans.counts.values() if count.alone]:
            for count, n in takes:
                count.shared, count.alone = count.shared + n, 0
            self._debts.append(_Debt(shared.number(), takes, ""))
        while self._debts:
            debt = self._debts[0]
            try:
                await shared.add(debt.number, debt.takes, debt.unless)
            except OtherMemoryError:
                await self._restore(shared)
            else:
                self._debts.popleft()
        self._owes = False

    async def _restore(self, shared: SharedCounts) -> None:
        """Tell a memory that lost the counts what this worker knows of them.

        They are raised, not added to: other workers and the pipeline tell of the same clicks.
        """
        memory = await shared.current_memory()
        now_ms = time.time_ns() // 1_000_000
        known = {count: None for count in self._plans.counts.values() if count.is_clicks}
        known.update(dict.fromkeys(count for debt in self._debts for count, _ in debt.takes))
        told = [c for c in known if c.shared + c.alone > 0 and not 0 < c.expires_at <= now_ms]
        await shared.raise_to(told)
        self._debts.clear()
        for count in told:
            count.shared, count.alone = count.shared + count.alone, 0
        shared.memory = memory

    def _used_lately(self) -> list[CapCount]:
        now = self._clock()
        newest = islice(reversed(self._plans.counts.values()), MOST_REFRESHED)
        return [c for c in newest if now - c.used_at < LATELY_S and now - c.read_at >= REFRESH_S / 2]
