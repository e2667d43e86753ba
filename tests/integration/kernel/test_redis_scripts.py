"""The straight road of script calls: the client's answers and errors, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import hiredis
import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from kernel.redis_scripts import ScriptingRedis
from tests.support.valkey import valkey, valkey_socket
from tests.support.waiting import PATIENCE_SECONDS

__all__ = ["valkey", "valkey_socket"]

ECHO = "return {ARGV[1], KEYS[1], #ARGV}"
SLOW = """
local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
local begin = now()
while now() < begin + 200000 do end
return 'late'
"""


@asynccontextmanager
async def client(socket, seconds=PATIENCE_SECONDS):
    made = ScriptingRedis(unix_socket_path=str(socket), socket_timeout=seconds, socket_connect_timeout=seconds)
    try:
        yield made
    finally:
        await made.aclose()


@pytest.mark.usefixtures("valkey")
def test_a_script_s_answer_is_the_client_s_own(valkey_socket):
    async def main():
        async with client(valkey_socket) as straight:
            plain = redis.asyncio.Redis(unix_socket_path=str(valkey_socket))
            digest = await straight.script_load(ECHO)
            for arguments in (("key", b"\xff\r\n"), ("kéy", 17), (b"k", 1.5, "more"), ("key", b"x" * 300_000)):
                assert await straight.evalsha(digest, 1, *arguments) == await plain.evalsha(digest, 1, *arguments)
            await plain.aclose()

    asyncio.run(main())


@pytest.mark.usefixtures("valkey")
def test_an_error_is_raised_and_the_next_call_answered(valkey_socket):
    async def main():
        async with client(valkey_socket) as straight:
            with pytest.raises(NoScriptError):
                await straight.evalsha("0" * 40, 0)
            failing = await straight.script_load("return redis.call('INCR', KEYS[1], 'too many')")
            with pytest.raises(ResponseError, match="number of args"):
                await straight.evalsha(failing, 1, "key")
            echo = await straight.script_load(ECHO)
            assert await straight.evalsha(echo, 1, "key", "after") == [b"after", b"key", 1]

    asyncio.run(main())


@pytest.mark.usefixtures("valkey")
def test_a_connection_that_was_closed_meanwhile_is_made_anew(valkey_socket):
    async def main():
        async with client(valkey_socket) as straight:
            echo = await straight.script_load(ECHO)
            for n in range(3):
                assert await straight.evalsha(echo, 1, "key", n) == [str(n).encode(), b"key", 1]
                await straight.client_kill_filter(_type="normal", skipme=True)

    asyncio.run(main())


@pytest.mark.usefixtures("valkey")
def test_calls_at_the_same_time_get_each_their_own_answer(valkey_socket):
    async def main():
        async with client(valkey_socket) as straight:
            echo = await straight.script_load(ECHO)
            found = await asyncio.gather(*[straight.evalsha(echo, 1, "key", n) for n in range(20)])
            assert [int(first) for first, *_ in found] == list(range(20))

    asyncio.run(main())


@pytest.mark.usefixtures("valkey")
def test_an_answer_nobody_waits_for_any_more_is_not_the_next_call_s(valkey_socket):
    async def main():
        async with client(valkey_socket) as straight:
            echo, slow = await straight.script_load(ECHO), await straight.script_load(SLOW)
            call = asyncio.create_task(straight.evalsha(slow, 0))
            await asyncio.sleep(0.02)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await straight.evalsha(echo, 1, "key", "mine") == [b"mine", b"key", 1]

    asyncio.run(main())


def test_a_server_that_hangs_costs_two_time_outs_and_its_late_answer_goes_nowhere(tmp_path):
    calls = []

    async def answer(reader, writer):
        parsed = hiredis.Reader()
        while received := await reader.read(65_536):
            parsed.feed(received)
            while command := parsed.gets():
                if command[0] != b"EVALSHA":
                    writer.write(b"+OK\r\n")
                    continue
                calls.append(len(calls))
                if calls[-1] < 2:
                    await asyncio.sleep(0.3)  # longer than the client waits
                writer.write(b"+late\r\n" if calls[-1] < 2 else b"+mine\r\n")
        writer.close()

    async def main():
        server = await asyncio.start_unix_server(answer, tmp_path / "redis")
        async with server, client(tmp_path / "redis", 0.1) as straight:
            straight.connection_pool.connection_kwargs["protocol"] = 2  # has no greeting to be answered
            begin = time.monotonic()
            with pytest.raises(RedisTimeoutError):
                await straight.evalsha("0" * 40, 0)
            assert time.monotonic() - begin >= 0.2
            assert len(calls) == 2
            await asyncio.sleep(0.4)
            assert await straight.evalsha("0" * 40, 0) == b"mine"

    asyncio.run(main())


def test_a_server_that_is_not_there_is_away(tmp_path):
    async def main():
        async with client(tmp_path / "nobody") as straight:
            with pytest.raises((RedisConnectionError, OSError)):
                await straight.evalsha("0" * 40, 0)

    asyncio.run(main())
