import pytest

from fraud.counts import GuardedCounts, MemoryCounts, RedisCounts
from tests.support.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]


def _memory(_request):
    return MemoryCounts


def _redis(request):
    client = request.getfixturevalue("valkey")

    def make():
        client.flushdb()  # another one's clicks would be added
        return RedisCounts(client, MemoryCounts())

    return make


def _guarded(request):
    client = request.getfixturevalue("valkey")

    def never_fall_back(_clicks: int) -> None:
        raise AssertionError("the server is there, memory alone must not answer")

    def make():
        client.flushdb()
        local = MemoryCounts()
        return GuardedCounts(RedisCounts(client, local), local, never_fall_back)

    return make


@pytest.fixture(params=[_memory, _redis, _guarded], ids=["memory", "redis", "guarded"])
def make_counts(request):
    """Return a function that makes empty counts, for each form of the port."""
    return request.param(request)
