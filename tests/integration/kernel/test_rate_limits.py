"""Token buckets in a real Valkey."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio

from kernel.rate_limits import Rate, RateLimiter
from tests.support.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]


@pytest.fixture
def in_redis(valkey, valkey_socket):
    """Run something with a client of the real server."""

    def run(work):
        async def within():
            client = redis.asyncio.Redis(unix_socket_path=str(valkey_socket))
            try:
                return await work(client)
            finally:
                await client.aclose()

        return asyncio.run(within())

    return run


def test_processes_share_a_bucket_through_redis_and_it_vanishes_when_full(in_redis, valkey):
    async def work(client):
        one, two, rate = RateLimiter(client), RateLimiter(client), Rate(3, 3600)
        return [await limiter.take("nora@example.com", rate) for limiter in (one, two, one, two)]

    taken = in_redis(work)
    assert [t.allowed for t in taken] == [True, True, True, False]
    assert [t.remaining for t in taken] == [2, 1, 0, 0]
    assert 1199 <= taken[-1].wait_s <= 1200
    keys = valkey.keys("*")
    assert len(keys) == 1
    assert b"nora" not in keys[0]
    assert 3590 < valkey.ttl(keys[0]) <= 3600
