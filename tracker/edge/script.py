"""``GET /clickledger.js``: the snippet for pages that must not redirect.

Invariants: the file is served as it lies beside this module, readable, with its hash as ETag; browsers keep it for
an hour and ask then whether it changed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.types import Receive, Scope, Send

from tracker.edge.answers import ANY_ORIGIN, TEXT, respond
from tracker.edge.requests import header

JAVASCRIPT = b"text/javascript; charset=utf-8"
CACHED = b"public, max-age=3600"
SOURCE = Path(__file__).with_name("clickledger.js")


class ScriptEndpoint:
    """The ASGI endpoint of the snippet."""

    def __init__(self) -> None:
        self._body = SOURCE.read_bytes()
        self._etag = f'"{hashlib.blake2b(self._body, digest_size=12).hexdigest()}"'.encode()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, HEAD")])
            return
        headers = [(b"etag", self._etag), *ANY_ORIGIN]
        known = {tag.strip().removeprefix(b"W/") for tag in header(scope, b"if-none-match").split(b",")}
        if self._etag in known or b"*" in known:
            # Without a length: it would be taken for the script's.
            fresh = [*headers, (b"cache-control", CACHED)]
            await send({"type": "http.response.start", "status": 304, "headers": fresh})
            await send({"type": "http.response.body", "body": b""})
            return
        await respond(send, 200, b"" if method == "HEAD" else self._body, JAVASCRIPT, headers, CACHED)
