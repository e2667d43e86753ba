"""Offers and their goals, as they are created, changed and answered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from partners.fields import (
    Code,
    Currency,
    Days,
    DeepLinkHosts,
    Destination,
    FallbackUrl,
    Hours,
    Id,
    Line,
    MoneyAmount,
    Name,
    Note,
    Percent,
    Seconds,
    Tags,
    UtcMoment,
    WindowDays,
)
from partners.models import ConversionStatus, EntryStatus, OfferStatus, PayoutModel, Visibility
from partners.schemas.request import Answer, MoneyText, Request, left_out
from partners.schemas.rules import DuplicatePolicy, PriceRules, Targeting


class TariffTerms(Request):
    """What a conversion is worth, to the partner and to the network."""

    model: PayoutModel = Field(
        "CPA", description="What is paid for: conversions, sales, clicks (CPC), 1000 views (CPM)."
    )
    payout: MoneyAmount = Field(Decimal(0), description="What the partner gets for a conversion.")
    payout_percent: Percent | None = Field(None, description="Partner's share of the amount, added to the payout.")
    payout_rules: PriceRules = Field(
        PriceRules(), description="Payouts that replace the plain one, by country and by steps."
    )
    revenue: MoneyAmount = Field(Decimal(0), description="What the advertiser pays for a conversion.")
    revenue_percent: Percent | None = Field(None, description="Our share of the amount, added to the revenue.")
    revenue_rules: PriceRules = Field(
        PriceRules(), description="Revenues that replace the plain one, by country and by steps."
    )


class TariffChange(Request):
    """What may change on prices; null takes a share away, {} the rules."""

    model: PayoutModel = Field(default_factory=left_out)
    payout: MoneyAmount = Field(default_factory=left_out)
    payout_percent: Percent | None = None
    payout_rules: PriceRules = Field(default_factory=left_out)
    revenue: MoneyAmount = Field(default_factory=left_out)
    revenue_percent: Percent | None = None
    revenue_rules: PriceRules = Field(default_factory=left_out)


class TariffAnswer(Answer):
    """Prices; partners see what they get, advertisers what they pay."""

    model: PayoutModel
    payout: MoneyText = Field("0.00", description="Not for advertisers.")
    payout_percent: MoneyText | None = Field(None, description="Not for advertisers.")
    payout_rules: PriceRules = Field(PriceRules(), description="Not for advertisers.")
    revenue: MoneyText = Field("0.00", description="Not for partners.")
    revenue_percent: MoneyText | None = Field(None, description="Not for partners.")
    revenue_rules: PriceRules = Field(PriceRules(), description="Not for partners.")


class OfferTerms(TariffTerms):
    """What an offer is, but whose."""

    name: Name = Field(description="What everybody calls it, partners too; no two offers share one.")
    destination: Destination = Field(description="URL template with {macros}.")
    status: OfferStatus = Field("active", description="Only an active offer takes clicks.")
    description: Note = Field(
        "", description="What partners read about it: what is sold, what counts, what is forbidden."
    )
    category: Line = Field("", description="One word of your own, to group offers by.")
    tags: Tags = Field([], description="Your own words, to find and group it by.")
    visibility: Visibility = Field(
        "public",
        description="public: every partner; approval: who asked and was approved; private: who was let in.",
    )
    starts_at: UtcMoment | None = Field(None, description="Clicks before this moment go elsewhere.")
    ends_at: UtcMoment | None = Field(None, description="Clicks from this moment on go elsewhere.")
    currency: Currency | None = Field(None, description="ISO 4217; none: the service's default currency.")
    default_status: ConversionStatus = Field("approved", description="Of a conversion whose postback names none.")
    deep_link_hosts: DeepLinkHosts = Field([], description="Hosts a deep link may lead to.")
    allow_override: bool = Field(default=False, description="A postback may set payout and revenue.")
    targeting: Targeting = Field(Targeting(), description="Whose clicks it takes; others go elsewhere.")
    duplicates: DuplicatePolicy | None = Field(None, description="None: further clicks of a visitor are welcome.")
    alternative_offer_id: Id | None = Field(None, description="Where clicks go that this offer doesn't take.")
    attribution_window_days: WindowDays | None = Field(
        None, description="Days after its click in which a conversion counts; none: the network's setting."
    )
    view_window_hours: Hours | None = Field(
        None,
        description="Hours after an impression in which a conversion counts as seen; none: views earn nothing.",
    )
    min_conversion_seconds: Seconds = Field(0, description="A conversion sooner after its click is refused.")
    hold_days: Days = Field(0, description="Days an approved conversion is held before it is approved by itself.")
    pixel_cookie: bool = Field(
        default=False, description="Clicks set a cookie, by which a pixel finds them again."
    )
    fallback_url: FallbackUrl = Field("", description="Where clicks go while the offer takes none.")


class OfferCreate(OfferTerms):
    """A new offer."""

    advertiser_id: Id = Field(description="Who pays for it and reports its conversions.")


class OfferChange(TariffChange):
    """What may change on an offer; null takes a share, a window, a moment, a policy or an alternative away."""

    name: Name = Field(default_factory=left_out)
    advertiser_id: Id = Field(default_factory=left_out)
    destination: Destination = Field(default_factory=left_out)
    status: OfferStatus = Field(default_factory=left_out)
    description: Note = Field(default_factory=left_out)
    category: Line = Field(default_factory=left_out)
    tags: Tags = Field(default_factory=left_out)
    visibility: Visibility = Field(default_factory=left_out)
    starts_at: UtcMoment | None = None
    ends_at: UtcMoment | None = None
    currency: Currency = Field(default_factory=left_out)
    default_status: ConversionStatus = Field(default_factory=left_out)
    deep_link_hosts: DeepLinkHosts = Field(default_factory=left_out)
    allow_override: bool = Field(default_factory=left_out)
    targeting: Targeting = Field(default_factory=left_out)
    duplicates: DuplicatePolicy | None = None
    alternative_offer_id: Id | None = None
    attribution_window_days: WindowDays | None = None
    view_window_hours: Hours | None = None
    min_conversion_seconds: Seconds = Field(default_factory=left_out)
    hold_days: Days = Field(default_factory=left_out)
    pixel_cookie: bool = Field(default_factory=left_out)
    fallback_url: FallbackUrl = Field(default_factory=left_out)


class OfferAnswer(TariffAnswer):
    """An offer."""

    name: str
    advertiser_id: int = Field(0, description="Not for partners.")
    advertiser: str = Field("", description="Its name; not for partners.")
    status: OfferStatus
    description: str
    category: str
    tags: list[str]
    visibility: Visibility
    starts_at: datetime | None
    ends_at: datetime | None
    destination: str = Field("", description="Not for partners that haven't been let in.")
    currency: str
    default_status: ConversionStatus
    deep_link_hosts: list[str] = Field([], description="Not for partners that haven't been let in.")
    allow_override: bool = Field(default=False, description="Not for partners.")
    targeting: Targeting
    duplicates: DuplicatePolicy | None
    alternative_offer_id: int | None = Field(None, description="For the network's people only.")
    attribution_window_days: int | None
    view_window_hours: int | None
    min_conversion_seconds: int
    hold_days: int
    pixel_cookie: bool
    fallback_url: str = Field("", description="For the network's people only.")
    postback_url: str = Field("", description="In answers about this offer alone, to those who may see the token.")


class GoalCreate(TariffTerms):
    """A new goal of an offer, beside its base goal."""

    offer_id: Id = Field(description="Whose goal it is.")
    code: Code = Field(description="What postbacks call it.")
    name: Name = Field(description="What reports and partners call it.")
    status: EntryStatus = Field("active", description="paused: it is as if the offer did not have it.")
    default_status: ConversionStatus = Field("approved", description="Of a conversion whose postback names none.")
    hold_days: Days | None = Field(None, description="None: the offer's.")


class GoalChange(TariffChange):
    """What may change on a goal; its offer and its code stay, as conversions name them."""

    name: Name = Field(default_factory=left_out)
    status: EntryStatus = Field(default_factory=left_out)
    default_status: ConversionStatus = Field(default_factory=left_out)
    hold_days: Days | None = None


class GoalAnswer(TariffAnswer):
    """A goal of an offer."""

    offer_id: int
    code: str
    name: str
    status: EntryStatus
    default_status: ConversionStatus
    hold_days: int | None


class PayoutOverrideCreate(Request):
    """Other prices for one partner or one tier; what is left out stays the goal's own."""

    offer_id: Id = Field(description="Whose prices are replaced.")
    goal: Code | None = Field(None, description="Code of the goal; none: the base goal.")
    partner_id: Id | None = Field(None, description="For this partner; else name a tier.")
    tier_id: Id | None = Field(None, description="For every partner of this tier; else name a partner.")
    payout: MoneyAmount | None = Field(None, description="What the partner gets; none: the goal's own.")
    payout_percent: Percent | None = Field(
        None, description="Partner's share of the amount; none: the goal's own."
    )
    payout_rules: PriceRules | None = Field(None, description="By country and by steps; none: the goal's own.")
    revenue: MoneyAmount | None = Field(None, description="What the advertiser pays; none: the goal's own.")
    revenue_percent: Percent | None = Field(None, description="Our share of the amount; none: the goal's own.")
    revenue_rules: PriceRules | None = Field(None, description="By country and by steps; none: the goal's own.")


class PayoutOverrideChange(Request):
    """What may change on an override; null: the goal's own again."""

    payout: MoneyAmount | None = None
    payout_percent: Percent | None = None
    payout_rules: PriceRules | None = None
    revenue: MoneyAmount | None = None
    revenue_percent: Percent | None = None
    revenue_rules: PriceRules | None = None


class PayoutOverrideAnswer(Answer):
    """Other prices for one partner or one tier."""

    offer_id: int
    goal: str = Field(description="'': the base goal.")
    partner_id: int | None
    tier_id: int | None
    payout: MoneyText | None
    payout_percent: MoneyText | None
    payout_rules: PriceRules | None
    revenue: MoneyText | None = Field(None, description="Not for partners.")
    revenue_percent: MoneyText | None = Field(None, description="Not for partners.")
    revenue_rules: PriceRules | None = Field(None, description="Not for partners.")
