"""Serving an ASGI app from one process of ours: granian inside our own event loop.

Each process binds its own socket with SO_REUSEPORT, so edge workers share a port and the kernel spreads
connections over them; one that dies takes nothing of the others along. The supervisor, not granian,
owns the processes.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.errors import FatalError
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

BACKLOG = 1024
"""Connections the kernel keeps waiting while a worker is busy."""


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first.

    Args:
        app: The ASGI app; its lifespan is run.
        host: Address to listen on.
        port: Port to listen on.

    Raises:
        Exception: what the app's lifespan raised as it began, since the server itself names no cause.

    """
    failed: list[Exception] = []

    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as why:
            failed.append(why)
            raise

    def told(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: every click passes here.
        return (live if scope["type"] == "lifespan" else app)(scope, receive, send)

    # It warns at every start that embedding is experimental; our tests are the judge of that.
    logging.getLogger("_granian").setLevel(logging.ERROR)

    async def main() -> None:
        server = Server(
            told,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
        )
        is_ending = False

        def end() -> None:
            nonlocal is_ending
            is_ending = True
            server.stop()  # type: ignore[no-untyped-call]  # the library gives it no types

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        try:
            await server.serve()
        except FatalError:
            # Asked to end before it had begun, it says that it could not begin.
            if is_ending:
                return
            if failed:
                raise failed[0] from None
            raise

    uvloop.run(main())
