"""Offers, their goals, and other prices for a partner or a tier, as resources.

Invariants: partners never see what the advertiser pays, nor advertisers what partners get; a click or view is
paid by a plain price, as it has no amount to share.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.orm import Session, joinedload

from partners import answers
from partners.models import (
    Cap,
    EntryStatus,
    Goal,
    Hook,
    Offer,
    OfferStatus,
    PayoutModel,
    PayoutOverride,
    Visibility,
)
from partners.resources import work
from partners.resources.listing import QueryId, QueryText
from partners.resources.people import NAMED, may_see_token
from partners.resources.refusals import need_goal, need_order, refusal
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import (
    GoalAnswer,
    GoalChange,
    GoalCreate,
    OfferAnswer,
    OfferChange,
    OfferCreate,
    PayoutOverrideAnswer,
    PayoutOverrideChange,
    PayoutOverrideCreate,
)
from partners.visibility import (
    A_PARTNER,
    A_TIER,
    AN_ADVERTISER,
    AN_OFFER,
    limited,
    of_offers,
    open_to,
    owned_by,
    tier_of,
)

REVENUE = frozenset({"revenue", "revenue_percent", "revenue_rules"})
"""Not for partners."""
PAYOUT = frozenset({"payout", "payout_percent", "payout_rules"})
"""Not for advertisers."""

WITHOUT_AMOUNT = frozenset({"CPC", "CPM"})


def _with_currency(_session: Session, values: Values, caller: Caller) -> Values:
    return values | {"currency": values["currency"] or caller.settings.currency}


def _check_tariff(entry: Any) -> None:
    """Refuse prices that the payout model can't have."""
    for side in ("payout", "revenue"):
        rules = getattr(entry, f"{side}_rules") or {}
        prices = (*rules.get("countries", {}).values(), *rules.get("steps", ()))
        if entry.model in WITHOUT_AMOUNT and (
            getattr(entry, f"{side}_percent") or any(Decimal(price.get("percent", 0)) for price in prices)
        ):
            raise refusal(f"{side}_percent", f"a {entry.model} price is fixed, as a click has no amount to share")
        if entry.model in WITHOUT_AMOUNT and rules.get("steps"):
            raise refusal(f"{side}_rules", f"a {entry.model} price has no steps, as they count conversions")


def _check_offer(_session: Session, entry: Offer, _caller: Caller) -> None:
    need_order(entry.starts_at, entry.ends_at)
    _check_tariff(entry)
    if entry.alternative_offer_id is not None and entry.alternative_offer_id == entry.id:
        raise refusal("alternative_offer_id", "an offer can't be its own alternative")


def _check_goal(_session: Session, entry: Goal, _caller: Caller) -> None:
    if entry.model in WITHOUT_AMOUNT:
        raise refusal("model", f"{entry.model} pays for clicks or views, which belong to the offer and no goal")
    _check_tariff(entry)


def _check_goal_deletion(session: Session, entry: Goal, _caller: Caller) -> None:
    for kind in (PayoutOverride, Cap, Hook):
        condition = and_(kind.offer_id == entry.offer_id, kind.goal == entry.code)
        work.refuse_in_use(session, GOALS, entry, kind.__tablename__, kind.id, condition)


def _of_base_goal(_session: Session, values: Values, _caller: Caller) -> Values:
    return values | {"goal": values["goal"] or ""}


def _check_override(session: Session, entry: PayoutOverride, _caller: Caller) -> None:
    if (entry.partner_id is None) == (entry.tier_id is None):
        raise refusal("partner_id", "name a partner or a tier, one of the two")
    if all(getattr(entry, name) is None for name in (*PAYOUT, *REVENUE)):
        raise refusal("payout", "an override overrides something: name a payout or a revenue")
    need_goal(session, entry.offer_id, entry.goal)


def _offer_more(entry: Offer, _caller: Caller) -> Values:
    return {"advertiser": entry.advertiser.name, "duplicates": entry.duplicates or None}


def _offer_postback(entry: Offer, caller: Caller) -> Values:
    if not may_see_token(caller):
        return {}
    return {"postback_url": answers.postback_url(caller.settings, entry.advertiser.postback_token)}


OFFERS = Resource(
    "offers",
    "offer",
    "Offers",
    Offer,
    OfferCreate,
    OfferChange,
    OfferAnswer,
    AN_OFFER.visible,
    filters={
        "name": QueryText,
        "status": OfferStatus,
        "advertiser_id": QueryId,
        "category": QueryText,
        "visibility": Visibility,
        "model": PayoutModel,
        "currency": QueryText,
        "id": QueryId,
    },
    sorts=(*NAMED, "status", "category", "payout", "revenue"),
    named_by="name",
    hidden_from_partners=REVENUE
    | {"advertiser_id", "advertiser", "allow_override", "alternative_offer_id", "fallback_url", "postback_url"},
    hidden_from_advertisers=PAYOUT | {"alternative_offer_id", "fallback_url"},
    references={"advertiser_id": AN_ADVERTISER, "alternative_offer_id": AN_OFFER},
    unique=(("name",),),
    complete=_with_currency,
    check=_check_offer,
    loads=(joinedload(Offer.advertiser),),
    shows=_offer_more,
    secrets=_offer_postback,
    deletable=False,
)

GOALS = Resource(
    "goals",
    "goal",
    "Offers",
    Goal,
    GoalCreate,
    GoalChange,
    GoalAnswer,
    limited(of_offers(Goal.offer_id, open_to), of_offers(Goal.offer_id, owned_by)),
    filters={"offer_id": QueryId, "code": QueryText, "status": EntryStatus},
    sorts=(*NAMED, "code"),
    named_by="name",
    hidden_from_partners=REVENUE,
    hidden_from_advertisers=PAYOUT,
    references={"offer_id": AN_OFFER},
    unique=(("offer_id", "code"),),
    check=_check_goal,
    check_deletion=_check_goal_deletion,
)

PAYOUT_OVERRIDES = Resource(
    "payout-overrides",
    "payout override",
    "Offers",
    PayoutOverride,
    PayoutOverrideCreate,
    PayoutOverrideChange,
    PayoutOverrideAnswer,
    limited(
        partner=lambda partner_id: and_(
            or_(PayoutOverride.partner_id == partner_id, PayoutOverride.tier_id == tier_of(partner_id)),
            of_offers(PayoutOverride.offer_id, open_to)(partner_id),
        )
    ),
    filters={"offer_id": QueryId, "partner_id": QueryId, "tier_id": QueryId, "goal": QueryText},
    hidden_from_partners=REVENUE,
    references={"offer_id": AN_OFFER, "partner_id": A_PARTNER, "tier_id": A_TIER},
    unique=(("offer_id", "goal", "partner_id", "tier_id"),),
    complete=_of_base_goal,
    check=_check_override,
)
