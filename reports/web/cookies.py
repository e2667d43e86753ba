"""The session of a browser: a cookie that stands for an Authorization header, and who may use it.

ASGI middleware before everything that asks who is there. Invariants:

- the cookie's name begins with ``__Host-``: browsers take it over HTTPS (or from this machine) alone, for this
  host and no other, and no script can read it;
- a request that changes something and comes by the cookie, or to a page, must come from a page of ours: browsers
  say so in Sec-Fetch-Site, older ones in Origin; one that says neither is refused (OWASP's Cross-Site Request
  Forgery Prevention Cheat Sheet, "Fetch Metadata headers");
- the API's answers to a cookie are for our own pages too, so that no other site can embed them;
- a request with an Authorization header is what it was before: the cookie plays no part in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel.errors import ClickledgerError
from reports.web.errors import CROSS_SITE

SESSION: Final = "__Host-clickledger"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
API: Final = "/api/"
OURS: Final = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of a request by our own page, or by nobody's: typed, or from a bookmark."""

Refuse: TypeAlias = Callable[[Request, ClickledgerError], Response]


class CookieSessions:
    """Middleware that lets a session's cookie stand for its key."""

    def __init__(self, app: ASGIApp, *, refused: Refuse) -> None:
        """Stand before an app.

        Args:
            app: What is asked.
            refused: Makes the answer to a request of another site.

        """
        self._app = app
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its key, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "authorization" in headers:
            await self._app(scope, receive, send)
            return
        key = _session(headers)
        is_api = scope["path"].startswith(API)
        is_safe = scope["method"] in SAFE
        if (not is_safe and (key or not is_api) and not _is_ours(headers)) or (
            is_safe and is_api and key and headers.get("sec-fetch-site", "none") not in OURS
        ):
            await self._refused(Request(scope), CROSS_SITE.error())(scope, receive, send)
            return
        if key:
            bearer = (b"authorization", f"Bearer {key}".encode())
            scope = {**scope, "headers": [*scope["headers"], bearer]}
        await self._app(scope, receive, send)


def _session(headers: Headers) -> str:
    """Return the key in the session's cookie, '' without one."""
    key = cookie_parser(headers.get("cookie", "")).get(SESSION, "")
    return key if key.isascii() and key.isprintable() else ""


def _is_ours(headers: Headers) -> bool:
    """Return whether a request that changes something comes from a page of this very origin."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    try:
        origin = urlsplit(headers.get("origin", ""))
    except ValueError:
        return False
    # A proxy in front may have taken the scheme, so which of the two it was isn't compared.
    return origin.scheme in {"http", "https"} and origin.netloc == headers.get("host")


def keep(response: Response, key: str, seconds: int | None) -> None:
    """Have the browser keep a session.

    Args:
        response: The answer that tells it.
        key: The session's key.
        seconds: For how long; None: until the browser is closed.

    """
    response.set_cookie(SESSION, key, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def forget(response: Response) -> None:
    """Have the browser forget its session."""
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="lax")
