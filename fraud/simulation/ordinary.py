"""Ordinary visitors: people with the shape of the real logs, who click, come back, and now and then buy."""

from __future__ import annotations

from fraud.simulation import places, shape
from fraud.simulation.events import Visitor
from fraud.simulation.stage import PLACEMENTS, Part


def _buyer_s_address(part: Part, person: Visitor, after_ms: int) -> str:
    """Return where a person buys from: mostly from where it clicked, else elsewhere in its country or abroad."""
    drawn = part.random.random()
    if after_ms < shape.TO_MOVE_MS:
        return person.ip
    if drawn < shape.ABROAD:
        return places.address(part.random, places.country(part.random))
    return places.address(part.random, person.country) if drawn < shape.MOVED else person.ip


def visit(part: Part, visitors: int) -> None:
    """Let people come by; each clicks once or a few times within the simulation, and some of them buy.

    Args:
        part: The part of ordinary visitors.
        visitors: How many people.

    """
    random = part.random
    for _ in range(visitors):
        person, at = part.person(), part.moment()
        offer = random.choice(part.offers)
        labels = (("sub1", f"place-{random.randrange(PLACEMENTS)}"),)
        # Whoever comes back does so by a link, so that no banner of a later click is shown before an earlier one.
        seen_ms = shape.banner_ms(random) if random.random() < shape.BANNERS else 0
        for _ in range(shape.clicks_of_visitor(random)):
            click = part.click(at, person, labels, offer=offer, seen_ms=seen_ms if seen_ms < at else 0)
            seen_ms = 0
            if random.random() < shape.CONVERSION_RATE:
                took_ms = shape.conversion_delay_ms(random)
                part.convert(click, at + took_ms, conversion_ip=_buyer_s_address(part, person, took_ms))
            at += shape.gap_ms(random)
            if at >= part.over_ms:
                break
