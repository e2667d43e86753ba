"""Advertisers, tiers and partners, as they are created, changed and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from partners.conditions import Country, Network
from partners.fields import Email, FallbackUrl, Id, Line, Name, Note, PlainUrl, Tags, saying
from partners.models import AdvertiserStatus, PartnerStatus
from partners.schemas.request import Answer, Request, left_out

MAX_NETWORKS = 100
MAX_OVERLAP_HOURS = 90 * 24
"""A secret that should still hold after three months wasn't rotated."""

NewPartnerStatus: TypeAlias = Literal["pending", "approved"]
CountryOrNone: TypeAlias = Country | Literal[""]


def check_networks(networks: list[str]) -> list[str]:
    """Return the networks, each once."""
    if len(networks) > MAX_NETWORKS:
        raise ValueError(f"an advertiser has at most {MAX_NETWORKS} networks")
    return list(dict.fromkeys(networks))


Networks: TypeAlias = Annotated[list[Network], AfterValidator(saying(check_networks))]


class AdvertiserCreate(Request):
    """A new advertiser; its postback token is made by the service."""

    name: Name = Field(description="What everybody calls it; no two advertisers share one.")
    status: AdvertiserStatus = Field("active", description="suspended: its postbacks are refused.")
    manager_id: Id | None = Field(None, description="The user who looks after it.")
    tags: Tags = Field([], description="Your own words, to find and group it by.")
    require_token: bool = Field(default=False, description="Refuse postbacks without token or signature.")
    allowed_networks: Networks = Field([], description="Networks postbacks may come from; none: anywhere.")


class AdvertiserChange(Request):
    """What may change on an advertiser."""

    name: Name = Field(default_factory=left_out)
    status: AdvertiserStatus = Field(default_factory=left_out)
    manager_id: Id | None = None
    tags: Tags = Field(default_factory=left_out)
    require_token: bool = Field(default_factory=left_out)
    allowed_networks: Networks = Field(default_factory=left_out)


class AdvertiserAnswer(Answer):
    """An advertiser."""

    name: str
    status: AdvertiserStatus
    manager_id: int | None = Field(None, description="For the network's people only.")
    tags: list[str] = Field([], description="For the network's people only.")
    require_token: bool
    allowed_networks: list[str]
    previous_token_until: datetime | None = Field(description="Until then the token before the last is accepted.")
    postback_token: str = Field("", description="In answers about this advertiser alone, to those who may see it.")
    postback_url: str = Field("", description="An example of what the advertiser fires, with the token.")


class TokenRotation(Request):
    """How long the token that is replaced is still accepted."""

    overlap_hours: int = Field(24, ge=0, le=MAX_OVERLAP_HOURS, strict=True, description="0: not at all.")


class TierCreate(Request):
    """A new class of partners."""

    name: Name = Field(description="What everybody calls it; no two tiers share one.")
    description: Note = Field("", description="Who belongs to it; for the network's people only.")


class TierChange(Request):
    """What may change on a tier."""

    name: Name = Field(default_factory=left_out)
    description: Note = Field(default_factory=left_out)


class TierAnswer(Answer):
    """A class of partners that offers can pay differently."""

    name: str
    description: str = Field("", description="For the network's people only.")


class PartnerCreate(Request):
    """A new partner."""

    name: Name = Field(description="What everybody calls it; no two partners share one.")
    status: NewPartnerStatus = Field("approved", description="Only an approved partner's clicks pass.")
    email: Email = Field("", description="Where you reach the partner; signing in has addresses of its own.")
    company: Line = Field("", description="Its name in law.")
    country: CountryOrNone = Field("", description="ISO 3166-1, two letters: DE.")
    website: PlainUrl = Field("", description="Where it shows its traffic, with https://.")
    notes: Note = Field("", description="For the network's people only.")
    manager_id: Id | None = Field(None, description="The user who looks after it.")
    tier_id: Id | None = Field(None, description="Its class, for which offers may have other prices.")
    tags: Tags = Field([], description="Your own words, to find and group it by.")
    fallback_url: FallbackUrl = Field("", description="Where this partner's clicks go that no offer takes.")


class PartnerChange(Request):
    """What may change on a partner; its status changes by POST to ``…/status``."""

    name: Name = Field(default_factory=left_out)
    email: Email = Field(default_factory=left_out)
    company: Line = Field(default_factory=left_out)
    country: CountryOrNone = Field(default_factory=left_out)
    website: PlainUrl = Field(default_factory=left_out)
    notes: Note = Field(default_factory=left_out)
    manager_id: Id | None = None
    tier_id: Id | None = None
    tags: Tags = Field(default_factory=left_out)
    fallback_url: FallbackUrl = Field(default_factory=left_out)


class PartnerAnswer(Answer):
    """A partner."""

    name: str
    status: PartnerStatus
    status_reason: str
    email: str
    company: str
    country: str
    website: str
    notes: str = Field("", description="For the network's people only.")
    manager_id: int | None = Field(None, description="For the network's people only.")
    tier_id: int | None
    tags: list[str] = Field([], description="For the network's people only.")
    fallback_url: str


class StatusChange(Request):
    """A partner's new status."""

    status: PartnerStatus
    reason: Note = Field("", description="Needed to reject or to ban; the partner can read it.")
