"""Counts the requests a role answers, by the route they took and the status they got.

ASGI middleware, the outermost one. Invariants: a label is a route's pattern out of the app's own table, never a
path somebody chose, so the number of series is bounded by routes times statuses; a request that took no route
counts as ``NO_ROUTE``; one whose client went before there was an answer isn't counted, for it has no status.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.metrics import counter

NO_ROUTE: Final = "none"
"""Label of requests whose path no route has."""
FAILED_STATUS: Final = 500
"""What the server answers when a handler raises what nobody expected."""


class RequestCounts:
    """Middleware that counts answers."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and count what it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            # Answered further out, where nothing of ours stands any more.
            status = status or FAILED_STATUS
            raise
        finally:
            if status:
                _count(scope, status)


def _count(scope: Scope, status: int) -> None:
    # Routers note the route they chose, also when it refused the method.
    pattern: str = getattr(scope.get("route"), "path", NO_ROUTE)
    counter("clickledger_http_requests_total", route=pattern, status=str(status)).n += 1
