"""``GET /click`` and ``GET /c/<code>``: decide, write down, redirect.

Invariants: the 302 (or the 404 page) is sent only after the event is on the disk; no query makes
anything but 302, 404 or, when the disk refuses, 503; 302 only, never cached. This is the hottest code of
the house, so it is written flat: one pass over the headers, no request object, nothing derived that
the destination doesn't ask for.
"""

from __future__ import annotations

import time
from html import escape
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.click_id import ClickIdKeys
from tracker.edge.address import ClientAddress
from tracker.edge.answers import HTML, TEXT, respond
from tracker.edge.facts import VisitorFacts
from tracker.edge.program import ProgramHolder
from tracker.edge.routing import LINK_UNKNOWN, MISSES, TRAFFICBACK_REASONS, Decision, decide
from tracker.edge.visit import Visit
from tracker.events import Click, encode_event
from tracker.journal import JournalWriter
from tracker.links import number, read_parameters

_NO_STORE = (b"cache-control", b"no-store")
_ROBOTS = (b"x-robots-tag", b"noindex, nofollow")
_EMPTY = (b"content-length", b"0")
_EMPTY_BODY: dict[str, Any] = {"type": "http.response.body", "body": b""}

_KEPT_HEADERS: tuple[tuple[bytes, str], ...] = tuple(
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
MAX_HEADER_CHARACTERS = 1024
"""Longest header value kept; browsers stay far below."""

MAX_URL_CHARACTERS = 2048
"""Longest referrer and user agent kept."""
MAX_CODE_CHARACTERS = 128
"""Longest link code kept; real ones have seven."""
_ONLY_CLICK_ID = frozenset({"click_id"})

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
        holder: ProgramHolder,
        journal: JournalWriter,
        keys: ClickIdKeys,
        addresses: ClientAddress,
        facts: VisitorFacts,
    ) -> None:
        self._holder = holder
        self._append = journal.append
        self._mint = keys.mint
        self._secret = keys.secret
        self._resolve = addresses.resolve
        self._facts = facts
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
        received: list[tuple[bytes, bytes]] = scope["headers"]
        headers = dict(received)
        forwarded = headers.get(b"x-forwarded-for", b"")
        if len(headers) < len(received):
            # A proxy may add a header of its own instead of adding to the one it got.
            forwarded = b",".join(value for name, value in received if name == b"x-forwarded-for")
        peer = scope["client"]
        ip = self._resolve(peer[0] if peer else "", forwarded.decode("latin-1"))
        agent = headers.get(b"user-agent", b"").decode("utf-8", "replace")[:MAX_URL_CHARACTERS]
        language = headers.get(b"accept-language", b"").decode("latin-1")[:MAX_HEADER_CHARACTERS]
        kept = {
            text: headers[name].decode("latin-1")[:MAX_HEADER_CHARACTERS]
            for name, text in _KEPT_HEADERS
            if name in headers
        }

        query: bytes = scope["query_string"]
        code: str = scope["path_params"].get("code", "")
        link = self._follow(query, code)
        if link.decision.reason in MISSES and self._holder.after_miss():
            link = self._follow(query, code)
        decision = link.decision
        offer, partner, template = decision.offer, decision.partner, decision.template

        ts = time.time_ns() // 1_000_000
        offer_id = offer.route.id if offer else 0
        click_id = self._mint(ts, offer_id)
        destination = ""
        if template is not None:
            if template.names == _ONLY_CLICK_ID:
                destination = template.render(lambda _name: click_id)
            else:
                visit = Visit(click_id, ts, ip, agent, language, link.parameters, decision)
                destination = template.render(lambda name: visit.macro(name, self._facts, self._secret))
        event = Click(
            click_id,
            ts,
            offer_id,
            partner.route.id if partner else 0,
            offer.route.advertiser_id if offer else 0,
            link.id,
            decision.reason,
            destination,
            method,
            query,
            link.preset,
            ip,
            agent,
            language,
            headers.get(b"referer", b"").decode("utf-8", "replace")[:MAX_URL_CHARACTERS],
            kept,
            link_code=code[:MAX_CODE_CHARACTERS],
        )
        try:
            await self._append(encode_event(event))
        except ClickledgerError as why:
            self._not_durable.n += 1
            await respond(send, why.kind.status, f"{why.message}\n".encode(), TEXT, [(b"retry-after", b"1")])
            return
        if decision.reason:
            self._reasons[decision.reason].n += 1
        if destination:
            (self._elsewhere if decision.reason else self._redirected).n += 1
            answer = [(b"location", destination.encode("ascii")), _NO_STORE, _ROBOTS, _EMPTY]
            await send({"type": "http.response.start", "status": 302, "headers": answer})
            await send(_EMPTY_BODY)
        else:
            self._paged.n += 1
            page = b"" if method == "HEAD" else (_NOT_FOUND_PAGE % escape(click_id)).encode()
            await respond(send, 404, page, HTML, [_ROBOTS])

    def _follow(self, query: bytes, code: str) -> _Link:
        """Read the link and decide by the program of this moment."""
        program = self._holder.program
        if not code:
            parameters, cut = read_parameters(query)
            offer_id, partner_id = parameters.get("offer_id", ""), parameters.get("partner_id", "")
            decision = decide(program, offer_id, partner_id, _page(parameters, cut))
            return _Link(parameters, "", number(parameters.get("link_id", "")), decision)
        saved = program.links.get(code)
        if saved is None:
            return _Link({}, "", 0, Decision(LINK_UNKNOWN, program.fallback, None, None))
        parameters, cut = read_parameters(query, saved.preset)
        decision = decide(program, str(saved.offer_id), str(saved.partner_id), _page(parameters, cut))
        return _Link(parameters, saved.preset, saved.id, decision)


def _page(parameters: dict[str, str], cut: tuple[str, ...]) -> str:
    """Return the deep link asked for; none for one that was cut, as half an address is another page."""
    return "" if "url" in cut else parameters.get("url", "")


class _Link(NamedTuple):
    """A followed link: what it says and where it leads."""

    parameters: dict[str, str]
    preset: str
    id: int
    decision: Decision
