"""Advertisers, tiers and partners as resources.

Invariants: an advertiser's token is told to who may change the program and to who may report the advertiser's
own conversions, one advertiser at a time; notes, managers and tags are the network's own.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from partners import answers, service
from partners.models import Advertiser, AdvertiserStatus, Partner, PartnerStatus, Tier
from partners.resources.listing import QueryId, QueryText
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import (
    AdvertiserAnswer,
    AdvertiserChange,
    AdvertiserCreate,
    PartnerAnswer,
    PartnerChange,
    PartnerCreate,
    TierAnswer,
    TierChange,
    TierCreate,
)
from partners.visibility import A_PARTNER, A_TIER, A_USER, AN_ADVERTISER, limited, tier_of

NAMED = ("id", "name", "created_at", "updated_at")
"""Sorts of everything that has a name."""


def may_see_token(caller: Caller) -> bool:
    """Return whether somebody may see the postback token of an advertiser that they see."""
    return caller.who.may("program:write") or caller.who.may("conversions:write")


def _with_token(_session: Session, values: Values, _caller: Caller) -> Values:
    return values | {"postback_token": service.new_token()}


def _token(entry: Advertiser, caller: Caller) -> Values:
    if not may_see_token(caller):
        return {}
    return {
        "postback_token": entry.postback_token,
        "postback_url": answers.postback_url(caller.settings, entry.postback_token),
    }


ADVERTISERS = Resource(
    "advertisers",
    "advertiser",
    "Advertisers",
    Advertiser,
    AdvertiserCreate,
    AdvertiserChange,
    AdvertiserAnswer,
    AN_ADVERTISER.visible,
    filters={"name": QueryText, "status": AdvertiserStatus, "manager_id": QueryId, "id": QueryId},
    sorts=(*NAMED, "status"),
    named_by="name",
    hidden_from_advertisers=frozenset({"manager_id", "tags"}),
    references={"manager_id": A_USER},
    unique=(("name",),),
    complete=_with_token,
    secrets=_token,
    deletable=False,
)

TIERS = Resource(
    "tiers",
    "tier",
    "Partners",
    Tier,
    TierCreate,
    TierChange,
    TierAnswer,
    limited(partner=lambda partner_id: Tier.id == tier_of(partner_id)),
    filters={"name": QueryText},
    sorts=NAMED,
    named_by="name",
    hidden_from_partners=frozenset({"description"}),
    unique=(("name",),),
)

PARTNERS = Resource(
    "partners",
    "partner",
    "Partners",
    Partner,
    PartnerCreate,
    PartnerChange,
    PartnerAnswer,
    A_PARTNER.visible,
    filters={
        "name": QueryText,
        "status": PartnerStatus,
        "tier_id": QueryId,
        "manager_id": QueryId,
        "email": QueryText,
        "country": QueryText,
        "id": QueryId,
    },
    sorts=(*NAMED, "status", "company", "country"),
    named_by="name",
    hidden_from_partners=frozenset({"notes", "manager_id", "tags"}),
    references={"manager_id": A_USER, "tier_id": A_TIER},
    unique=(("name",),),
    deletable=False,
)
