"""Plain ASGI answers of the edge: small, never cached unless said, never sniffed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.types import Send

TEXT = b"text/plain; charset=utf-8"
HTML = b"text/html; charset=utf-8"
JSON = b"application/json"
GIF = b"image/gif"

TRANSPARENT_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One pixel that nobody sees."""

NO_STORE = b"no-store"
ROBOTS = (b"x-robots-tag", b"noindex, nofollow")
ANY_ORIGIN = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-clickledger"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""Scripts of every page may read the answer. No credentials: a browser sends and keeps no cookies with it."""

_encode = msgspec.json.Encoder(decimal_format="string").encode


async def respond(
    send: Send,
    status: int,
    body: bytes,
    kind: bytes,
    headers: Sequence[tuple[bytes, bytes]] = (),
    cache: bytes = NO_STORE,
) -> None:
    """Send a whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", kind),
                (b"content-length", str(len(body)).encode()),
                (b"cache-control", cache),
                (b"x-content-type-options", b"nosniff"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def respond_json(send: Send, status: int, body: Any, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send a JSON answer; decimals as strings, so that no reader rounds money."""
    await respond(send, status, _encode(body), JSON, headers)


async def respond_preflight(send: Send, methods: bytes) -> None:
    """Tell a browser that a script of any page may send these methods and a JSON body."""
    headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"86400"),
        (b"cache-control", NO_STORE),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
