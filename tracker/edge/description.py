"""``GET /openapi.json``: the edge describes what it takes and answers, as OpenAPI 3.1.

Invariants: a worker that is never asked pays nothing, neither imports nor memory; the first one who asks waits for
it to be made, on a thread, and no click does; from then on it is bytes.
"""

from __future__ import annotations

import asyncio

import msgspec
from starlette.types import Receive, Scope, Send

from tracker.edge.answers import ANY_ORIGIN, JSON, TEXT, respond


class DescriptionEndpoint:
    """The ASGI endpoint of the edge's description."""

    def __init__(self, url: str) -> None:
        """Keep where visitors reach the edge."""
        self._url = url
        self._body = b""
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, HEAD")])
            return
        async with self._making:
            if not self._body:
                self._body = await asyncio.to_thread(_describe, self._url)
        await respond(send, 200, b"" if method == "HEAD" else self._body, JSON, ANY_ORIGIN)


def _describe(url: str) -> bytes:
    from tracker.reference.operations import document

    return msgspec.json.encode(document(url))
