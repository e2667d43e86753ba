"""Token buckets: how often somebody may ask. Counted in Redis for all processes, in memory while it is away.

A bucket holds as many requests as its rate allows in one period and fills evenly. It is kept as one moment,
the one at which it will be full again (the generic cell rate algorithm), so a request costs one small
script on one key. Invariants: asking never fails and never waits for a dead store; with Redis away each
process counts for itself, so the limit is at most the processes' number times too generous; what names a
bucket is hashed, because e-mail addresses are among the names.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import redis.asyncio

from kernel.redis import Breaker

MEMORY_BUCKETS: Final = 10_000
"""Buckets remembered while Redis is away; the one unused for longest is forgotten first."""

_SCRIPT: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local gap, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = full_at + gap
if after - now > room then
  return {0, full_at - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return {1, after - now}
"""
"""Takes one token: KEYS[1] the bucket, ARGV microseconds a token takes to come back, and microseconds an empty
bucket takes to fill. Answers whether it was taken, and microseconds until the bucket is full. Times by Redis's
own clock, so hosts needn't agree."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a period; also the most that may come at once."""

    count: int
    seconds: int

    @property
    def gap_us(self) -> int:
        """Microseconds until one taken token is back."""
        return math.ceil(self.seconds * 1_000_000 / self.count)

    @property
    def room_us(self) -> int:
        """Microseconds until an empty bucket is full."""
        return self.gap_us * self.count


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for a token."""

    allowed: bool
    rate: Rate
    fill_us: int
    """Microseconds until the bucket is full again."""

    @property
    def remaining(self) -> int:
        """Requests that may come right now."""
        return max(0, (self.rate.room_us - self.fill_us) // self.rate.gap_us)

    @property
    def wait_s(self) -> int:
        """Whole seconds until the next request may come; 0 when it may come now."""
        return max(0, math.ceil((self.fill_us + self.rate.gap_us - self.rate.room_us) / 1_000_000))

    def headers(self, policy: str) -> list[tuple[str, str]]:
        """Return the answer's headers, as draft-ietf-httpapi-ratelimit-headers-10 writes them."""
        return [
            ("ratelimit-policy", f'"{policy}";q={self.rate.count};w={self.rate.seconds}'),
            ("ratelimit", f'"{policy}";r={self.remaining};t={self.wait_s}'),
        ]


class RateLimiter:
    """Hands out tokens of named buckets."""

    def __init__(
        self, store: redis.asyncio.Redis | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Count in ``store``; without one, in memory.

        Args:
            store: An asyncio client, used from one event loop.
            clock: Seconds, for the buckets in memory.

        """
        self._take_in_redis = store.register_script(_SCRIPT) if store is not None else None
        self._breaker = Breaker()
        self._memory = _Memory(clock)

    async def take(self, name: str, rate: Rate) -> Taken:
        """Take a token of the bucket ``name``, if it has one."""
        script = self._take_in_redis
        if script is not None:
            key = f"cl:rate:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
            answer = await self._breaker.call_async(lambda: script([key], [rate.gap_us, rate.room_us]), None)
            if answer is not None:
                return Taken(bool(answer[0]), rate, int(answer[1]))
        return self._memory.take(name, rate)


class _Memory:
    """The same buckets in this process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def take(self, name: str, rate: Rate) -> Taken:
        now = int(self._clock() * 1_000_000)
        full_at = max(self._full_at.get(name, 0), now)
        after = full_at + rate.gap_us
        if after - now > rate.room_us:
            return Taken(allowed=False, rate=rate, fill_us=full_at - now)
        self._full_at[name] = after
        self._full_at.move_to_end(name)
        if len(self._full_at) > MEMORY_BUCKETS:
            self._full_at.popitem(last=False)
        return Taken(allowed=True, rate=rate, fill_us=after - now)
