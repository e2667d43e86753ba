"""A tracking link as it was read: what it says, and what of the program it names.

Invariants: no link raises; what it names but the program doesn't know is a reason, in the order link, smart link
or offer, partner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tracker.edge.decision import LINK_UNKNOWN, OFFER_UNKNOWN, PARTNER_UNKNOWN, SMART_LINK_UNKNOWN
from tracker.edge.program import CompiledOffer, CompiledPartner, Program
from tracker.links import number, read_parameters
from tracker.routes import SmartLinkRoute

if TYPE_CHECKING:
    from tracker.edge.visit import Visit


class Link(msgspec.Struct, gc=False):
    """A link as it was read: what it names, as far as that is known."""

    program: Program
    reason: str
    """What about it is unknown, '' for nothing."""
    parameters: dict[str, str]
    url: str
    """Deep link, '' for none."""
    offer: CompiledOffer | None
    partner: CompiledPartner | None
    preset: str = ""
    id: int = 0
    smart_link: SmartLinkRoute | None = None


def read_link(program: Program, visit: Visit) -> Link:
    """Read what a visit's link says and find what it names.

    An offer that is named comes before a smart link.
    """
    preset, link_id = "", 0
    if visit.code:
        saved = program.links.get(visit.code)
        if saved is None:
            return Link(program, LINK_UNKNOWN, {}, "", None, None)
        preset, link_id, smart_id = saved.preset, saved.id, saved.smart_link_id
        parameters, cut = read_parameters(visit.query, preset)
        offer_id, partner_id = str(saved.offer_id), str(saved.partner_id)
    else:
        parameters, cut = read_parameters(visit.query)
        offer_id, partner_id = parameters.get("offer_id", ""), parameters.get("partner_id", "")
        if "link_id" in parameters:
            link_id = number(parameters["link_id"])
        smart_id = 0 if offer_id else number(parameters.get("smart_link_id", ""))
    # Half an address is another page.
    url = "" if "url" in cut else parameters.get("url", "")
    partner = program.partners.get(partner_id)
    offer, smart_link, reason = None, None, ""
    if smart_id:
        smart_link = program.smart_links.get(smart_id)
        if smart_link is None:
            reason = SMART_LINK_UNKNOWN
    else:
        offer = program.offers.get(offer_id)
        if offer is None:
            reason = OFFER_UNKNOWN
    if partner is None and not reason:
        reason = PARTNER_UNKNOWN
    return Link(program, reason, parameters, url, offer, partner, preset, link_id, smart_link)
