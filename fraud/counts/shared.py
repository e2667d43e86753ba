"""Counts shared by all pipelines through Redis, and what happens when Redis is away.

Each process counts in its own memory, and tells Redis of the clicks of a key from the fourth in a minute on, or
the fortieth in an hour; most addresses click once and cost nothing there. What the others told of the same key is
added. So of each other process a count lacks those first clicks in the window, and those of up to a quarter of the
window at its far end, as Redis keeps quarters of it: the thresholds of rules are far above that.

In Redis a key's quarter is a hash: a number per process. A batch is a few scripts in one round trip.

Invariants: what Redis holds is never more than was counted; a batch under a name it has told before is told again
by nobody; Redis away fails no batch: memory's own counts stand, counted through ``on_fallback``.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import redis
from numpy.typing import NDArray

from fraud.counts.keys import Keys, shared_key
from fraud.counts.memory import BATCHES_REMEMBERED, MemoryCounts, counted_rows
from fraud.counts.port import COUNTS, HOUR_MS, MINUTE_MS, Count, Counted
from fraud.traffic import Traffic
from kernel.logging import log
from kernel.metrics import counter
from kernel.redis import Breaker

_log = log(__name__)

KEY_PREFIX: Final = b"clickledger:n:"
TOLD_FROM: Final = {MINUTE_MS: 4, HOUR_MS: 40}
"""By window, the count from which a key's clicks are told; told from the second on, they would take longer than
all of the other counting."""
QUARTERS: Final = 4
"""Parts of a window in Redis."""
SHARED: Final = tuple(count for count in COUNTS if not count.distinct)
"""Different labels stay each process's own: telling all of them would cost more than they are worth."""
KEYS_PER_SCRIPT: Final = 1_000
"""About 5 ms of the server's time; Redis does nothing else meanwhile."""
MOST_KEYS: Final = 5_000
"""Keys told of one batch, those counted most; a flood of addresses must not hold up the pipeline."""

_SCRIPT: Final = """
local me, answers = ARGV[1], {}
for i, key in ipairs(KEYS) do
  local quarter, added, ttl = tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3]), ARGV[i * 3 + 1]
  local now = key .. quarter
  if added > 0 then
    redis.call('HINCRBY', now, me, added)
    redis.call('PEXPIRE', now, ttl)
  end
  local elsewhere = 0
  for back = 0, 3 do
    local told = redis.call('HGETALL', key .. (quarter - back))
    for n = 1, #told, 2 do
      if told[n] ~= me then elsewhere = elsewhere + tonumber(told[n + 1]) end
    end
  end
  answers[i] = elsewhere
end
return answers
"""
"""KEYS: a key each. ARGV: this process, then quarter, clicks to add and time to live (ms) of each key."""


class Told(NamedTuple):
    """A key that is told of, and the clicks it is about."""

    what: Count
    rows: Sequence[int]
    """The batch's clicks of the key in one quarter, but for the first in the window."""
    key: bytes
    quarter: int
    added: int


class RedisCounts:
    """Counts in memory, with those of the other processes added. Raises what redis-py raises when it is away."""

    def __init__(self, client: redis.Redis, local: MemoryCounts, process: str = "") -> None:
        """Share ``local`` with the others.

        Args:
            client: One of ``kernel.redis.connect``.
            local: This process's counts.
            process: Its name among the others; '' for a new one.

        """
        self._client = client
        self._local = local
        self._process = process or secrets.token_hex(4)
        self._told: OrderedDict[str, Counted] = OrderedDict()

    def count(self, traffic: Traffic, name: str = "") -> Counted:
        """Count a batch; see ``Counts``.

        Raises:
            redis.RedisError, OSError: the server is away, slow or refuses.

        """
        counted = self._local.count(traffic, name)
        known = self._told.get(name) if name else None
        if known is not None:
            return known
        told = told_of(traffic, counted)
        if told:
            values = {count: value.copy() for count, value in counted.values.items()}
            for one, elsewhere in zip(told, self._exchange(told), strict=True):
                if elsewhere:
                    values[one.what.name][one.rows] += elsewhere
            counted = Counted(values)
        if name:
            self._told[name] = counted
            if len(self._told) > BATCHES_REMEMBERED:
                self._told.popitem(last=False)
        return counted

    def _exchange(self, told: Sequence[Told]) -> list[int]:
        pipe = self._client.pipeline(transaction=False)
        for start in range(0, len(told), KEYS_PER_SCRIPT):
            part = told[start : start + KEYS_PER_SCRIPT]
            arguments: list[str | int] = [self._process]
            for one in part:
                arguments += [one.quarter, one.added, 2 * one.what.window_ms]
            pipe.eval(_SCRIPT, len(part), *[KEY_PREFIX + one.key for one in part], *arguments)
        return [int(elsewhere) for part in pipe.execute() for elsewhere in part]


def told_of(traffic: Traffic, counted: Counted) -> list[Told]:
    """Return what is told of a batch: each key and quarter with the clicks in it, those counted most first."""
    rows = counted_rows(traffic)
    keys, ts = Keys(traffic, rows), np.asarray(traffic.ts, np.int64)[rows]
    told: list[tuple[int, Told]] = []
    for count in SHARED:
        counts = counted[count.name][rows]
        often = np.flatnonzero(counts >= TOLD_FROM[count.window_ms])
        if not len(often):
            continue
        quarters = ts // (count.window_ms // QUARTERS)
        for group in _groups(keys.of(count), quarters, often):
            first = int(rows[group[0]])
            key = shared_key(traffic, count, first)
            one = Told(count, rows[group].tolist(), key, int(quarters[group[0]]), len(group))
            told.append((int(counts[group].max()), one))
    told.sort(key=lambda entry: -entry[0])
    return [one for _, one in told[:MOST_KEYS]]


def _groups(
    hashed: NDArray[np.uint64], quarters: NDArray[np.int64], places: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Return the places of each key and quarter, in order."""
    order = places[np.lexsort((places, quarters[places], hashed[places]))]
    changes = (hashed[order][1:] != hashed[order][:-1]) | (quarters[order][1:] != quarters[order][:-1])
    return np.split(order, np.flatnonzero(changes) + 1)


class GuardedCounts:
    """Shared counts while Redis answers, memory's own while it does not."""

    def __init__(
        self,
        shared: RedisCounts,
        local: MemoryCounts,
        on_fallback: Callable[[int], None],
        breaker: Breaker | None = None,
    ) -> None:
        """Guard ``shared``.

        Args:
            shared: Counts with those of the others.
            local: The memory it counts in.
            on_fallback: Called with the number of clicks that memory alone counted, once per batch.
            breaker: How long to leave a dead store alone.

        """
        self._shared = shared
        self._local = local
        self._on_fallback = on_fallback
        self._breaker = breaker or Breaker()
        self._alone = False

    def count(self, traffic: Traffic, name: str = "") -> Counted:
        """Count a batch; see ``Counts``. Never raises for an absent store."""
        # Once only in memory, whatever becomes of Redis: the name keeps the second look from counting again.
        name = name or secrets.token_hex(8)
        local = self._local.count(traffic, name)
        shared = self._breaker.call(lambda: self._shared.count(traffic, name), None)
        if (shared is None) is not self._alone:
            self._alone = shared is None
            _log.warning("clicks are counted in memory alone" if self._alone else "click counts are shared again")
        if shared is None:
            self._on_fallback(len(traffic))
            return local
        return shared


def guarded_counts(client: redis.Redis, on_fallback: Callable[[int], None] | None = None) -> GuardedCounts:
    """Return counts shared through Redis, guarded by memory.

    Args:
        client: One of ``kernel.redis.connect``: its time-outs are short and it hardly retries.
        on_fallback: Called with the number of clicks that memory alone counted, once per batch; without one,
            such batches are counted as failed calls to Redis.

    """
    local = MemoryCounts()
    return GuardedCounts(RedisCounts(client, local), local, on_fallback or _count_failure)


def _count_failure(_clicks: int) -> None:
    counter("clickledger_store_failures_total", store="redis").n += 1
