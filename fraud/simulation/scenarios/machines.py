"""Machines that pose as people: hosted bots, farms behind few addresses, and clicks at a machine's pace."""

from __future__ import annotations

from random import Random

from fraud.simulation import places
from fraud.simulation.events import Visitor
from fraud.simulation.stage import Part

_BOT_MACHINES = 24
_FARM_ADDRESSES, _FARM_AGENTS = 4, 2
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_ADDRESS_PACE = 120
"""Clicks a minute of one address: a slow tool, and twice what a busy carrier's address has."""
_NETWORK_PACE = 900
"""The same of a network: fifteen a second, four of each of its addresses in a minute."""
_AGENT_PACE = 300
"""The same of one user agent."""


def server_address(random: Random) -> tuple[str, str]:
    """Draw country and address of a hosted server."""
    country, network = random.choice(places.HOSTED)
    return country, f"{network}.{random.randrange(256)}.{random.randrange(1, 255)}"


def hosted_bots(part: Part, wanted: int) -> None:
    """Write hosted bots down."""
    machines = [server_address(part.random) for _ in range(_BOT_MACHINES)]
    for _ in range(wanted):
        country, ip = part.random.choice(machines)
        browser = part.stage.browsers.draw(part.random)
        visitor = Visitor(country, ip, browser.user_agent, places.header_of("en-US"), browser.headers)
        part.click(int(part.random.random() * part.over_ms), visitor, referrer="")


def fast_clicks(part: Part, wanted: int) -> None:
    """Write fast clicks down."""
    for _ in range(wanted):
        seen_ms = part.random.randrange(30, 500)
        part.click(part.moment() + seen_ms, part.person(), seen_ms=seen_ms)


def sub_id_farm(part: Part, wanted: int) -> None:
    """Write sub id farm down."""
    country = places.country(part.random)
    # A farm works in shifts: everything within an hour.
    begin = part.random.random() * max(0, part.over_ms - _HOUR_MS)
    shift = min(_HOUR_MS, part.over_ms)
    addresses = [places.address(part.random, country) for _ in range(_FARM_ADDRESSES)]
    people = [part.person(country) for _ in range(_FARM_AGENTS)]
    for _ in range(wanted):
        person = part.random.choice(people)
        visitor = Visitor(
            country,
            part.random.choice(addresses),
            person.user_agent,
            person.accept_language,
            person.headers,
        )
        label = f"{part.random.getrandbits(64):016x}"
        part.click(int(begin + part.random.random() * shift), visitor, (("sub1", label),), referrer="")


def address_velocity(part: Part, wanted: int) -> None:
    """Write address velocity down."""
    country = places.country(part.random)
    ip = places.address(part.random, country)
    for at in _pace(part, wanted, _ADDRESS_PACE):
        person = part.person(country)
        part.click(
            at, Visitor(country, ip, person.user_agent, person.accept_language, person.headers), referrer=""
        )


def prefix_velocity(part: Part, wanted: int) -> None:
    """Write prefix velocity down."""
    country = places.country(part.random)
    network = places.network(part.random, country)
    for at in _pace(part, wanted, _NETWORK_PACE):
        person = part.person(country)
        ip = f"{network}.{part.random.randrange(1, 255)}"
        part.click(
            at, Visitor(country, ip, person.user_agent, person.accept_language, person.headers), referrer=""
        )


def agent_velocity(part: Part, wanted: int) -> None:
    """Write agent velocity down."""
    phone = (
        "Mozilla/5.0 (Linux; Android 12; TB-7305F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.7778.120 "
        "Safari/537.36"
    )
    for at in _pace(part, wanted, _AGENT_PACE):
        person = part.person()
        part.click(at, Visitor(person.country, person.ip, phone, person.accept_language, {}), referrer="")


def identical_clicks(part: Part, wanted: int) -> None:
    """Write identical clicks down."""
    made = 0
    while made < wanted:
        person, at = part.person(), part.moment()
        burst = min(part.random.randrange(12, 25), wanted - made)
        for number in range(burst):
            part.click(at + number * 900, person, (("sub1", "place-1"),), referrer="https://news.example/")
        made += burst


def _pace(part: Part, wanted: int, a_minute: int) -> list[int]:
    """Return moments at a machine's pace, in one go that begins where all of it fits in."""
    step = _MINUTE_MS / a_minute
    begin = part.random.random() * max(0.0, part.over_ms - wanted * step)
    return [int(begin + number * step + part.random.random() * step / 5) for number in range(wanted)]
