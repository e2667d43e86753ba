"""Many entries at once, by name, that shall exist after the call."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from partners.fields import Code, Name, Parameters
from partners.schemas.offers import OfferTerms
from partners.schemas.people import AdvertiserCreate, PartnerCreate
from partners.schemas.request import Request


class OfferEnsure(OfferTerms):
    """An offer that shall exist, its advertiser by name."""

    advertiser: Name


class LinkEnsure(Request):
    """A link that shall exist, its partner and offer by name; found again by its code, or by all it says."""

    partner: Name
    offer: Name
    code: Code | None = None
    parameters: Parameters = Field({})


class ProgramEnsure(Request):
    """Everything that shall exist after the call, made or brought up to date in one transaction."""

    advertisers: list[AdvertiserCreate] = Field([])
    partners: list[PartnerCreate] = Field([])
    offers: list[OfferEnsure] = Field([])
    links: list[LinkEnsure] = Field([])


class EnsuredLink(BaseModel):
    """A link that exists."""

    model_config = ConfigDict(extra="forbid")

    id: int
    code: str
    partner_id: int
    offer_id: int
    tracking_url: str


class EnsuredAnswer(BaseModel):
    """Ids by name, and the links in the request's order."""

    model_config = ConfigDict(extra="forbid")

    advertisers: dict[str, int]
    partners: dict[str, int]
    offers: dict[str, int]
    links: list[EnsuredLink]
    snapshot_version: int = Field(description="Edges that know this version know everything of the request.")
