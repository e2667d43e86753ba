"""What the edge's endpoints read of a request beside its query: headers, cookies, a body within bounds.

Invariants: no bytes raise anything but a ``ClickledgerError``; headers are cut, so that nobody fills a journal
with one; a cookie is a hint, believed only after its click id proved genuine; a body that broke off is never
taken for a whole one.
"""

from __future__ import annotations

from urllib.parse import unquote

from starlette.types import Receive, Scope

from kernel.errors import ErrorKind

MAX_HEADER_CHARACTERS = 1024
"""Longest header value kept; browsers stay far below."""
MAX_URL_CHARACTERS = 2048
"""Longest referrer and user agent kept."""

KEPT_HEADERS: tuple[tuple[bytes, str], ...] = tuple(
    (name.encode(), name)
    for name in (
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
        "sec-ch-ua-platform-version",
        "sec-ch-ua-model",
        "sec-purpose",
        "purpose",
        "x-purpose",
        "x-moz",
        "x-requested-with",
        "sec-fetch-site",
        "sec-fetch-dest",
    )
)
"""What else a click keeps of its request: client hints, and who asked for it in which way."""

CLICK_COOKIE = "cl"
IMPRESSION_COOKIE = "cv"
"""Followed by the offer's id: cl7 holds the visitor's last click on offer 7, cv7 the last impression."""
_COOKIE_CHARACTERS = 8192
"""Browsers send less to one site."""


def text(raw: bytes, most: int) -> str:
    """Return a header as text of at most ``most`` characters."""
    return raw.decode("utf-8", "replace")[:most]


def header(scope: Scope, name: bytes) -> bytes:
    """Return the first header of a name, b'' when there is none."""
    return next((value for given, value in scope["headers"] if given == name), b"")


def read_cookies(scope: Scope) -> dict[str, str]:
    """Return the cookies of a request; of a name given twice the first counts, as it has the longest path."""
    cookies: dict[str, str] = {}
    sent = b";".join(value for name, value in scope["headers"] if name == b"cookie")
    for pair in sent[:_COOKIE_CHARACTERS].decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        cookies.setdefault(name, unquote(value.strip('"')))
    return cookies


def set_cookie(name: str, value: str, max_age_s: int, *, secure: bool) -> tuple[bytes, bytes]:
    """Return the header that sets a cookie which another site's page may send back, where browsers let it.

    Args:
        name: Its name.
        value: A click id.
        max_age_s: Seconds after which it goes.
        secure: Whether visitors come over HTTPS; without it browsers refuse cookies for other sites' pages.

    """
    site = "SameSite=None; Secure" if secure else "SameSite=Lax"
    return b"set-cookie", f"{name}={value}; Max-Age={max_age_s}; Path=/; HttpOnly; {site}".encode("ascii")


async def read_body(receive: Receive, most_bytes: int, broken: ErrorKind, too_large: ErrorKind) -> bytes:
    """Read a request's whole body.

    Args:
        receive: The ASGI channel.
        most_bytes: Its largest size.
        broken: What to raise when the connection ends before the body does.
        too_large: What to raise when it is larger.

    Raises:
        ClickledgerError: one of the two.

    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # What arrived may be a part of what was meant: half an amount of 1250 must not be booked.
            raise broken.error("The connection ended before the body did; send it again.")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most_bytes:
            raise too_large.error(f"The body has at most {most_bytes} bytes here.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
