"""What the program says of a link, before anybody clicks it."""

from __future__ import annotations

from typing import NamedTuple

from tracker.edge.fallbacks import Fallbacks
from tracker.edge.visit import Visit
from tracker.macros import Template
from tracker.routes import LinkRoute
from tracker.snapshot import Snapshot


class Standing(NamedTuple):
    """Whether a link's partner and offer take part."""

    says: str
    advice: str
    """What to do; '' when both do."""


def standing(program: Snapshot, link: LinkRoute) -> Standing:
    """Return how a link's partner, and its offer or smart link, stand."""
    partner = program.partners.get(link.partner_id)
    if partner is None or partner.status != "approved":
        says = f"partner {link.partner_id} is {partner.status if partner else 'unknown'}"
        return Standing(says, "Approve the partner; until then its clicks go elsewhere.")
    if link.smart_link_id:
        smart = program.smart_links.get(link.smart_link_id)
        says = f"partner {partner.name}, smart link {smart.name if smart else 'unknown or paused'}"
        return Standing(says, "" if smart else "Activate the smart link.")
    offer = program.offers.get(link.offer_id)
    if offer is None:
        return Standing(
            f"partner {partner.name}, offer {link.offer_id} is unknown", "Give the link another offer."
        )
    says = f"partner {partner.name}, offer {offer.name} is {offer.status}"
    return Standing(says, "" if offer.status == "active" else "Activate the offer.")


def pages(program: Snapshot, link: LinkRoute) -> list[str]:
    """Return the hosts a link's clicks belong to: those of its offers' pages."""
    offers = [link.offer_id]
    smart = program.smart_links.get(link.smart_link_id)
    if smart is not None:
        offers = [offer_id for offer_id, _ in smart.members]
    urls: list[str] = []
    for offer_id in offers:
        offer = program.offers.get(offer_id)
        if offer is not None:
            urls += [offer.destination, *(page.url for page in offer.landings)]
    hosts: dict[str, None] = {}
    for url in urls:
        try:
            hosts[Template(url).host] = None
        except ValueError:
            continue
    return list(hosts)


def fallback_rule(program: Snapshot, link: LinkRoute, user_agent: str) -> str:
    """Return the fraud rule that sends this user agent's clicks on a link to the fallback, '' for none."""
    rules = Fallbacks.of(program.fraud_rules)
    if rules is None:
        return ""
    visit = Visit(0, "GET", b"", link.code, "", user_agent, "", "", {})
    smart = program.smart_links.get(link.smart_link_id)
    offers = [offer_id for offer_id, _ in smart.members] if smart is not None else [link.offer_id]
    hits = (rules.hit(visit, offer_id, link.partner_id) for offer_id in offers)
    return next(filter(None, hits), "")
