"""What partners promote: offers with their goals, prices, pages, creatives, caps, coupons, and links to them.

Invariants: a price is exact and in its offer's currency; an offer's own tariff is that of its base goal
(code ''), every other goal and every override has one of its own; JSON columns hold what a schema in
``partners/schemas`` checked.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.sql_types import NEVER_REUSE_IDS, Moment, Money
from partners.models.base import MAX_CODE_LENGTH, MAX_NAME_LENGTH, Entry, JsonObject
from partners.models.people import Advertiser, Partner

OfferStatus: TypeAlias = Literal["active", "paused", "ended"]
ConversionStatus: TypeAlias = Literal["approved", "pending", "hold"]
Visibility: TypeAlias = Literal["public", "approval", "private"]
"""public: every approved partner; approval: those whose request was approved; private: those who were let in."""
AccessStatus: TypeAlias = Literal["pending", "approved", "rejected"]
PayoutModel: TypeAlias = Literal["CPA", "CPL", "CPS", "CPC", "CPM", "revshare", "hybrid"]
CapKind: TypeAlias = Literal["click", "conversion", "payout", "revenue"]
CapPeriod: TypeAlias = Literal["day", "week", "month", "total"]
SmartStrategy: TypeAlias = Literal["weight", "epc", "thompson"]
CreativeKind: TypeAlias = Literal["banner", "text", "video", "email", "other"]
EntryStatus: TypeAlias = Literal["active", "paused"]


class Tariff:
    """Columns of a price list: what the partner gets and what the advertiser pays."""

    model: Mapped[PayoutModel] = mapped_column(String(16), default="CPA")
    payout: Mapped[Decimal] = mapped_column(Money)
    payout_percent: Mapped[Decimal | None] = mapped_column(Money)
    payout_rules: Mapped[JsonObject] = mapped_column(JSON, default=dict)
    """Prices by country and by steps (schema ``PriceRules``); {} for none."""
    revenue: Mapped[Decimal] = mapped_column(Money)
    revenue_percent: Mapped[Decimal | None] = mapped_column(Money)
    revenue_rules: Mapped[JsonObject] = mapped_column(JSON, default=dict)


class Offer(Tariff, Entry):
    """What partners promote: where its clicks go and what its conversions are worth."""

    __tablename__ = "offers"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    advertiser_id: Mapped[int] = mapped_column(ForeignKey("advertisers.id"), index=True)
    status: Mapped[OfferStatus] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    visibility: Mapped[Visibility] = mapped_column(String(16), default="public")
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    """From this moment on it takes no click; None: never."""
    destination: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    default_status: Mapped[ConversionStatus] = mapped_column(String(16))
    deep_link_hosts: Mapped[list[str]] = mapped_column(JSON)
    allow_override: Mapped[bool] = mapped_column(Boolean)
    targeting: Mapped[JsonObject] = mapped_column(JSON, default=dict)
    """Schema ``Targeting``; {} for none."""
    duplicates: Mapped[JsonObject] = mapped_column(JSON, default=dict)
    """Schema ``DuplicatePolicy``; {}: duplicates are welcome."""
    alternative_offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    attribution_window_days: Mapped[int | None] = mapped_column(Integer)
    """None: the network's setting."""
    view_window_hours: Mapped[int | None] = mapped_column(Integer)
    """Hours after an impression in which a conversion counts as seen; None: views earn nothing."""
    min_conversion_seconds: Mapped[int] = mapped_column(Integer, default=0)
    """A conversion sooner after its click than this is refused."""
    hold_days: Mapped[int] = mapped_column(Integer, default=0)
    """Days an otherwise approved conversion is held before it is approved by itself; 0: not at all."""
    pixel_cookie: Mapped[bool] = mapped_column(Boolean, default=False)
    """Clicks set a cookie, by which a pixel finds them again."""
    fallback_url: Mapped[str] = mapped_column(Text)

    advertiser: Mapped[Advertiser] = relationship(lazy="raise")


class Goal(Tariff, Entry):
    """Something an offer's customers do, beside the base goal, that is paid for in its own way."""

    __tablename__ = "goals"
    __table_args__ = (UniqueConstraint("offer_id", "code"), NEVER_REUSE_IDS)
    natural_key: ClassVar[str] = "code"

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH))
    """What postbacks call it."""
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    status: Mapped[EntryStatus] = mapped_column(String(16), default="active")
    default_status: Mapped[ConversionStatus] = mapped_column(String(16), default="approved")
    hold_days: Mapped[int | None] = mapped_column(Integer)
    """None: the offer's."""


class PayoutOverride(Entry):
    """Other prices for one partner or one tier, on one goal of an offer."""

    __tablename__ = "payout_overrides"
    __table_args__ = (UniqueConstraint("offer_id", "goal", "partner_id", "tier_id"), NEVER_REUSE_IDS)

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    goal: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH), default="")
    """Code of the goal; '' the base goal."""
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"), index=True)
    payout: Mapped[Decimal | None] = mapped_column(Money)
    """None: the goal's own, and so for each of these."""
    payout_percent: Mapped[Decimal | None] = mapped_column(Money)
    payout_rules: Mapped[JsonObject | None] = mapped_column(JSON)
    revenue: Mapped[Decimal | None] = mapped_column(Money)
    revenue_percent: Mapped[Decimal | None] = mapped_column(Money)
    revenue_rules: Mapped[JsonObject | None] = mapped_column(JSON)


class OfferAccess(Entry):
    """A partner's request for an offer by approval, or its being let into a private one."""

    __tablename__ = "offer_access"
    __table_args__ = (UniqueConstraint("offer_id", "partner_id"), NEVER_REUSE_IDS)

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    status: Mapped[AccessStatus] = mapped_column(String(16), default="pending")
    note: Mapped[str] = mapped_column(Text, default="")


class LandingPage(Entry):
    """One of several pages an offer's clicks are spread over by weight."""

    __tablename__ = "landing_pages"
    __table_args__ = NEVER_REUSE_IDS

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    url: Mapped[str] = mapped_column(Text)
    weight: Mapped[int] = mapped_column(Integer, default=1)
    status: Mapped[EntryStatus] = mapped_column(String(16), default="active")


class Creative(Entry):
    """Material partners put on their pages."""

    __tablename__ = "creatives"
    __table_args__ = NEVER_REUSE_IDS

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    kind: Mapped[CreativeKind] = mapped_column(String(16), default="banner")
    url: Mapped[str] = mapped_column(Text, default="")
    """Where the file lies."""
    content: Mapped[str] = mapped_column(Text, default="")
    """Text of a text link or an e-mail."""
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[EntryStatus] = mapped_column(String(16), default="active")


class Cap(Entry):
    """The most an offer takes within a period of the cap's own time zone."""

    __tablename__ = "caps"
    __table_args__ = NEVER_REUSE_IDS

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """Only this partner's; None: everybody's."""
    each_partner: Mapped[bool] = mapped_column(Boolean, default=False)
    """Every partner has the whole amount for itself; only where ``partner_id`` is None."""
    goal: Mapped[str | None] = mapped_column(String(MAX_CODE_LENGTH))
    """Of conversions, payout and revenue: only this goal's; None: all goals together."""
    kind: Mapped[CapKind] = mapped_column(String(16))
    period: Mapped[CapPeriod] = mapped_column(String(8))
    amount: Mapped[Decimal] = mapped_column(Money)
    """Clicks or conversions, or money in the offer's currency."""
    hard: Mapped[bool] = mapped_column(Boolean, default=True)
    """hard: what goes over is turned away; soft: it passes and is marked, conversions are held."""
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")


class Coupon(Entry):
    """A code that attributes a sale to a partner without a click."""

    __tablename__ = "coupons"
    __table_args__ = (UniqueConstraint("offer_id", "code"), NEVER_REUSE_IDS)
    natural_key: ClassVar[str] = "code"

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH))
    """Upper case; customers type it as they like."""
    status: Mapped[EntryStatus] = mapped_column(String(16), default="active")
    starts_at: Mapped[datetime | None] = mapped_column(Moment)
    ends_at: Mapped[datetime | None] = mapped_column(Moment)


class SmartLink(Entry):
    """Several offers behind one link, of which each click gets the best it is eligible for."""

    __tablename__ = "smart_links"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "name"

    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH), unique=True)
    strategy: Mapped[SmartStrategy] = mapped_column(String(16))
    status: Mapped[EntryStatus] = mapped_column(String(16), default="active")
    members: Mapped[list[dict[str, int]]] = mapped_column(JSON)
    """[{"offer_id": 1, "weight": 3}, …], checked against the offers."""
    fallback_url: Mapped[str] = mapped_column(Text, default="")


class Link(Entry):
    """A saved tracking link: ``/c/<code>``, to one offer or to a smart link."""

    __tablename__ = "links"
    __table_args__ = NEVER_REUSE_IDS
    natural_key: ClassVar[str] = "code"

    code: Mapped[str] = mapped_column(String(MAX_CODE_LENGTH), unique=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offers.id"), index=True)
    smart_link_id: Mapped[int | None] = mapped_column(ForeignKey("smart_links.id"), index=True)
    """Exactly one of the two is set."""
    parameters: Mapped[dict[str, str]] = mapped_column(JSON)
    """What the link's clicks carry unless their own query says otherwise."""

    partner: Mapped[Partner] = relationship(lazy="raise")
    offer: Mapped[Offer | None] = relationship(lazy="raise")
    smart_link: Mapped[SmartLink | None] = relationship(lazy="raise")
