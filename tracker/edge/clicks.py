"""``GET /click`` and ``GET /c/<code>``: decide, write down, redirect.

Invariants: the 302 (or the 404 page) is sent only after the event is on the disk; no query makes
anything but 302, 404 or, when the disk refuses, 503; 302 only, never cached. This is the hottest code of
the house, so it is written flat: one pass over the headers, no request object, nothing derived that
the destination doesn't ask for.
"""

from __future__ import annotations

import time
from html import escape
from typing import Any

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.click_id import ClickIdKeys
from tracker.edge.address import ClientAddress
from tracker.edge.answers import HTML, TEXT, respond
from tracker.edge.decision import TRAFFICBACK_REASONS
from tracker.edge.facts import VisitorFacts
from tracker.edge.requests import CLICK_COOKIE, set_cookie
from tracker.edge.routing import Router
from tracker.edge.visit import as_event, given_token, read_visit, render
from tracker.events import encode_event
from tracker.journal import JournalWriter
from tracker.test_mode import is_test

_NO_STORE = (b"cache-control", b"no-store")
_ROBOTS = (b"x-robots-tag", b"noindex, nofollow")
_EMPTY = (b"content-length", b"0")
_EMPTY_BODY: dict[str, Any] = {"type": "http.response.body", "body": b""}

_NOT_FOUND_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=robots content=noindex>"
    "<title>Link not available</title><style>body{font:16px/1.5 system-ui;margin:4rem auto;max-width:32rem;"
    "padding:0 1rem}</style><h1>This link is not available</h1><p>The page it led to is not offered at the "
    "moment. Please go back to where you found it.</p><p><small>%s</small></p></html>\n"
)


class ClickEndpoint:
    """The ASGI endpoint of tracking links."""

    def __init__(
        self,
        router: Router,
        journal: JournalWriter,
        keys: ClickIdKeys,
        addresses: ClientAddress,
        facts: VisitorFacts,
        *,
        window_days: int,
        secure: bool,
    ) -> None:
        """Keep what answers are made of.

        Args:
            router: Decides.
            journal: Takes the events.
            keys: Make click ids and check test tokens.
            addresses: Tell whose request it is.
            facts: Derives what a destination asks for.
            window_days: Days a pixel cookie lives, unless its offer has a window of its own.
            secure: Whether visitors come over HTTPS.

        """
        self._route = router.route
        self._append = journal.append
        self._keys = keys
        self._mint = keys.mint
        self._secret = keys.secret
        self._resolve = addresses.resolve
        self._facts = facts
        self._window_s = window_days * 86_400
        self._secure = secure
        self._redirected = counter("clickledger_clicks_total", outcome="redirected")
        self._elsewhere = counter("clickledger_clicks_total", outcome="trafficback")
        self._paged = counter("clickledger_clicks_total", outcome="page")
        self._reasons = {r: counter("clickledger_trafficback_total", reason=r) for r in TRAFFICBACK_REASONS}
        self._not_durable = counter("clickledger_not_durable_total")

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "HEAD"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, HEAD")])
            return
        visit = read_visit(scope, self._resolve, time.time_ns() // 1_000_000)
        token = given_token(visit.query)
        if token:
            visit.is_test = is_test(self._keys, token, visit.ts)
        decision = await self._route(visit)
        offer, reason = decision.offer, decision.reason
        click_id = self._mint(visit.ts, offer.route.id if offer else 0)
        destination = render(decision.template, visit, decision, click_id, self._facts, self._secret)
        try:
            await self._append(encode_event(as_event(visit, decision, click_id, destination)))
        except ClickledgerError as why:
            self._not_durable.n += 1
            await respond(send, why.kind.status, f"{why.message}\n".encode(), TEXT, [(b"retry-after", b"1")])
            return
        if reason:
            self._reasons[reason].n += 1
        if destination:
            (self._elsewhere if reason else self._redirected).n += 1
            answer = [(b"location", destination.encode("ascii")), _NO_STORE, _ROBOTS, _EMPTY]
            if offer is not None and offer.route.pixel_cookie and decision.reached:
                max_age_s = offer.route.attribution_window_s or self._window_s
                answer.append(
                    set_cookie(f"{CLICK_COOKIE}{offer.route.id}", click_id, max_age_s, secure=self._secure)
                )
            await send({"type": "http.response.start", "status": 302, "headers": answer})
            await send(_EMPTY_BODY)
        else:
            self._paged.n += 1
            page = b"" if method == "HEAD" else (_NOT_FOUND_PAGE % escape(click_id)).encode()
            await respond(send, 404, page, HTML, [_ROBOTS])
