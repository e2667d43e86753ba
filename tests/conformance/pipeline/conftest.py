import pytest

from tests.support.valkey import valkey, valkey_socket
from tracker.pipeline.steps import GuardedUniqueWindow, MemoryUniqueWindow, RedisUniqueWindow

__all__ = ["valkey", "valkey_socket"]


def _memory(_request):
    return MemoryUniqueWindow


def _redis(request):
    client = request.getfixturevalue("valkey")
    return lambda hours: RedisUniqueWindow(client, hours)


def _guarded(request):
    client = request.getfixturevalue("valkey")

    def never_fall_back(_visits: int) -> None:
        raise AssertionError("the server is there, memory must not answer")

    return lambda hours: GuardedUniqueWindow(
        RedisUniqueWindow(client, hours), MemoryUniqueWindow(hours), never_fall_back
    )


@pytest.fixture(params=[_memory, _redis, _guarded], ids=["memory", "redis", "guarded"])
def open_window(request):
    """Return a function from hours to an empty window, for each form of the port."""
    return request.param(request)
