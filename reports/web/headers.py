"""What every answer of the web role tells browsers, whoever made it: a page, the API, an asset, a refusal.

ASGI middleware. Invariants: no answer leaves without these headers; one that an answer has of itself stays as it
is, so a page's own policy and an asset's own caching count before them; a path with a slash too many leads to the
one without it on whatever scheme and host the browser used, which a proxy in front may not have told.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reports.web.rendering import SECURITY_HEADERS
from reports.web.visit import own_address

NOTHING: Final = {
    **SECURITY_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline';"
        " form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
"""Of what is no page: JSON, files, and charts, which have their style in them. Should a browser be brought to show
one as a page, it loads and runs nothing."""

ROUTERS_REDIRECT: Final = 307
"""What the router answers to a slash too many; nothing else does."""


class SafeAnswers:
    """Middleware that completes the headers of answers."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and add what its answer doesn't say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == ROUTERS_REDIRECT:
                    to = urlsplit(headers["location"])
                    headers["location"] = own_address(to.path + (f"?{to.query}" if to.query else ""))
                for name, value in NOTHING.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, completed)
