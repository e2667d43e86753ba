"""General invalid traffic (GIVT): told by lists and plain facts of the request."""

from __future__ import annotations

from fraud.reasons.reason import Reason

GENERAL = (
    Reason(
        "bot_user_agent",
        "GIVT",
        "agent",
        95,
        "The click came from a program whose user agent names itself.",
        "Search engines, link previews, monitors and scripts follow links without a person. The program's name "
        "is in bot_family; http_library or headless_browser stands beside it where it is of that kind. Nothing "
        "to do unless a partner's traffic is mostly bots.",
        "The user agent names {name}, a program and no person's browser.",
    ),
    Reason(
        "http_library",
        "GIVT",
        "agent",
        95,
        "The click was made by a programming library or command line tool, not by a browser.",
        "Scripts fetch links with such libraries. If the partner sends clicks from their own server on a "
        "visitor's behalf, ask them to redirect the visitor instead, or turn this rule off for them, and "
        "libraries of bot_user_agent with it.",
        "The click was made by {name}, a programming library or command line tool, not by a browser.",
    ),
    Reason(
        "headless_browser",
        "GIVT",
        "agent",
        95,
        "The click came from a browser that runs without a screen, steered by a program.",
        "Automation tools such as Puppeteer, Playwright or Selenium name themselves in the user agent.",
        "The click came from {name}, a browser that runs without a screen, steered by a program.",
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
        "Anonymous-IP database or a list of addresses (CLICKLEDGER_FRAUD_DATACENTER_LIST).",
    ),
    Reason(
        "spam_referrer",
        "GIVT",
        "request",
        80,
        "The click names a referring site that is known for spam.",
        "Such sites send made-up visits to be noticed in statistics. Needs a list of hosts "
        "(CLICKLEDGER_FRAUD_REFERRER_LIST).",
        "The click names {host} as the referring site, which is known for spam.",
    ),
    Reason(
        "prefetch",
        "GIVT",
        "request",
        80,
        "The browser loaded the link ahead of time; nobody had clicked yet.",
        "Browsers announce this with Sec-Purpose: prefetch, Safari with X-Purpose: preview. The visitor was "
        "redirected as usual; a real click that follows counts.",
    ),
    Reason(
        "non_get_method",
        "GIVT",
        "request",
        80,
        "The request was not a GET, so no page was opened.",
        "Link checkers and previews send HEAD. The visitor's own click is a GET and counts.",
        "The request was a {method}, so no page was opened.",
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
