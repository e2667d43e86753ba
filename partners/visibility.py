"""Whose rows a principal sees, as conditions of SQL.

Invariants: a principal that bears a partner's or an advertiser's id never sees a row that isn't theirs or open
to them; a kind that says nothing about them shows them nothing; the network's own people see everything. What
isn't seen isn't there: the answer is ``not_found``, never ``forbidden``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from kernel.auth import Principal
from partners.models import Advertiser, Entry, Offer, OfferAccess, Partner, SmartLink, Tier, User

Sees: TypeAlias = Callable[[int], ColumnElement[bool]]
"""From a partner's or an advertiser's id to the rows it sees."""

Visible: TypeAlias = Callable[[Principal], ColumnElement[bool]]


def limited(partner: Sees | None = None, advertiser: Sees | None = None) -> Visible:
    """Return who sees what of a kind: partners and advertisers what is said here, everybody else all."""

    def visible(who: Principal) -> ColumnElement[bool]:
        if who.role == "partner" or who.partner_id is not None:
            return partner(who.partner_id) if partner and who.partner_id is not None else false()
        if who.role == "advertiser" or who.advertiser_id is not None:
            return advertiser(who.advertiser_id) if advertiser and who.advertiser_id is not None else false()
        return true()

    return visible


def open_to(partner_id: int) -> ColumnElement[bool]:
    """Return the offers a partner may promote: public ones it isn't refused, and those it was let in."""
    return or_(
        and_(Offer.visibility == "public", ~_has_access(partner_id, "rejected")),
        _has_access(partner_id, "approved"),
    )


def may_be_asked_for(partner_id: int) -> ColumnElement[bool]:
    """Return the offers a partner may promote or ask for."""
    return or_(Offer.visibility == "approval", open_to(partner_id))


def not_asked_for_yet(partner_id: int) -> ColumnElement[bool]:
    """Return the offers by approval that a partner has no request for."""
    asked = exists().where(OfferAccess.offer_id == Offer.id, OfferAccess.partner_id == partner_id)
    return and_(Offer.visibility == "approval", Offer.status == "active", ~asked)


def owned_by(advertiser_id: int) -> ColumnElement[bool]:
    """Return an advertiser's own offers."""
    return Offer.advertiser_id == advertiser_id


def of_offers(offer_id: Any, offers: Sees) -> Sees:
    """Return the rows whose column ``offer_id`` names one of these offers."""
    return lambda owner_id: offer_id.in_(select(Offer.id).where(offers(owner_id)))


def tier_of(partner_id: int) -> ColumnElement[Any]:
    """Return the id of a partner's tier, as a part of a condition."""
    return select(Partner.tier_id).where(Partner.id == partner_id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Reference:
    """What a field may name: an entry of a kind that the one who names it sees."""

    kind: type[Entry]
    word: str
    visible: Visible


AN_ADVERTISER = Reference(
    Advertiser, "advertiser", limited(advertiser=lambda advertiser_id: Advertiser.id == advertiser_id)
)
A_PARTNER = Reference(Partner, "partner", limited(partner=lambda partner_id: Partner.id == partner_id))
A_TIER = Reference(Tier, "tier", limited())
A_USER = Reference(User, "user", limited())
AN_OFFER = Reference(Offer, "offer", limited(open_to, owned_by))
AN_OFFER_TO_ASK_FOR = Reference(Offer, "offer", limited(may_be_asked_for))
A_SMART_LINK = Reference(SmartLink, "smart link", limited(lambda _: SmartLink.status == "active"))


def _has_access(partner_id: int, status: str) -> ColumnElement[bool]:
    return exists().where(
        OfferAccess.offer_id == Offer.id, OfferAccess.partner_id == partner_id, OfferAccess.status == status
    )
