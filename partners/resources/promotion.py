"""What partners promote offers with, as resources: access, pages, creatives, coupons, smart links, links.

Invariants: a partner's own entries bear its id whatever it sends; a partner asks for offers and never answers for
the network; a link leads to one offer or one smart link.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, joinedload

from kernel.errors import BODY_INVALID
from partners import answers, service
from partners.errors import REFERENCE_UNKNOWN
from partners.models import (
    AccessStatus,
    Coupon,
    Creative,
    CreativeKind,
    EntryStatus,
    LandingPage,
    Link,
    Offer,
    OfferAccess,
    SmartLink,
    SmartStrategy,
)
from partners.resources.listing import QueryId, QueryText
from partners.resources.offers import OFFERS
from partners.resources.people import NAMED
from partners.resources.refusals import need_order, refusal
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import (
    CouponAnswer,
    CouponChange,
    CouponCreate,
    CreativeAnswer,
    CreativeChange,
    CreativeCreate,
    LandingPageAnswer,
    LandingPageChange,
    LandingPageCreate,
    LinkAnswer,
    LinkChange,
    LinkCreate,
    OfferAccessAnswer,
    OfferAccessChange,
    OfferAccessCreate,
    SmartLinkAnswer,
    SmartLinkChange,
    SmartLinkCreate,
)
from partners.visibility import (
    A_PARTNER,
    A_SMART_LINK,
    AN_OFFER,
    AN_OFFER_TO_ASK_FOR,
    limited,
    not_asked_for_yet,
    of_offers,
    open_to,
    owned_by,
)


def _as_request(_session: Session, values: Values, caller: Caller) -> Values:
    if caller.who.may("program:write"):
        return values | {"status": values["status"] or "approved"}
    if values["status"] not in {None, "pending"}:
        raise BODY_INVALID.error("status: a request is pending until the network decides; leave the status out")
    return values | {"status": "pending"}


def _check_request(session: Session, entry: OfferAccess, caller: Caller) -> None:
    if caller.who.may("program:write"):
        return
    visibility = session.scalar(select(Offer.visibility).where(Offer.id == entry.offer_id))
    if visibility != "approval":
        raise refusal("offer_id", "this offer is open to you already; there is nothing to ask for")


OFFER_ACCESS = Resource(
    "offer-access",
    "offer access",
    "Offers",
    OfferAccess,
    OfferAccessCreate,
    OfferAccessChange,
    OfferAccessAnswer,
    limited(partner=lambda partner_id: OfferAccess.partner_id == partner_id),
    filters={"offer_id": QueryId, "partner_id": QueryId, "status": AccessStatus},
    sorts=("id", "created_at", "updated_at", "status"),
    own_scope="access:write",
    own_writes=frozenset({"POST"}),
    references={"offer_id": AN_OFFER_TO_ASK_FOR, "partner_id": A_PARTNER},
    unique=(("offer_id", "partner_id"),),
    complete=_as_request,
    check=_check_request,
)

OFFERS_TO_ASK_FOR = replace(
    OFFERS,
    path="offers-to-ask-for",
    word="offer to ask for",
    visible=lambda who: and_(Offer.visibility == "approval", limited(partner=not_asked_for_yet)(who)),
    hidden_from_partners=OFFERS.hidden_from_partners | {"destination", "deep_link_hosts"},
)
"""What a partner is told of offers by approval before it is let in: all but where they lead. Listed only."""

LANDING_PAGES = Resource(
    "landing-pages",
    "landing page",
    "Offers",
    LandingPage,
    LandingPageCreate,
    LandingPageChange,
    LandingPageAnswer,
    limited(of_offers(LandingPage.offer_id, open_to), of_offers(LandingPage.offer_id, owned_by)),
    filters={"offer_id": QueryId, "name": QueryText, "status": EntryStatus},
    sorts=(*NAMED, "weight"),
    named_by="name",
    references={"offer_id": AN_OFFER},
)

CREATIVES = Resource(
    "creatives",
    "creative",
    "Offers",
    Creative,
    CreativeCreate,
    CreativeChange,
    CreativeAnswer,
    limited(of_offers(Creative.offer_id, open_to), of_offers(Creative.offer_id, owned_by)),
    filters={"offer_id": QueryId, "name": QueryText, "kind": CreativeKind, "status": EntryStatus},
    sorts=(*NAMED, "kind"),
    named_by="name",
    references={"offer_id": AN_OFFER},
)

COUPONS = Resource(
    "coupons",
    "coupon",
    "Offers",
    Coupon,
    CouponCreate,
    CouponChange,
    CouponAnswer,
    limited(partner=lambda partner_id: Coupon.partner_id == partner_id),
    filters={"offer_id": QueryId, "partner_id": QueryId, "code": QueryText, "status": EntryStatus},
    sorts=("id", "code", "created_at", "updated_at"),
    named_by="code",
    references={"offer_id": AN_OFFER, "partner_id": A_PARTNER},
    unique=(("offer_id", "code"),),
    check=lambda _session, entry, _caller: need_order(entry.starts_at, entry.ends_at),
)


def _check_members(session: Session, entry: SmartLink, _caller: Caller) -> None:
    wanted = {member["offer_id"] for member in entry.members}
    unknown = wanted - set(session.scalars(select(Offer.id).where(Offer.id.in_(wanted))))
    if unknown:
        at = next(n for n, member in enumerate(entry.members) if member["offer_id"] == min(unknown))
        message = f"There is no offer {min(unknown)}; create it first."
        raise REFERENCE_UNKNOWN.error(message, field=f"members.{at}.offer_id")


SMART_LINKS = Resource(
    "smart-links",
    "smart link",
    "Links",
    SmartLink,
    SmartLinkCreate,
    SmartLinkChange,
    SmartLinkAnswer,
    A_SMART_LINK.visible,
    filters={"name": QueryText, "status": EntryStatus, "strategy": SmartStrategy},
    sorts=NAMED,
    named_by="name",
    hidden_from_partners=frozenset({"strategy", "members", "fallback_url"}),
    unique=(("name",),),
    check=_check_members,
)


def _with_code(session: Session, values: Values, _caller: Caller) -> Values:
    return values | {"code": values["code"] or service.free_codes(session, 1)[0]}


def _to_one_target(_session: Session, values: Values, _caller: Caller) -> Values:
    """Let a new target take the old one's place."""
    targets = [name for name in ("offer_id", "smart_link_id") if name in values]
    if len(targets) == 1:
        return {"offer_id": None, "smart_link_id": None} | values
    return values


def _check_target(_session: Session, entry: Link, _caller: Caller) -> None:
    if (entry.offer_id is None) == (entry.smart_link_id is None):
        raise refusal("offer_id", "a link leads to an offer or to a smart link, one of the two")


def _link_more(entry: Link, caller: Caller) -> Values:
    target = {"offer_id": str(entry.offer_id)} if entry.offer_id else {"smart_link_id": str(entry.smart_link_id)}
    query = target | {"partner_id": str(entry.partner_id)} | entry.parameters
    return {
        "partner": entry.partner.name,
        "offer": entry.offer.name if entry.offer else None,
        "smart_link": entry.smart_link.name if entry.smart_link else None,
        "tracking_url": answers.tracking_url(caller.settings, entry.code),
        "long_url": f"{caller.settings.edge_url}/click?{answers.preset_query(query)}",
    }


LINKS = Resource(
    "links",
    "link",
    "Links",
    Link,
    LinkCreate,
    LinkChange,
    LinkAnswer,
    limited(partner=lambda partner_id: Link.partner_id == partner_id),
    filters={"code": QueryText, "partner_id": QueryId, "offer_id": QueryId, "smart_link_id": QueryId},
    sorts=("id", "code", "created_at", "updated_at"),
    named_by="code",
    own_scope="links:write",
    references={"partner_id": A_PARTNER, "offer_id": AN_OFFER, "smart_link_id": A_SMART_LINK},
    unique=(("code",),),
    complete=_with_code,
    complete_change=_to_one_target,
    check=_check_target,
    loads=(joinedload(Link.partner), joinedload(Link.offer), joinedload(Link.smart_link)),
    shows=_link_more,
)
