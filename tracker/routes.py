"""What the routing snapshot holds of each kind: plain, immutable, with money as decimal strings.

Encoded as MessagePack arrays; a newer publisher and an older edge meet only for the seconds of an update, so
fields are added at the end, with a default. Ids of 0 and texts of '' mean none; moments are milliseconds
since 1970, UTC, 0 for none. Routes form no cycles, so the garbage collector is spared them (``gc=False``), and
words of a closed set are ``Literal``: those are decoded to one text shared by all.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

OfferStatus: TypeAlias = Literal["active", "paused", "ended"]
PayoutModel: TypeAlias = Literal["CPA", "CPL", "CPS", "CPC", "CPM", "revshare", "hybrid"]
PartnerStatus: TypeAlias = Literal["pending", "approved", "rejected", "suspended", "banned"]


class PriceRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one party pays or gets: a fixed part plus a share of the amount."""

    fixed: str = ""
    percent: str = ""
    countries: dict[str, tuple[str, str]] = {}
    """Country -> (fixed, percent) that replace the plain ones there."""
    steps_by: Literal["", "conversions", "amount"] = ""
    """conversions: how many the partner had on this goal in the period; amount: this sale's."""
    steps_period: Literal["day", "week", "month", "total"] = "month"
    """Periods of UTC in which conversions are counted."""
    steps: tuple[tuple[str, str, str], ...] = ()
    """(from this number on, fixed, percent), ascending; below the first step the plain price holds."""


class TariffRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A payout model with what the partner gets and what the advertiser pays."""

    model: PayoutModel = "CPA"
    payout: PriceRoute = PriceRoute()
    revenue: PriceRoute = PriceRoute()


class OverrideRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Other prices for one partner (``partner_id``) or one tier; None: the goal's own."""

    partner_id: int = 0
    tier_id: int = 0
    payout: PriceRoute | None = None
    revenue: PriceRoute | None = None


class GoalRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A goal of an offer; its base goal has the code ''."""

    id: int
    code: str
    name: str
    tariff: TariffRoute = TariffRoute()
    overrides: tuple[OverrideRoute, ...] = ()
    default_status: Literal["approved", "pending", "hold"] = "approved"
    """Status of a conversion whose postback names none."""
    hold_s: int = 0
    """Seconds an otherwise approved conversion is held before it is approved."""


class TargetingRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Who an offer is for. Each field: (allowed, denied); an empty 'allowed' allows all. All fields must hold."""

    country: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """ISO 3166-1 alpha-2, upper case."""
    region: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Country and region, as in US:California; compared without regard to case."""
    device: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """mobile, tablet, desktop, other."""
    os: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Name with an optional version range: iOS, Android>=12, Android<9, Windows=10."""
    browser: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """As ``os``."""
    language: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Primary language (en) or with a region (en-GB), lower case language."""
    connection: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """As in the column connection_type; compared without regard to case."""
    hours: tuple[int, ...] = ()
    """Hours of the week in which it is open, 0 = Monday 00:00 to 167, in ``timezone``; empty: always."""
    timezone: str = "UTC"


class CapRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The most an offer takes within a period."""

    id: int
    kind: Literal["click", "conversion", "payout", "revenue"]
    period: Literal["day", "week", "month", "total"]
    amount: str
    timezone: str = "UTC"
    hard: bool = True
    partner_id: int = 0
    """Only this partner's events count and are limited; 0: everybody's."""
    each_partner: bool = False
    """Every partner has the whole amount for itself."""
    goal: str | None = None
    """Only this goal's; None: all goals together."""


class DuplicateRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What becomes of a visitor's further clicks on an offer."""

    action: Literal["mark", "trafficback"]
    """mark: redirected, verdict duplicate; trafficback: sent elsewhere."""
    by: Literal["visitor", "ip", "device_id", "partner_click_id"]
    """visitor: address and user agent together. device_id: idfa or gaid."""
    window_s: int
    each_partner: bool = False
    """A click through another partner is no duplicate."""


class LandingRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One of an offer's pages."""

    id: int
    url: str
    weight: int = 1


class OfferRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the edge and the pipeline need of an offer."""

    id: int
    name: str
    advertiser_id: int
    status: OfferStatus
    destination: str
    """URL template with {macros}."""
    currency: str
    goals: dict[str, GoalRoute]
    """By code; '' is the base goal and always there."""
    deep_link_hosts: tuple[str, ...] = ()
    allow_override: bool = False
    """A postback may set payout and revenue."""
    attribution_window_s: int = 0
    """Seconds after the click in which a conversion counts; 0: the network's setting."""
    fallback_url: str = ""
    view_window_s: int = 0
    """Seconds after an impression in which a conversion counts as seen; 0: views earn nothing."""
    min_conversion_s: int = 0
    alternative_offer_id: int = 0
    starts_at: int = 0
    ends_at: int = 0
    visibility: Literal["public", "approval", "private"] = "public"
    approved_partners: tuple[int, ...] = ()
    """Who may promote it unless it is public, ascending."""
    refused_partners: tuple[int, ...] = ()
    """Who may not promote it though it is public, ascending."""
    targeting: TargetingRoute | None = None
    caps: tuple[CapRoute, ...] = ()
    duplicates: DuplicateRoute | None = None
    landings: tuple[LandingRoute, ...] = ()
    """Active pages; none: ``destination`` alone."""
    pixel_cookie: bool = False


class PartnerRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the edge needs of a partner."""

    id: int
    name: str
    status: PartnerStatus
    fallback_url: str = ""
    tier_id: int = 0


class AdvertiserRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the edge needs of an advertiser."""

    id: int
    name: str
    postback_token: str
    """Secret for ``token`` and for HMAC signatures."""
    require_token: bool = False
    previous_token: str = ""
    """Accepted until ``previous_token_until``."""
    previous_token_until: int = 0
    allowed_networks: tuple[str, ...] = ()
    """CIDR; empty: anywhere."""
    status: Literal["active", "suspended"] = "active"


class LinkRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A saved link: ``/c/<code>``."""

    id: int
    code: str
    partner_id: int
    offer_id: int
    preset: str = ""
    """Parameters stored with the link, as a query string."""
    smart_link_id: int = 0


class SmartLinkRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Several offers of which each click gets one."""

    id: int
    name: str
    strategy: Literal["weight", "epc", "thompson"]
    members: tuple[tuple[int, int], ...]
    """(offer id, weight)."""
    fallback_url: str = ""


class CouponRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A code that attributes a sale to a partner without a click."""

    id: int
    code: str
    """Upper case."""
    offer_id: int
    partner_id: int
    starts_at: int = 0
    ends_at: int = 0


class BlockRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A source of traffic that is turned away."""

    id: int
    kind: Literal[
        "network", "asn", "country", "user_agent", "referrer_host", "source", "sub1", "device_id", "partner"
    ]
    value: str
    offer_id: int = 0
    partner_id: int = 0
    expires_at: int = 0


class HookRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where conversions are reported to."""

    id: int
    kind: Literal["postback", "webhook"]
    method: Literal["GET", "POST"]
    url: str
    statuses: tuple[str, ...]
    partner_id: int = 0
    advertiser_id: int = 0
    offer_id: int = 0
    goal: str | None = None
    secret: str = ""
    previous_secret: str = ""
    """Signs, too, until ``previous_secret_until``."""
    previous_secret_until: int = 0


class KeyRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An API key that an edge accepts (scope clicks:write)."""

    prefix: str
    partner_id: int = 0
    """0: may record clicks for every partner."""
    expires_at: int = 0


class FraudRuleRoute(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How a fraud rule is set in one place: a ``fraud.entries.RuleEntry`` without that room."""

    code: str
    offer_id: int = 0
    partner_id: int = 0
    enabled: bool | None = None
    settings: dict[str, Any] = {}
    action: str | None = None
    block: str | None = None
    block_minutes: int | None = None
