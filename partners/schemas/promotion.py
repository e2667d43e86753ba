"""What partners promote offers with: access, pages, creatives, coupons, smart links and links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from partners.fields import (
    Code,
    CouponCode,
    Destination,
    FallbackUrl,
    Id,
    Name,
    Note,
    Parameters,
    Pixels,
    PlainUrl,
    UtcMoment,
    Weight,
    saying,
)
from partners.models import AccessStatus, CreativeKind, EntryStatus, SmartStrategy
from partners.schemas.request import Answer, Request, left_out

MAX_MEMBERS = 100
OWN_PARTNER = "A partner's own key may leave it out."


class OfferAccessCreate(Request):
    """A partner's request for an offer, or the network's letting it in (or keeping it out)."""

    offer_id: Id = Field(description="The offer it is about.")
    partner_id: Id | None = Field(None, description=OWN_PARTNER)
    status: AccessStatus | None = Field(
        None, description="The network's people: approved unless said otherwise; a partner's request is pending."
    )
    note: Note = Field("", description="What the partner says; partner and network read it.")


class OfferAccessChange(Request):
    """The network's decision."""

    status: AccessStatus = Field(default_factory=left_out)
    note: Note = Field(default_factory=left_out)


class OfferAccessAnswer(Answer):
    """Whether a partner may promote an offer."""

    offer_id: int
    partner_id: int
    status: AccessStatus = Field(description="rejected: not even a public offer.")
    note: str


class LandingPageCreate(Request):
    """A new page of an offer."""

    offer_id: Id = Field(description="Whose page it is.")
    name: Name = Field(description="What partners choose it by.")
    url: Destination = Field(description="URL template with {macros}.")
    weight: Weight = Field(
        1, description="Its share of clicks, against the others' weights; 0: only where a link names the page."
    )
    status: EntryStatus = Field("active", description="paused: gets no clicks.")


class LandingPageChange(Request):
    """What may change on a landing page."""

    name: Name = Field(default_factory=left_out)
    url: Destination = Field(default_factory=left_out)
    weight: Weight = Field(default_factory=left_out)
    status: EntryStatus = Field(default_factory=left_out)


class LandingPageAnswer(Answer):
    """One of several pages an offer's clicks are spread over."""

    offer_id: int
    name: str
    url: str
    weight: int
    status: EntryStatus


class CreativeCreate(Request):
    """New material for partners' pages."""

    offer_id: Id = Field(description="What it advertises.")
    name: Name = Field(description="What partners choose it by.")
    kind: CreativeKind = Field("banner", description="What it is.")
    url: PlainUrl = Field("", description="Where the file lies.")
    content: Note = Field("", description="Text of a text link or an e-mail.")
    width: Pixels | None = Field(None, description="In pixels.")
    height: Pixels | None = Field(None, description="In pixels.")
    status: EntryStatus = Field("active", description="paused: not to be used any more.")


class CreativeChange(Request):
    """What may change on a creative."""

    name: Name = Field(default_factory=left_out)
    kind: CreativeKind = Field(default_factory=left_out)
    url: PlainUrl = Field(default_factory=left_out)
    content: Note = Field(default_factory=left_out)
    width: Pixels | None = None
    height: Pixels | None = None
    status: EntryStatus = Field(default_factory=left_out)


class CreativeAnswer(Answer):
    """Material partners put on their pages; its id goes into links as ``creative_id``."""

    offer_id: int
    name: str
    kind: CreativeKind
    url: str
    content: str
    width: int | None
    height: int | None
    status: EntryStatus


class CouponCreate(Request):
    """A new coupon of a partner."""

    offer_id: Id = Field(description="On which offer it counts.")
    partner_id: Id = Field(description="Who gets the sale.")
    code: CouponCode = Field(description="What customers type, in any case.")
    status: EntryStatus = Field("active", description="paused: attributes nothing.")
    starts_at: UtcMoment | None = Field(None, description="Sales before this moment don't count.")
    ends_at: UtcMoment | None = Field(None, description="Sales from this moment on don't count.")


class CouponChange(Request):
    """What may change on a coupon; null takes a moment away."""

    partner_id: Id = Field(default_factory=left_out)
    code: CouponCode = Field(default_factory=left_out)
    status: EntryStatus = Field(default_factory=left_out)
    starts_at: UtcMoment | None = None
    ends_at: UtcMoment | None = None


class CouponAnswer(Answer):
    """A code that attributes a sale to a partner without a click."""

    offer_id: int
    partner_id: int
    code: str
    status: EntryStatus
    starts_at: datetime | None
    ends_at: datetime | None


class Member(Request):
    """An offer of a smart link."""

    offer_id: Id = Field(description="One of the offers.")
    weight: Weight = Field(1, description="Its share of clicks, against the others' weights; 0: none for now.")


def check_members(members: list[Member]) -> list[Member]:
    """Return the members, of which each offer is one."""
    if not members:
        raise ValueError("a smart link has at least one offer")
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"a smart link has at most {MAX_MEMBERS} offers")
    if len({member.offer_id for member in members}) != len(members):
        raise ValueError("an offer is named twice; give it one weight")
    if not any(member.weight for member in members):
        raise ValueError("every offer has weight 0, so none gets a click; pause the smart link instead")
    return members


Members: TypeAlias = Annotated[list[Member], AfterValidator(saying(check_members))]


class SmartLinkCreate(Request):
    """A new smart link."""

    name: Name = Field(description="What partners choose it by; no two smart links share one.")
    strategy: SmartStrategy = Field("weight", description="How one of the eligible offers is picked.")
    status: EntryStatus = Field(
        "active", description="paused: it is as if it did not exist, and clicks go to a fallback."
    )
    members: Members = Field(description="The offers it chooses from, and how much each counts.")
    fallback_url: FallbackUrl = Field("", description="Where clicks go that none of the offers takes.")


class SmartLinkChange(Request):
    """What may change on a smart link."""

    name: Name = Field(default_factory=left_out)
    strategy: SmartStrategy = Field(default_factory=left_out)
    status: EntryStatus = Field(default_factory=left_out)
    members: Members = Field(default_factory=left_out)
    fallback_url: FallbackUrl = Field(default_factory=left_out)


class SmartLinkAnswer(Answer):
    """Several offers behind one link."""

    name: str
    strategy: SmartStrategy = Field("weight", description="For the network's people only.")
    status: EntryStatus
    members: list[Member] = Field([], description="For the network's people only.")
    fallback_url: str = Field("", description="For the network's people only.")


class LinkCreate(Request):
    """A new saved link, to an offer or to a smart link."""

    partner_id: Id | None = Field(None, description=OWN_PARTNER)
    offer_id: Id | None = Field(None, description="Where it leads to; else name a smart link.")
    smart_link_id: Id | None = Field(None, description="Where it leads to; else name an offer.")
    code: Code | None = Field(None, description="What stands after /c/; none: the service makes one.")
    parameters: Parameters = Field({}, description="What its clicks carry unless their own query says otherwise.")


class LinkChange(Request):
    """What may change on a link; whose it is and its code stay. A new target replaces the old one."""

    offer_id: Id = Field(default_factory=left_out)
    smart_link_id: Id = Field(default_factory=left_out)
    parameters: Parameters = Field(default_factory=left_out)


class LinkAnswer(Answer):
    """A saved tracking link."""

    code: str
    partner_id: int
    partner: str
    offer_id: int | None
    offer: str | None
    smart_link_id: int | None
    smart_link: str | None
    parameters: dict[str, str]
    tracking_url: str = Field(description="The saved link.")
    long_url: str = Field(description="The same link with everything in its query.")
