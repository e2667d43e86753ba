"""Counting in Redis: one script call for all the clicks of a moment.

Invariants: the script is one atomic step, so whatever number of workers and hosts share the Redis, a hard cap
admits exactly its amount. Nothing is taken by a click that a hard cap refuses, or that the duplicate policy
sends away. A call that is sent again (its answer was lost) counts once: each worker's last answer is kept in
Redis under the call's number. A memory that isn't the one the worker knows (Redis was emptied) decides nothing
before it was told what the worker knows.

Keys are declared, but they lie on all slots: a Redis Cluster can't run the script.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Iterable, Sequence
from typing import NamedTuple, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from tracker import caps
from tracker.edge.counting_plan import CapCount, Plan

ANSWER_KEPT_MS = 86_400_000
"""How long a worker can be cut off and still learn whether its last call was carried out."""
_CHUNK = 500
"""Counts or visitors told in one command, so that it keeps nobody waiting."""

_TAKE = """
local memory = redis.call('GET', KEYS[1])
if not memory then
  memory = ARGV[2]
  redis.call('SET', KEYS[1], memory)
end
if ARGV[1] ~= '' and ARGV[1] ~= memory then return {memory} end
local number = ARGV[3]
local said = redis.call('GET', KEYS[2])
if said and string.sub(said, 1, #number) == number then return {memory, string.sub(said, #number + 1)} end

local call = cmsgpack.unpack(ARGV[4])
local caps, asks, next_ask = call[1], call[2], call[3]
local counts, taken, said_to, changed = {}, {}, {}, false
for i = 1, caps do
  counts[i] = tonumber(redis.call('GET', KEYS[2 + i]) or '0') or 0
  taken[i] = 0
end
for a = 1, asks do
  local plan, takes, key, now = call[next_ask], call[next_ask + 1] == 1, call[next_ask + 2], call[next_ask + 3]
  next_ask = next_ask + 4
  local first, last, code = plan + 3, plan + 4 * call[plan], 0
  for at = first, last, 4 do
    if counts[call[at]] >= call[at + 1] then
      if call[at + 2] == 1 then
        code = at - plan + 1
        break
      end
      code = 2
    end
  end
  if code < 4 then
    local again = false
    if key > 0 then
      local window = call[plan + 1]
      again = (tonumber(redis.call('GET', KEYS[key]) or '0') or 0) > now
      if takes and not again then
        redis.call('SET', KEYS[key], string.format('%.0f', now + window), 'PX', window)
        changed = true
      end
    end
    if again then code = code + 1 end
    if takes and not (again and call[plan + 2] == 1) then
      for at = first, last, 4 do
        if call[at + 3] == 1 then
          local i = call[at]
          counts[i] = counts[i] + 1
          taken[i] = taken[i] + 1
          changed = true
        end
      end
    end
  end
  said_to[a] = code
end
for i = 1, caps do
  local key, n, expires = KEYS[2 + i], taken[i], call[3 + i]
  if n > 0 and redis.call('INCRBY', key, n) == n and expires > 0 then
    redis.call('PEXPIREAT', key, string.format('%.0f', expires))
  end
end
local answer = cmsgpack.pack({said_to, counts})
if changed then redis.call('SET', KEYS[2], number .. answer, 'PX', ARGV[5]) end
return {memory, answer}
"""
"""Decides and counts. ``call`` is one flat list of numbers, as nested ones cost Redis more than the counting: how
many caps, how many asks, where the asks begin; each cap's expiry; each plan (how many caps, window, whether it
sends duplicates away, and for each cap: its place, amount, 1 for hard, 1 for one that clicks take of); each ask
(where its plan begins, 1 to count, the place of its duplicate key or 0, when it was received)."""

_ADD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local said = redis.call('GET', KEYS[2]) or ''
if string.sub(said, 1, #ARGV[2]) == ARGV[2] then return 1 end
if ARGV[3] == '' or string.sub(said, 1, #ARGV[3]) ~= ARGV[3] then
  for i = 3, #KEYS do
    local n, expires = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    if redis.call('INCRBY', KEYS[i], n) == n and expires > 0 then
      redis.call('PEXPIREAT', KEYS[i], ARGV[2 * i])
    end
  end
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[4])
return 1
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[int], list[float]]).decode
T = TypeVar("T")


class OtherMemoryError(Exception):
    """Redis holds another memory than the one last talked to: it was emptied or restarted."""


class Ask(NamedTuple):
    """One click to be counted."""

    plan: Plan
    duplicate_key: str
    now_ms: int
    takes: bool
    """Whether it is counted if it is admitted; False only looks."""


class SharedCounts:
    """One worker's way to the counts in Redis. Every method raises ``STORE_FAILURES`` while it is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._worker = secrets.token_hex(8)
        self._answer_key = f"clickledger:caps:answer:{self._worker}"
        self._numbers = 0
        self._digests: dict[str, str] = {}
        self.memory = b""
        """Name of the memory last talked to; b'' before the first word."""

    def number(self) -> str:
        """Return the number of the next call: of one width, so that none begins with another."""
        self._numbers += 1
        return f"{self._numbers:012x}"

    async def take(
        self, number: str, asks: Sequence[Ask], also: Iterable[CapCount] = ()
    ) -> tuple[list[int], list[tuple[CapCount, float]]]:
        """Decide and count clicks in their order.

        Args:
            number: Of this call.
            asks: The clicks.
            also: Counts to read along.

        Returns:
            A code for each click: 4 times the place of the planned cap that refuses it, or the sum of 1 for a
            duplicate and 2 for one beyond a soft cap; and each count as it is now.

        Raises:
            OtherMemoryError: Redis was emptied; tell it what is known with ``raise_to`` and ask again.

        """
        counts: dict[CapCount, int] = {}
        for ask in asks:
            for cap in ask.plan.caps:
                counts.setdefault(cap.counted, len(counts) + 1)
        for count in also:
            counts.setdefault(count, len(counts) + 1)
        keys = [caps.MEMORY_KEY, self._answer_key, *[count.key for count in counts]]
        call: list[float] = [len(counts), len(asks), 0, *[count.expires_at for count in counts]]
        plans: dict[Plan, int] = {}
        for ask in asks:
            plan = ask.plan
            if plan not in plans:
                plans[plan] = len(call) + 1
                call += (len(plan.caps), plan.window_ms, int(plan.sends_duplicates_away))
                for count, amount, hard, _ in plan.caps:
                    call += (counts[count], amount, int(hard), int(count.is_clicks))
        call[2] = len(call) + 1
        for plan, duplicate_key, now_ms, count_it in asks:
            if duplicate_key:
                keys.append(duplicate_key)
            call += (plans[plan], int(count_it), len(keys) if duplicate_key else 0, now_ms)
        answer = await self._run(
            _TAKE, keys, self.memory, f"{self._worker}-{number}", number, _encode(call), ANSWER_KEPT_MS
        )
        if len(answer) == 1:
            raise OtherMemoryError
        self.memory = answer[0]
        codes, values = _decode(answer[1])
        return codes, list(zip(counts, values, strict=True))

    async def add(self, number: str, takes: Sequence[tuple[CapCount, int]], unless: str = "") -> None:
        """Add what was taken without Redis.

        Args:
            number: Of this call; the same number is carried out once.
            takes: How many of each count.
            unless: Number of a call that may have counted them already.

        Raises:
            OtherMemoryError: Redis was emptied: nothing was added.

        """
        keys = [caps.MEMORY_KEY, self._answer_key, *[count.key for count, _ in takes]]
        told = [value for count, n in takes for value in (n, count.expires_at)]
        if not await self._run(_ADD, keys, self.memory, number, unless, ANSWER_KEPT_MS, *told):
            raise OtherMemoryError

    async def raise_to(self, counts: Sequence[CapCount]) -> None:
        """Raise counts to what this worker knows and took, in a memory that lost them."""
        for begin in range(0, len(counts), _CHUNK):
            chunk = counts[begin : begin + _CHUNK]
            told = [value for count in chunk for value in (int(count.shared) + count.alone, count.expires_at)]
            await self._run(caps.RAISE, [count.key for count in chunk], *told)

    async def greet(self) -> None:
        """Get to know the present memory, before there is anything to count."""
        await self._redis.set(caps.MEMORY_KEY, secrets.token_hex(8), nx=True)
        self.memory = self.memory or await self.current_memory()

    async def current_memory(self) -> bytes:
        """Return the name of the present memory, b'' for none."""
        return cast("bytes | None", await self._redis.get(caps.MEMORY_KEY)) or b""

    async def tell_visitors(self, visitors: Sequence[tuple[str, int]], now_ms: int) -> None:
        """Tell of visitors seen without Redis, and until when (milliseconds since 1970)."""
        for begin in range(0, len(visitors), _CHUNK):
            pipe = self._redis.pipeline(transaction=False)
            for key, until in visitors[begin : begin + _CHUNK]:
                if until > now_ms:
                    pipe.set(key, until, px=until - now_ms, nx=True)
            await pipe.execute()

    async def _run(self, script: str, keys: Sequence[str], *arguments: bytes | str | int) -> list[bytes]:
        digest = self._digests.get(script)
        if digest is None:
            digest = self._digests[script] = await _awaited(self._redis.script_load(script))
        try:
            answer = await _awaited(self._redis.evalsha(digest, len(keys), *keys, *arguments))
        except NoScriptError:  # a server that was restarted knows none
            answer = await _awaited(self._redis.eval(script, len(keys), *keys, *arguments))
        return cast("list[bytes]", answer)


async def _awaited(answer: Awaitable[T] | T) -> T:
    """Return what the client's method answers; its type serves the synchronous client too."""
    return await cast("Awaitable[T]", answer)
