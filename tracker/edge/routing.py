"""Where a click goes, and why.

The order of TRACKING: unknown offer or partner, then paused, ended or not active; what fails goes to the
offer's fallback, else the partner's, else the network's, else a plain 404 page. Each failure is a
``trafficback_reason``. Pure functions over the compiled program: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.macros import Template, deep_link

if TYPE_CHECKING:
    from tracker.edge.program import CompiledOffer, CompiledPartner, Program

LINK_UNKNOWN = "link_unknown"
OFFER_UNKNOWN = "offer_unknown"
PARTNER_UNKNOWN = "partner_unknown"
OFFER_PAUSED = "offer_paused"
OFFER_ENDED = "offer_ended"
PARTNER_INACTIVE = "partner_inactive"
DESTINATION_UNUSABLE = "destination_unusable"

TRAFFICBACK_REASONS: dict[str, str] = {
    LINK_UNKNOWN: "No saved link has this code",
    OFFER_UNKNOWN: "The link names no offer we know",
    PARTNER_UNKNOWN: "The link names no partner we know",
    OFFER_PAUSED: "The offer is paused",
    OFFER_ENDED: "The offer has ended",
    PARTNER_INACTIVE: "The partner is pending or suspended",
    DESTINATION_UNUSABLE: "The offer's destination can't be rendered",
}
"""Every value of the dimension ``trafficback_reason`` beside '', with what it means."""

MISSES = frozenset({LINK_UNKNOWN, OFFER_UNKNOWN, PARTNER_UNKNOWN})
"""Reasons that a program published a moment ago may have cured."""


@dataclass(slots=True)
class Decision:
    """Where to send a click; ``template`` None means the 404 page."""

    reason: str
    template: Template | None
    offer: CompiledOffer | None
    partner: CompiledPartner | None


def decide(program: Program, offer_id: str, partner_id: str, url: str = "") -> Decision:
    """Decide for a link that names its offer and partner.

    Args:
        program: The program of this moment.
        offer_id: Offer id as written in the link.
        partner_id: Partner id as written in the link.
        url: Deep link asked for, '' for none; one that isn't allowed leads to the offer's own page.

    """
    offer = program.offers.get(offer_id)
    partner = program.partners.get(partner_id)
    if offer is None:
        return _trafficback(OFFER_UNKNOWN, program, None, partner)
    if partner is None:
        return _trafficback(PARTNER_UNKNOWN, program, offer, None)
    if offer.route.status != "active":
        reason = OFFER_PAUSED if offer.route.status == "paused" else OFFER_ENDED
        return _trafficback(reason, program, offer, partner)
    if partner.route.status != "active":
        return _trafficback(PARTNER_INACTIVE, program, offer, partner)
    template = offer.destination
    if template is None:
        return _trafficback(DESTINATION_UNUSABLE, program, offer, partner)
    if url:
        template = deep_link(url, offer.route.deep_link_hosts, template) or template
    return Decision("", template, offer, partner)


def _trafficback(
    reason: str, program: Program, offer: CompiledOffer | None, partner: CompiledPartner | None
) -> Decision:
    template = (offer.fallback if offer else None) or (partner.fallback if partner else None) or program.fallback
    return Decision(reason, template, offer, partner)
