"""What to answer a postback: accepted, duplicate, updated or refused, known before the pipeline runs.

The state of recent conversions is cached in Redis and changed there with compare-and-set, so that the
same postback arriving at two workers at once is accepted once. The cache only words the answer: every
postback that isn't refused is journalled, and the pipeline decides by the store. So losing the cache can
make an answer say "accepted" for a duplicate, and can never lose or double a conversion.

When Redis is away, this worker's own recent conversions are used and the answer is marked provisional.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import cast

import msgspec
from redis.asyncio import Redis

from kernel.redis import Breaker
from tracker.conversion_life import Outcome, apply
from tracker.conversion_state import CACHE_SECONDS, ConversionState, cache_key, decode_state, encode_state
from tracker.events import Postback
from tracker.tariff import Terms

REMEMBERED_LOCALLY = 50_000
"""Conversions each worker remembers for when Redis is away; about 20 MB."""
_ATTEMPTS = 8

_COMPARE_AND_SET = """
local now = redis.call('GET', KEYS[1])
if (now == false and ARGV[1] == '') or now == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
  return ''
end
return now
"""


class Outcomes:
    """Says what a postback does to its conversion, as far as it can be known now."""

    def __init__(self, redis: Redis | None, breaker: Breaker | None = None) -> None:
        self._redis = redis
        self._breaker = breaker or Breaker()
        self._recent: OrderedDict[str, ConversionState] = OrderedDict()

    async def of(
        self, conversion_id: str, postback: Postback, terms: Terms, stored: ConversionState | None = None
    ) -> tuple[Outcome, ConversionState, bool]:
        """Apply a postback to the cached state.

        Args:
            conversion_id: ``conversion_state.id_of(postback)``; its goal is the offer's code of it.
            postback: As it will be journalled.
            terms: ``tariff.terms_for`` its goal. An edge knows neither the click's partner nor its country,
                so the state's money is the goal's own until the pipeline, which decides, has written its.
            stored: The state where none is cached; None for a conversion that may be new.

        Returns:
            The outcome, the state after it, and whether it is provisional (Redis was not asked).

        """
        nothing: tuple[Outcome, ConversionState] | None = None
        known = (
            await self._breaker.call_async(lambda: self._shared(conversion_id, postback, terms, stored), nothing)
            if self._redis is not None
            else nothing
        )
        provisional = known is None
        outcome, state = known or apply(self._recent.get(conversion_id, stored), postback, terms)
        self._recent[conversion_id] = state
        self._recent.move_to_end(conversion_id)
        if len(self._recent) > REMEMBERED_LOCALLY:
            self._recent.popitem(last=False)
        return outcome, state, provisional

    async def know(self, conversion_id: str) -> bool:
        """Return whether a conversion is remembered, here or in Redis."""
        redis = self._redis
        if conversion_id in self._recent or redis is None:
            return conversion_id in self._recent
        nothing = 0
        return bool(await self._breaker.call_async(lambda: redis.exists(cache_key(conversion_id)), nothing))

    async def forget(self, conversion_id: str) -> None:
        """Forget a conversion whose postback could not be written down, so that no later one is judged by it."""
        self._recent.pop(conversion_id, None)
        redis = self._redis
        if redis is not None:
            nothing = 0
            await self._breaker.call_async(lambda: redis.delete(cache_key(conversion_id)), nothing)

    async def _shared(
        self, conversion_id: str, postback: Postback, terms: Terms, stored: ConversionState | None
    ) -> tuple[Outcome, ConversionState] | None:
        assert self._redis is not None  # noqa: S101 - of() asks only with a client
        key = cache_key(conversion_id)
        current = cast("bytes | None", await self._redis.get(key)) or b""
        for _ in range(_ATTEMPTS):
            outcome, after = apply(_decode(current) or stored, postback, terms)
            if outcome in {"duplicate", "refused"}:
                return outcome, after
            answer = await self._redis.eval(_COMPARE_AND_SET, 1, key, current, encode_state(after), CACHE_SECONDS)
            if answer in {b"", ""}:
                return outcome, after
            # Someone else changed it in between: judge again by what is there now.
            current = answer
        return None


def _decode(body: bytes) -> ConversionState | None:
    if not body:
        return None
    try:
        return decode_state(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Written by another version: answer as if it were new; the pipeline knows better.
        return None
