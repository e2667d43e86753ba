"""What was decided for a click, and every reason why one does not reach the offer it named.

Invariants: the reasons are a closed set, in the order in which rules are judged; a visitor is never told which
it was, reports are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tracker.edge.targeting import TARGETING_REASONS
from tracker.macros import Template

if TYPE_CHECKING:
    from tracker.edge.program import CompiledOffer, CompiledPartner

LINK_UNKNOWN = "link_unknown"
SMART_LINK_UNKNOWN = "smart_link_unknown"
OFFER_UNKNOWN = "offer_unknown"
PARTNER_UNKNOWN = "partner_unknown"
OFFER_PAUSED = "offer_paused"
OFFER_ENDED = "offer_ended"
OFFER_NOT_STARTED = "offer_not_started"
ADVERTISER_SUSPENDED = "advertiser_suspended"
PARTNER_INACTIVE = "partner_inactive"
OFFER_NOT_APPROVED = "offer_not_approved"
DESTINATION_UNUSABLE = "destination_unusable"
BLOCKED_SOURCE = "blocked_source"
FRAUD_RULE = "fraud_rule"
NO_OFFER_ELIGIBLE = "no_offer_eligible"

TRAFFICBACK_REASONS: dict[str, str] = {
    LINK_UNKNOWN: "No saved link has this code",
    SMART_LINK_UNKNOWN: "No smart link has this id",
    OFFER_UNKNOWN: "The link names no offer we know",
    PARTNER_UNKNOWN: "The link names no partner we know",
    OFFER_PAUSED: "The offer is paused",
    OFFER_ENDED: "The offer has ended",
    OFFER_NOT_STARTED: "The offer has not started yet",
    ADVERTISER_SUSPENDED: "The offer's advertiser is suspended",
    PARTNER_INACTIVE: "The partner is not approved: pending, rejected, suspended or banned",
    OFFER_NOT_APPROVED: "The offer is not open to this partner",
    DESTINATION_UNUSABLE: "The offer's destination can't be rendered",
    **TARGETING_REASONS,
    "cap_click": "As many clicks came as the offer takes in this period",
    "cap_conversion": "As many conversions came as the offer takes in this period",
    "cap_payout": "The offer's payout for this period is spent",
    "cap_revenue": "The offer's revenue for this period is reached",
    BLOCKED_SOURCE: "The blocklist turns this source away",
    FRAUD_RULE: "A fraud rule with the action fallback sends this visit elsewhere",
    "duplicate": "The visitor clicked before, and the offer takes repetitions elsewhere",
    NO_OFFER_ELIGIBLE: "No offer of the smart link takes this click, for different reasons",
}
"""Every value of the dimension ``trafficback_reason`` beside '', with what it means, in the order of judging."""

MISSES = frozenset({LINK_UNKNOWN, SMART_LINK_UNKNOWN, OFFER_UNKNOWN, PARTNER_UNKNOWN})
"""Reasons that a program published a moment ago may have cured."""


class Decision(msgspec.Struct, gc=False):
    """Where to send a click; ``template`` None means the 404 page."""

    reason: str
    """Why the offer that was named didn't take it, '' when it did."""
    template: Template | None
    offer: CompiledOffer | None
    """The offer it counts for: the one that took it, else the one named."""
    partner: CompiledPartner | None
    parameters: dict[str, str] = {}
    """What the link says, under canonical names."""
    preset: str = ""
    """The saved link's own parameters."""
    link_id: int = 0
    requested_offer_id: int = 0
    """The offer that was named, when its alternative took the click; else 0."""
    smart_link_id: int = 0
    landing_id: str = ""
    duplicate: bool = False
    over_cap: bool = False

    @property
    def reached(self) -> bool:
        """Whether an offer took the click: the one named, or its alternative."""
        return not self.reason or self.requested_offer_id > 0
