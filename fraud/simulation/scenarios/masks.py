"""Visitors whose headers contradict each other: device, language and browser that can't belong together."""

from __future__ import annotations

from fraud.simulation import places
from fraud.simulation.events import Visitor
from fraud.simulation.stage import Part

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_PHONES = (
    f"Mozilla/5.0 (Linux; Android 14; SM-A546B) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36",
)
"""User agents of phones, as an emulator on a desktop or a server writes them."""
_BEHIND = ("Windows", "Linux", "macOS")
"""What the client hints of such an emulator still say."""
SPAM_HOSTS = ("best-seo-prices.example", "buttons-for-all-sites.example", "share-your-traffic.example")
"""Sites that visit others' pages to be found in their statistics."""
_OLD = (
    f"Mozilla/5.0 (Windows NT 6.1; WOW64) {_WEBKIT} Chrome/{{v}}.0.2704.103 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
    f"Mozilla/5.0 (Linux; Android 5.1; SM-G900F) {_WEBKIT} Chrome/{{v}}.0.2661.89 Mobile Safari/537.36",
)
"""Browsers of 2016 to 2018, from the lists that bots draw their user agents from."""


def devices(part: Part, wanted: int) -> None:
    """Write devices down."""
    for _ in range(wanted):
        person, version = part.person(), part.random.choice(("148", "150", "153"))
        hints = {
            "sec-ch-ua": f'"Chromium";v="{version}", "Google Chrome";v="{version}", "Not?A_Brand";v="99"',
            "sec-ch-ua-mobile": "?0",
            "sec-ch-ua-platform": f'"{part.random.choice(_BEHIND)}"',
        }
        agent = part.random.choice(_PHONES).format(v=version)
        part.click(part.moment(), Visitor(person.country, person.ip, agent, person.accept_language, hints))


def languages(part: Part, wanted: int) -> None:
    """Write languages down."""
    for _ in range(wanted):
        person = part.person()
        language = places.header_of(part.random.choice(places.FAR_LANGUAGES))
        part.click(part.moment(), Visitor(person.country, person.ip, person.user_agent, language, person.headers))


def hidden_addresses(part: Part, wanted: int) -> None:
    """Write hidden addresses down."""
    for _ in range(wanted):
        person = part.person()
        _, network = part.random.choice((*places.PROXIES, *places.TOR_EXITS))
        ip = f"{network}.{part.random.randrange(256)}.{part.random.randrange(1, 255)}"
        part.click(
            part.moment(),
            Visitor(person.country, ip, person.user_agent, person.accept_language, person.headers),
        )


def spam_referrers(part: Part, wanted: int) -> None:
    """Write spam referrers down."""
    for _ in range(wanted):
        host = part.random.choice(SPAM_HOSTS)
        part.click(part.moment(), part.person(), referrer=f"https://www.{host}/")


def old_browsers(part: Part, wanted: int) -> None:
    """Write old browsers down."""
    for _ in range(wanted):
        person = part.person()
        agent = part.random.choice(_OLD).format(v=part.random.randrange(49, 60))
        part.click(part.moment(), Visitor(person.country, person.ip, agent, person.accept_language))
