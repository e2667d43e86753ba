"""One visit: a request on a tracking link as it came, what a destination's macros ask of it, and its event.

Every way a click can come (redirect, JavaScript, server to server) and impressions make a ``Visit`` first, so
that routing, macros and events are the same for all of them. Invariants: reading a request never raises; what
is kept of it is bounded; nothing is derived from it that nobody asks for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec
from starlette.types import Scope

from tracker import test_mode
from tracker.edge.countable import counts_as_click
from tracker.edge.facts import VisitorFacts
from tracker.edge.requests import KEPT_HEADERS, MAX_HEADER_CHARACTERS, MAX_URL_CHARACTERS
from tracker.events import Click
from tracker.macros import Template, keyed_hash

if TYPE_CHECKING:
    from tracker.edge.decision import Decision

MAX_CODE_CHARACTERS = 128
"""Longest link code kept; real ones have seven."""

_TEST_MARK = test_mode.PARAMETER.encode() + b"="
_TEST_TOKEN = re.compile(rb"(?:^|&)" + re.escape(_TEST_MARK) + rb"([^&]*)")


class Visit(msgspec.Struct, gc=False):
    """A request on a tracking link, or what stands for one."""

    ts: int
    """Milliseconds since 1970, UTC."""
    method: str
    query: bytes
    """As received, or the link's parameters written as a query string."""
    code: str
    """Code of the saved link; '' where the query names everything."""
    ip: str
    user_agent: str
    """User-Agent header."""
    language: str
    """Accept-Language header."""
    referrer: str
    headers: dict[str, str]
    """Other headers worth keeping."""
    is_test: bool = False
    """Carries a valid token of the test mode: takes nothing from caps and opens no window."""
    is_impression: bool = False
    """Seen, not clicked: takes nothing from caps and is no duplicate."""

    def counts(self) -> bool:
        """Return whether it takes from caps and opens a window: a person's click, as far as one can tell."""
        if self.is_test or self.is_impression:
            return False
        return counts_as_click(self.method, self.headers, self.user_agent)


def read_visit(scope: Scope, resolve: Callable[[str, str], str], ts: int) -> Visit:
    """Read a visit off an HTTP request.

    Args:
        scope: The request's ASGI scope; ``path_params`` may hold the link's code.
        resolve: Gives the client's address for a peer and its X-Forwarded-For; ``ClientAddress.resolve``.
        ts: Milliseconds since 1970.

    """
    received: list[tuple[bytes, bytes]] = scope["headers"]
    headers = dict(received)
    forwarded = headers.get(b"x-forwarded-for", b"")
    if len(headers) < len(received):
        # A proxy may add a header of its own instead of adding to the one it got.
        forwarded = b",".join(value for name, value in received if name == b"x-forwarded-for")
    peer = scope["client"]
    return Visit(
        ts,
        scope["method"],
        scope["query_string"],
        scope["path_params"].get("code", ""),
        resolve(peer[0] if peer else "", forwarded.decode("latin-1")),
        headers.get(b"user-agent", b"").decode("utf-8", "replace")[:MAX_URL_CHARACTERS],
        headers.get(b"accept-language", b"").decode("latin-1")[:MAX_HEADER_CHARACTERS],
        headers.get(b"referer", b"").decode("utf-8", "replace")[:MAX_URL_CHARACTERS],
        {
            text: headers[name].decode("latin-1")[:MAX_HEADER_CHARACTERS]
            for name, text in KEPT_HEADERS
            if name in headers
        },
    )


def given_token(query: bytes) -> str:
    """Return the first test token in a query, '' for none; whether it is valid is another question."""
    if _TEST_MARK not in query:
        return ""
    match = _TEST_TOKEN.search(query)
    return match[1].decode("latin-1") if match else ""


def render(
    template: Template | None, visit: Visit, decision: Decision, click_id: str, facts: VisitorFacts, secret: bytes
) -> str:
    """Return the URL a visitor is sent to, '' for none.

    Args:
        template: The decision's template; None: the 404 page.
        visit: The visit.
        decision: What was decided for it.
        click_id: Its click id.
        facts: Derives country, device and the like, only when asked.
        secret: Key of the ``_hash`` macros.

    """
    if template is None:
        return ""
    return template.render_click_id(click_id) or template.render(
        lambda name: macro(name, visit, decision, click_id, facts, secret)
    )


def macro(name: str, visit: Visit, decision: Decision, click_id: str, facts: VisitorFacts, secret: bytes) -> str:
    """Return the value of one macro (``tracker.macros.MACROS``), '' when there is none; see ``render``."""
    offer, partner = decision.offer, decision.partner
    match name:
        case "click_id":
            return click_id
        case "partner_id":
            return str(partner.route.id) if partner else ""
        case "offer_id":
            return str(offer.route.id) if offer else ""
        case "offer_name":
            return offer.route.name if offer else ""
        case "advertiser_id":
            return str(offer.route.advertiser_id) if offer else ""
        case "ip":
            return visit.ip
        case "timestamp":
            return str(visit.ts // 1000)
        case "random":
            return str(secrets.randbelow(10**9))
    if name in VisitorFacts.NAMES:
        return facts.of(name, visit.ip, visit.user_agent, visit.language, visit.headers)
    if name.endswith("_hash"):
        plain = name.removesuffix("_hash")
        return keyed_hash(secret, plain, macro(plain, visit, decision, click_id, facts, secret))
    return decision.parameters.get(name, "")


def as_event(
    visit: Visit,
    decision: Decision,
    click_id: str,
    destination: str,
    source: Literal["redirect", "js", "server"] = "redirect",
    page: dict[str, str] | None = None,
) -> Click:
    """Return the event to be written down.

    Args:
        visit: The visit.
        decision: What was decided for it.
        click_id: Its click id, made of the same moment and the decision's offer.
        destination: Where it was sent, '' for nowhere.
        source: How it was recorded.
        page: What only the page's script knows.

    """
    offer, partner = decision.offer, decision.partner
    return Click(
        click_id,
        visit.ts,
        offer.route.id if offer else 0,
        partner.route.id if partner else 0,
        offer.route.advertiser_id if offer else 0,
        decision.link_id,
        decision.reason,
        destination,
        visit.method,
        visit.query,
        decision.preset,
        visit.ip,
        visit.user_agent,
        visit.language,
        visit.referrer,
        visit.headers,
        visit.is_test,
        visit.code[:MAX_CODE_CHARACTERS],
        decision.requested_offer_id,
        decision.smart_link_id,
        decision.landing_id,
        decision.duplicate,
        decision.over_cap,
        "impression" if visit.is_impression else "click",
        source,
        page or {},
    )
