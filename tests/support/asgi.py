"""An app that runs on one event loop, asked from others: what schemathesis needs of an app that is already up."""

from __future__ import annotations

from typing import Any

import anyio.from_thread
import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send


def in_its_own_loop(app: ASGIApp, portal: anyio.from_thread.BlockingPortal) -> ASGIApp:
    """Return the running app for another event loop: each request is carried over into the app's own."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        asked = [await receive()]
        while asked[-1].get("more_body"):
            asked.append(await receive())

        async def answered() -> list[Any]:
            messages, waiting = [], iter(asked)

            async def hear() -> Any:
                return next(waiting, {"type": "http.disconnect"})

            async def tell(message: Any) -> None:
                messages.append(message)

            await app(scope, hear, tell)
            return messages

        for message in await anyio.to_thread.run_sync(portal.call, answered):
            await send(message)

    return serve
