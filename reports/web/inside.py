"""Pages ask the API from within: the same operations, checks and answers, without a network between.

A page shows what the API answers to the one who looks at it and nothing else, so no page needs a check of its own
of whose rows somebody may see. Invariants: a call is made as the principal of the request it serves, whatever the
page; what the API refuses is raised as the ``ClickledgerError`` it refuses with; numbers of answers with a
fraction are Decimal, so that money keeps its digits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from kernel.errors import NOT_FOUND
from kernel.http import ADDRESS, PRINCIPAL

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_CARRIED: Final = (PRINCIPAL, ADDRESS, "client", "server", "scheme", "app", "state", "asgi")
"""What an inner request has of the outer one."""
MOST_WAITING: Final = 4
"""Pieces of a download that wait to be sent; its work waits when there are more."""


class Inside:
    """The API, as the one who sends a request may use it."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def get(self, path: str, /, **query: Any) -> Any:
        """Return the answer to a GET, decoded.

        Args:
            path: Of the operation, as /api/v1/partners/3.
            query: Its parameters; those that are None or '' are left out, a list
                is given once for each value. ``from_`` is ``from``.

        Raises:
            ClickledgerError: What the operation refuses with.

        """
        given = {name.rstrip("_"): value for name, value in query.items() if value is not None and value != ""}
        _, body = await self._call("GET", path, urlencode(given, doseq=True), b"", {})
        return _decode(body) if body else None

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        left: asyncio.Event | None = None,
    ) -> Any:
        """Return the answer to a request with a JSON body, decoded; None for none.

        Args:
            method: Of the operation.
            path: Of the operation.
            body: What is sent as JSON.
            headers: Beside those that every request has.
            left: Set when nobody waits for the answer any more; the operation sees its client go away then.

        Raises:
            ClickledgerError: What the operation refuses with.

        """
        sent = b"" if body is None else _encode(body)
        _, answered = await self._call(method, path, "", sent, headers or {}, left)
        return _decode(answered) if answered else None

    async def send_file(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        """Return the answer to a POST of a file, decoded.

        Args:
            path: Of the operation.
            content: The file.
            media_type: Its kind.
            query: The operation's parameters.

        Raises:
            ClickledgerError: What the operation refuses with.

        """
        _, answered = await self._call("POST", path, urlencode(query), content, {"Content-Type": media_type})
        return _decode(answered) if answered else None

    async def download(self, method: str, path: str, body: Any = None) -> Response:
        """Return an operation's answer as one of the page's own, sent piece by piece as it is made.

        Raises:
            ClickledgerError: What the operation refuses with, before anything is sent.

        """
        sent = b"" if body is None else _encode(body)
        scope = self._scope(method, path, "", sent, {})
        begun: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        pieces: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.set_result(message)
            elif message["type"] == "http.response.body" and message.get("body"):
                await pieces.put(message["body"])

        work = asyncio.ensure_future(self._request.app.router(scope, _receiving(sent, asyncio.Event()), take))
        try:
            await asyncio.wait({work, begun}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if not begun.done():
            await work
        return _Relayed(begun.result(), work, pieces)

    async def _call(
        self,
        method: str,
        path: str,
        query: str,
        body: bytes,
        headers: Mapping[str, str],
        left: asyncio.Event | None = None,
    ) -> tuple[int, bytes]:
        """Run one operation through the app's own routes; return its status and body."""
        status, pieces = 0, bytearray()

        async def take(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                pieces.extend(message.get("body", b""))

        # The router itself: whose request it is, and its rate, was found out once for the page.
        scope = self._scope(method, path, query, body, headers)
        await self._request.app.router(scope, _receiving(body, left or asyncio.Event()), take)
        if 300 <= status < 400:
            # The router's own: an address that ends where an id should be is another operation's but for a slash.
            raise NOT_FOUND.error("This isn't there; open the page anew and choose again.")
        return status, bytes(pieces)

    def _scope(
        self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the scope of an inner request."""
        outer = self._request.scope
        return {name: outer[name] for name in _CARRIED if name in outer} | {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (name.lower().encode(), value.encode("latin-1"))
                for name, value in (
                    {"Content-Type": "application/json", "Content-Length": str(len(body))} | dict(headers)
                ).items()
            ],
        }


class _Relayed(StreamingResponse):
    """What an inner request answers, on its way; when its reader goes away, the work behind it ends."""

    def __init__(self, start: Message, work: asyncio.Future[None], pieces: asyncio.Queue[bytes]) -> None:
        super().__init__(self._pieces(), start["status"])
        self.raw_headers = list(start["headers"])
        self._work, self._waiting = work, pieces

    async def _pieces(self) -> AsyncIterator[bytes]:
        while not (self._work.done() and self._waiting.empty()):
            piece = asyncio.ensure_future(self._waiting.get())
            both: set[asyncio.Future[Any]] = {piece, self._work}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if piece.done():
                yield piece.result()
            else:
                piece.cancel()
        await self._work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and end its work whatever becomes of it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._work.cancel()


def _receiving(body: bytes, left: asyncio.Event) -> Receive:
    """Return what gives an inner request its body, and then waits until its client has left."""
    given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        # Several may wait at once: one that streams, and one that looks whether its client went away.
        if not given:
            await left.wait()
            return {"type": "http.disconnect"}
        return given.pop()

    return receive
