from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from kernel.rate_limits import MEMORY_BUCKETS, Rate, RateLimiter
from kernel.redis import connect_async
from kernel.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def taking(limiter, name, rate, times=1):
    """Take so many tokens and return what came of each."""

    async def run():
        return [await limiter.take(name, rate) for _ in range(times)]

    return asyncio.run(run())


def test_a_bucket_gives_as_many_as_its_rate_and_fills_evenly():
    clock = Clock()
    limiter, rate = RateLimiter(clock=clock), Rate(3, 60)
    taken = taking(limiter, "a", rate, 4)
    assert [t.allowed for t in taken] == [True, True, True, False]
    assert [t.remaining for t in taken] == [2, 1, 0, 0]
    assert [t.wait_s for t in taken] == [0, 0, 20, 20]
    clock.now += 19.9
    assert not taking(limiter, "a", rate)[0].allowed
    clock.now += 0.2
    assert [t.allowed for t in taking(limiter, "a", rate, 2)] == [True, False]


def test_buckets_of_different_names_know_nothing_of_each_other():
    limiter, rate = RateLimiter(clock=Clock()), Rate(1, 60)
    assert [taking(limiter, name, rate)[0].allowed for name in ("a", "b", "a")] == [True, True, False]


@given(
    count=st.integers(1, 1000),
    seconds=st.integers(1, 3600),
    pauses=st.lists(st.floats(0, 100, allow_nan=False), max_size=60),
)
def test_never_more_pass_than_one_bucket_and_what_came_back_since(count, seconds, pauses):
    clock, rate = Clock(), Rate(count, seconds)
    limiter, passed = RateLimiter(clock=clock), 0
    for pause in pauses:
        clock.now += pause
        taken = taking(limiter, "a", rate)[0]
        passed += taken.allowed
        assert 0 <= taken.remaining <= count
        if not taken.allowed:
            assert taken.wait_s >= 1
    assert passed <= count + (clock.now - 1000) * count / seconds + 1


def test_memory_forgets_the_bucket_unused_for_longest():
    limiter, rate = RateLimiter(clock=Clock()), Rate(1, 60)

    async def fill():
        for n in range(MEMORY_BUCKETS + 1):
            await limiter.take(str(n), rate)

    asyncio.run(fill())
    assert len(limiter._memory._full_at) == MEMORY_BUCKETS
    assert "0" not in limiter._memory._full_at


def test_with_redis_away_each_process_counts_for_itself(tmp_path):
    async def work():
        client = connect_async(Settings(redis_url=SecretStr(f"unix://{tmp_path}/nobody.sock")))
        limiter, rate = RateLimiter(client), Rate(2, 3600)
        taken = [await limiter.take("a", rate) for _ in range(3)]
        await client.aclose()
        return taken

    assert [t.allowed for t in asyncio.run(work())] == [True, True, False]
