"""Windows of uniqueness shared by all pipelines through Redis, and what happens when Redis is away.

In Redis a visitor is one string, which expires once no live click can fall into its windows. A batch is a
few scripts in one round trip: a script decides two thousand visits atomically and holds the server for a
few milliseconds.

Invariants: Redis away never fails a batch and delays at most one by its time-outs (about a second in all),
then it is left alone for a while; meanwhile memory answers, which knows what this process has seen; every
batch that memory had to answer is counted through ``on_fallback``. Windows opened meanwhile are told to
Redis once it is back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import redis

from kernel.logging import log
from kernel.metrics import counter
from kernel.redis import Breaker
from tracker.pipeline.steps.windows import (
    MILLISECONDS_PER_HOUR,
    OPENERS_KEPT,
    MemoryUniqueWindow,
    UniqueWindow,
    Visit,
)

_log = log(__name__)

KEY_PREFIX: Final = b"clickledger:u:"

VISITS_PER_SCRIPT: Final = 2000
"""About 5 ms of the server's time; Redis does nothing else meanwhile."""

RETRY_HOURS: Final = 6
"""How much longer than its window a visitor is kept: a batch may be retried for hours before it is stored."""

OWED_VISITS: Final = 50_000
"""Windows opened in memory that Redis will be told of, the latest ones."""

_SCRIPT: Final = """
local window, ttl, most = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local answers = {}
for i, key in ipairs(KEYS) do
  local visit = ARGV[i + 3]
  local colon = string.find(visit, ':', 1, true)
  local ts, id = tonumber(string.sub(visit, 1, colon - 1)), string.sub(visit, colon + 1)
  local known = redis.call('GET', key)
  local first, kept, count = '1', false, 0
  if known then
    for opened, opener in string.gmatch(known, '(%-?%d+):([^|]*)') do
      count = count + 1
      if opener == id then kept = true; break end
      if math.abs(ts - tonumber(opened)) < window then first = '0'; kept = true; break end
    end
  end
  if not kept then
    if count >= most then known = string.sub(known, string.find(known, '|', 1, true) + 1) end
    redis.call('SET', key, known and (known .. '|' .. visit) or visit, 'PX', ttl)
  end
  answers[i] = first
end
return table.concat(answers)
"""
"""Decides like ``MemoryUniqueWindow``. KEYS: visitors. ARGV: window, time to live (ms), openers kept, visits."""


class RedisUniqueWindow:
    """Windows in Redis. Raises what redis-py raises when the server is away."""

    def __init__(self, client: redis.Redis, hours: int) -> None:
        self._client = client
        self._limits = (
            hours * MILLISECONDS_PER_HOUR,
            (hours + RETRY_HOURS) * MILLISECONDS_PER_HOUR,
            OPENERS_KEPT,
        )

    def first(self, visits: Sequence[Visit]) -> list[bool]:
        """Return which visits are first ones; see ``UniqueWindow``.

        Raises:
            redis.RedisError, OSError: the server is away, slow or refuses.

        """
        pipe = self._client.pipeline(transaction=False)
        for start in range(0, len(visits), VISITS_PER_SCRIPT):
            part = visits[start : start + VISITS_PER_SCRIPT]
            keys = [KEY_PREFIX + visit.visitor for visit in part]
            pipe.eval(_SCRIPT, len(keys), *keys, *self._limits, *[f"{v.ts}:{v.click_id}" for v in part])
        return [answer == ord("1") for part in pipe.execute() for answer in part]


class GuardedUniqueWindow:
    """Shared windows while their store answers, memory while it does not."""

    def __init__(
        self,
        shared: UniqueWindow,
        local: MemoryUniqueWindow,
        on_fallback: Callable[[int], None],
        breaker: Breaker | None = None,
    ) -> None:
        """Guard ``shared``.

        Args:
            shared: The windows all pipelines share.
            local: Answers while ``shared`` is away.
            on_fallback: Called with the number of visits that ``local`` answered, once per batch.
            breaker: How long to leave a dead store alone.

        """
        self._shared = shared
        self._local = local
        self._on_fallback = on_fallback
        self._breaker = breaker or Breaker()
        self._owed: deque[Visit] = deque(maxlen=OWED_VISITS)
        self._alone = False

    def first(self, visits: Sequence[Visit]) -> list[bool]:
        """Return which visits are first ones; see ``UniqueWindow``. Never raises for an absent store."""
        # Memory always sees the visits, so that it knows the recent ones at the moment it is needed.
        local = self._local.first(visits)
        owed = list(self._owed)
        shared = self._breaker.call(lambda: self._shared.first([*owed, *visits]), None)
        if (shared is None) is not self._alone:
            self._alone = shared is None
            _log.warning(
                "unique clicks are told from memory alone" if self._alone else "unique clicks are shared again"
            )
        if shared is None:
            self._owed.extend(visit for visit, first in zip(visits, local, strict=True) if first)
            self._on_fallback(len(visits))
            return local
        self._owed.clear()
        return shared[len(owed) :]


def guarded_window(
    client: redis.Redis, hours: int, on_fallback: Callable[[int], None] | None = None
) -> GuardedUniqueWindow:
    """Return Redis's windows guarded by memory.

    Args:
        client: One of ``kernel.redis.connect``: its time-outs are short and it hardly retries.
        hours: Length of the window.
        on_fallback: Called with the number of visits that memory answered, once per batch; without one,
            such batches are counted as failed calls to Redis.

    """
    windows = RedisUniqueWindow(client, hours), MemoryUniqueWindow(hours)
    return GuardedUniqueWindow(*windows, on_fallback or _count_failure)


def _count_failure(_visits: int) -> None:
    counter("clickledger_store_failures_total", store="redis").n += 1
