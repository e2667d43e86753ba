"""Clicks nobody made: crawlers, libraries, browsers without a screen, link checkers and links loaded ahead.

Invariant: the user agents of programs are the examples of the crawler-user-agents package, chosen by its own tags
and not by what our rules make of them.
"""

from __future__ import annotations

from functools import cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from fraud.simulation import places
from fraud.simulation.events import Visitor
from fraud.simulation.scenarios.machines import server_address
from fraud.simulation.stage import Part

_LIBRARY, _STEERED = "http-library", "browser-automation"
_MACHINES = 20
"""Addresses that programs of one kind come from."""

_NO_BROWSER = (
    *("", "-", "null", "undefined", "{user_agent}", "${USER_AGENT}", "[UA]", "%%USER_AGENT%%", "Mozilla/5.0'\""),
    *(
        "Mozilla%2F5.0%20%28Windows%20NT%2010.0%29",
        '"Mozilla/5.0 (iPhone)"',
        "1' OR '1'='1",
        "<script>alert(1)</script>",
    ),
)
"""What broken and careless programs send: nothing, unfilled templates, encoded or quoted text, injected code."""

_AHEAD = (
    {"sec-purpose": "prefetch"},
    {"sec-purpose": "prefetch;prerender"},
    {"purpose": "prefetch"},
    {"x-moz": "prefetch"},
    {"x-purpose": "preview"},
)
"""How browsers say that nobody has clicked yet; Safari's preview is x-purpose."""


@cache
def _examples() -> dict[str, list[str]]:
    """Return the package's user agents by kind."""
    found: dict[str, list[str]] = {_LIBRARY: [], _STEERED: [], "crawler": []}
    for crawler in CRAWLER_USER_AGENTS_DATA:
        tags = crawler.get("tags", ())
        kind = _LIBRARY if _LIBRARY in tags else _STEERED if _STEERED in tags else "crawler"
        found[kind] += crawler["instances"]
    return found


def crawlers(part: Part, wanted: int) -> None:
    """Write crawlers down."""
    _programs(part, wanted, "crawler")


def libraries(part: Part, wanted: int) -> None:
    """Write libraries down."""
    _programs(part, wanted, _LIBRARY)


def steered(part: Part, wanted: int) -> None:
    """Write steered down."""
    _programs(part, wanted, _STEERED)


def no_browser(part: Part, wanted: int) -> None:
    """Write no browser down."""
    for _ in range(wanted):
        country = places.country(part.random)
        ip = places.address(part.random, country)
        part.click(part.moment(), Visitor(country, ip, part.random.choice(_NO_BROWSER), ""), referrer="")


def link_checkers(part: Part, wanted: int) -> None:
    """Write link checkers down."""
    for _ in range(wanted):
        part.click(part.moment(), part.person(), referrer="", method="HEAD")


def prefetches(part: Part, wanted: int) -> None:
    """Write prefetches down."""
    for _ in range(wanted):
        person = part.person()
        ahead = part.random.choice(_AHEAD)
        part.click(
            part.moment(),
            Visitor(person.country, person.ip, person.user_agent, person.accept_language, person.headers | ahead),
        )


def _programs(part: Part, wanted: int, kind: str) -> None:
    examples = _examples()[kind]
    machines = [server_address(part.random) for _ in range(_MACHINES)]
    for _ in range(wanted):
        country, ip = part.random.choice(machines)
        part.click(part.moment(), Visitor(country, ip, part.random.choice(examples), ""), referrer="")
