"""What the admin API takes: one schema for creating, one for changing and one for ensuring each kind.

Invariants: a field that isn't in the schema is refused by name, so a typing mistake is never ignored; a
change says nothing about the fields it doesn't name; nothing here can set an id, a version or a token.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from partners.fields import (
    Code,
    Currency,
    DeepLinkHosts,
    Destination,
    FallbackUrl,
    Id,
    MoneyAmount,
    Name,
    Parameters,
    Percent,
    WindowDays,
)
from partners.models import ConversionStatus, OfferStatus, PartnerStatus


def _not_given() -> Any:
    """Stand for a field of a change that the caller left out; ``model_fields_set`` knows which those are."""
    return None


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """Return the fields that the caller named, and their values."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class AdvertiserCreate(Request):
    """A new advertiser; its postback token is made by the service."""

    name: Name
    require_token: bool = Field(default=False, description="Refuse postbacks without token or signature.")


class AdvertiserChange(Request):
    """What may change on an advertiser."""

    name: Name = Field(default_factory=_not_given)
    require_token: bool = Field(default_factory=_not_given)


class PartnerCreate(Request):
    """A new partner."""

    name: Name
    status: PartnerStatus = "active"
    fallback_url: FallbackUrl = Field("", description="Where this partner's clicks go that no offer takes.")


class PartnerChange(Request):
    """What may change on a partner."""

    name: Name = Field(default_factory=_not_given)
    status: PartnerStatus = Field(default_factory=_not_given)
    fallback_url: FallbackUrl = Field(default_factory=_not_given)


class OfferTerms(Request):
    """What an offer is, but whose."""

    name: Name
    destination: Destination = Field(description="URL template with {macros}.")
    status: OfferStatus = "active"
    currency: Currency | None = Field(None, description="ISO 4217; none: the service's default currency.")
    payout: MoneyAmount = Field(Decimal(0), description="What the partner gets for a conversion.")
    revenue: MoneyAmount = Field(Decimal(0), description="What the advertiser pays for a conversion.")
    payout_percent: Percent | None = Field(None, description="Partner's share of the amount, added to the payout.")
    revenue_percent: Percent | None = Field(None, description="Our share of the amount, added to the revenue.")
    default_status: ConversionStatus = Field("approved", description="Of a conversion whose postback names none.")
    deep_link_hosts: DeepLinkHosts = Field([], description="Hosts a deep link may lead to.")
    allow_override: bool = Field(default=False, description="A postback may set payout and revenue.")
    attribution_window_days: WindowDays | None = Field(
        None, description="Days after its click in which a conversion counts; none: the network's setting."
    )
    fallback_url: FallbackUrl = Field("", description="Where clicks go while the offer takes none.")


class OfferCreate(OfferTerms):
    """A new offer."""

    advertiser_id: Id


class OfferChange(Request):
    """What may change on an offer; null takes a share or a window away."""

    name: Name = Field(default_factory=_not_given)
    advertiser_id: Id = Field(default_factory=_not_given)
    destination: Destination = Field(default_factory=_not_given)
    status: OfferStatus = Field(default_factory=_not_given)
    currency: Currency = Field(default_factory=_not_given)
    payout: MoneyAmount = Field(default_factory=_not_given)
    revenue: MoneyAmount = Field(default_factory=_not_given)
    payout_percent: Percent | None = None
    revenue_percent: Percent | None = None
    default_status: ConversionStatus = Field(default_factory=_not_given)
    deep_link_hosts: DeepLinkHosts = Field(default_factory=_not_given)
    allow_override: bool = Field(default_factory=_not_given)
    attribution_window_days: WindowDays | None = None
    fallback_url: FallbackUrl = Field(default_factory=_not_given)


class LinkCreate(Request):
    """A new saved link."""

    partner_id: Id
    offer_id: Id
    code: Code | None = Field(None, description="What stands after /c/; none: the service makes one.")
    parameters: Parameters = Field({}, description="What its clicks carry unless their own query says otherwise.")


class LinkChange(Request):
    """What may change on a link; whose it is and its code stay."""

    offer_id: Id = Field(default_factory=_not_given)
    parameters: Parameters = Field(default_factory=_not_given)


class ProgramChange(Request):
    """What may change on the program as a whole."""

    fallback_url: FallbackUrl = Field(default_factory=_not_given)


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
