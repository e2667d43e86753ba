"""A client of Redis whose script calls go straight: for callers that make one after the other, all day.

The client's own road of a command leads through its pool, its retries and, for every command, a task with a
time-out: twice the work of the command itself, and a turn of the event loop more for all who wait for it.

Invariants: what a caller gets is what ``evalsha`` of the client gives it, errors included; a call is tried again
once after a broken connection, so a script must count once however often it is sent; no call lasts longer than
the command's time-out, twice. A second call at the same time takes the client's own road.
"""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio
from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

_TRIES = 2


class ScriptingRedis(redis.asyncio.Redis):
    """The asyncio client, with a connection of its own for scripts."""

    _straight: AbstractConnection | None = None
    _is_calling = False

    async def evalsha(  # type: ignore[override]  # the client's type serves its synchronous twin too
        self, sha: str, numkeys: int, *keys_and_args: bytes | str | float
    ) -> Any:
        """Run a script that Redis knows, and return its answer.

        Raises:
            NoScriptError: it doesn't know it.
            RedisError: it is away, too slow, or the script failed.

        """
        if self._is_calling:
            return await super().evalsha(sha, numkeys, *keys_and_args)
        self._is_calling = True
        try:
            parts: Any = ("EVALSHA", sha, numkeys, *keys_and_args)  # its type knows only tuples of one
            return await self._call(pack_command(parts))
        finally:
            self._is_calling = False

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close every connection."""
        if self._straight is not None:
            await self._straight.disconnect()
        await super().aclose(close_connection_pool)

    async def _call(self, packed: bytes) -> Any:
        connection, seconds = self._connection()
        for tried in range(1, _TRIES + 1):
            try:
                async with asyncio.timeout(seconds):
                    await connection.send_packed_command(packed, check_health=False)
                    return await connection.read_response()
            except ResponseError:
                raise
            except (RedisConnectionError, RedisTimeoutError, OSError) as why:
                # An answer that comes after all must not be taken for the next call's.
                await connection.disconnect(nowait=True)
                if tried == _TRIES:
                    if isinstance(why, TimeoutError):
                        raise RedisTimeoutError(f"no answer within {seconds} s") from why
                    raise
            except BaseException:
                await connection.disconnect(nowait=True)
                raise
        raise AssertionError("unreachable")

    def _connection(self) -> tuple[AbstractConnection, float | None]:
        """Return the connection for scripts, and how long a call on it may last."""
        pool = self.connection_pool
        if self._straight is None:
            # One time-out around all of a call stands for those of each step, which would make a task each.
            kwargs = {**pool.connection_kwargs, "socket_timeout": None}
            self._straight = pool.connection_class(**kwargs)
        return self._straight, pool.connection_kwargs.get("socket_timeout")
