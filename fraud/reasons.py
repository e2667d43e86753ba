"""The closed set of fraud reasons: what each is called, how it weighs and how a person reads it.

Invariants: a code is stored in rows for years, so it is never renamed or reused; every code a rule can
give is in ``REASONS``; ``docs/fraud-reasons.md`` is generated from this table and a test compares them.

The categories are those of the Media Rating Council's *Invalid Traffic Detection and Filtration
Standards*: general invalid traffic (GIVT) is told by lists and plain facts of the request,
sophisticated (SIVT) needs corroboration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["GIVT", "SIVT"]

Kind = Literal["agent", "request", "network", "repetition"]
"""What a reason looks at. Two SIVT reasons corroborate each other only when their kinds differ."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a click is not an ordinary one."""

    code: str
    category: Category
    kind: Kind
    severity: int
    """0 to 100: how sure the reason alone makes us that nobody interested in the offer clicked."""
    sentence: str
    """What happened, for a partner manager."""
    help: str
    """Why it matters and what to do about it."""
    counts: bool = True
    """False: recorded beside the click, but without any weight in its verdict."""


DUPLICATE_CLICK = "duplicate_click"
"""Given by uniqueness, not by a rule: the store of visitors knows it, the request does not."""

_TABLE = (
    Reason(
        "bot_user_agent",
        "GIVT",
        "agent",
        95,
        "The click came from a program whose user agent names a bot or crawler.",
        "Search engines, link previews and monitors follow links without a person. The bot's name is in "
        "bot_family. Nothing to do unless a partner's traffic is mostly bots.",
    ),
    Reason(
        "http_library",
        "GIVT",
        "agent",
        95,
        "The click was made by a programming library or command line tool, not by a browser.",
        "Scripts fetch links with such libraries. If the partner sends clicks from their own server on a "
        "visitor's behalf, ask them to redirect the visitor instead.",
    ),
    Reason(
        "headless_browser",
        "GIVT",
        "agent",
        95,
        "The click came from a browser that runs without a screen, steered by a program.",
        "Automation tools such as Puppeteer, Playwright or Selenium name themselves in the user agent.",
    ),
    Reason(
        "empty_user_agent",
        "GIVT",
        "agent",
        90,
        "The click carried no user agent.",
        "Every browser names itself. A partner with many of these sends clicks from a script or strips "
        "headers in a proxy of their own.",
    ),
    Reason(
        "malformed_user_agent",
        "GIVT",
        "agent",
        85,
        "The click's user agent is not one that any browser writes.",
        "Typical are unfilled templates, percent-encoded or quoted browser names and injected code. If it "
        "comes from one partner's app, ask them to pass the browser's own user agent.",
    ),
    Reason(
        "datacenter_ip",
        "GIVT",
        "network",
        85,
        "The click came from the address of a hosting provider.",
        "People browse from homes, offices and phones; servers click from data centres. Needs the "
        "Anonymous-IP database.",
    ),
    Reason(
        "prefetch",
        "GIVT",
        "request",
        80,
        "The browser loaded the link ahead of time; nobody had clicked yet.",
        "Browsers announce this with Sec-Purpose: prefetch. The visitor was redirected as usual; a real "
        "click that follows counts.",
    ),
    Reason(
        "non_get_method",
        "GIVT",
        "request",
        80,
        "The request was not a GET, so no page was opened.",
        "Link checkers and previews send HEAD. The visitor's own click is a GET and counts.",
    ),
    Reason(
        "anonymous_proxy",
        "SIVT",
        "network",
        45,
        "The click came through a public proxy, a VPN or the Tor network.",
        "Many honest people use a VPN, so this alone only makes the click suspect. Watch partners whose "
        "share of it is far above the others'. Needs the Anonymous-IP database.",
    ),
    Reason(
        DUPLICATE_CLICK,
        "SIVT",
        "repetition",
        15,
        "The same visitor had clicked this offer shortly before.",
        "Same offer, address and user agent within the unique window. Alone it makes the click a "
        "duplicate: double clicks and shared addresses are ordinary.",
    ),
    Reason(
        "private_ip",
        "GIVT",
        "network",
        0,
        "The click came from a private, loopback or reserved address.",
        "Usual while testing. In production it says that a proxy in front of the edge is missing from "
        "CLICKLEDGER_TRUSTED_PROXIES.",
        counts=False,
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _TABLE}
"""Every reason by its code, the most severe first within what it looks at."""
