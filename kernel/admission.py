"""What happens to every request before its handler: whose key is it, is it within its rate, from where.

ASGI middleware. It refuses nothing by itself: what it found out stands in the request's scope, and
``kernel.http.principal`` raises it where somebody has to be known, so public routes answer whatever key they
are sent. Invariants: the event loop never waits for the program database or for Redis; every answer to a
limited key tells how much is left of its rate; the admin key needs no store and has no limit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.auth import Authenticator, Principal
from kernel.errors import RATE_LIMITED, UNAUTHENTICATED, ClickledgerError
from kernel.http import ADDRESS, PRINCIPAL
from kernel.rate_limits import Rate, RateLimiter, Taken

POLICY: Final = "key"
"""What the RateLimit headers call a key's rate."""
MINUTE: Final = 60


class Admission:
    """Middleware that knows who asks."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        authenticator: Authenticator,
        limiter: RateLimiter,
        per_minute: int,
        resolve_address: Callable[[str, str], str],
    ) -> None:
        """Stand before an app.

        Args:
            app: What is asked.
            authenticator: Knows the keys.
            limiter: Counts requests.
            per_minute: Requests of a key that has no rate of its own.
            resolve_address: Makes the client's address of the peer's and the X-Forwarded-For header.

        """
        self._app = app
        self._authenticator = authenticator
        self._limiter = limiter
        self._per_minute = per_minute
        self._resolve_address = resolve_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, then let the app answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        peer = scope.get("client")
        forwarded = ",".join(headers.getlist("x-forwarded-for"))
        scope[ADDRESS] = self._resolve_address(peer[0] if peer else "", forwarded)
        taken: Taken | None = None
        try:
            who = await self._who(headers)
            taken = await self._take(who)
            scope[PRINCIPAL] = who if taken is None or taken.allowed else _refused(taken)
        except ClickledgerError as why:
            scope[PRINCIPAL] = why
        await self._app(scope, receive, send if taken is None else _telling(taken, send))

    async def _who(self, headers: Headers) -> Principal:
        authorization = headers.get("authorization")
        if authorization is None:
            raise UNAUTHENTICATED.error()
        return await self._authenticator.authenticate(authorization)

    async def _take(self, who: Principal) -> Taken | None:
        if who.key_id is None:
            return None
        return await self._limiter.take(f"key:{who.key_id}", Rate(who.rate_per_minute or self._per_minute, MINUTE))


def _refused(taken: Taken) -> ClickledgerError:
    wait = max(1, taken.wait_s)
    return RATE_LIMITED.error(
        f"This key may make {taken.rate.count} requests a minute; go on in {wait} seconds.", retry_after_s=wait
    )


def _telling(taken: Taken, send: Send) -> Send:
    """Return a ``send`` that adds what is left of the rate to the answer's headers."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in taken.headers(POLICY):
                headers[name] = value
        await send(message)

    return telling
