"""How each kind of entry is written and listed: the order of its fields, its words, its columns.

Fields, their explanations and bounds come from the resource itself; here stands only what people see otherwise. A
field that no group names is in the form all the same, in the last group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from partners.resources import RESOURCES, Resource
from reports.web.forms import Choice, Group

CellKind: TypeAlias = Literal[
    "text", "link", "code", "money", "number", "state", "flag", "moment", "day", "offer", "partner", "tier",
    "goal", "prices", "members", "file",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    name: str
    label: str
    kind: CellKind = "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a kind of entry is shown to people."""

    resource: Resource
    place: str
    """Address of the list."""
    intro: str
    groups: tuple[Group, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Field to what it names, as ``choices.offered`` takes it."""
    said: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    """Other words for the values of a field."""
    columns: tuple[Column, ...] = ()
    helps: Mapping[str, str] = field(default_factory=dict)
    """What is said of a field otherwise than in the API's description."""

    @property
    def word(self) -> str:
        """What one is called."""
        return self.resource.word

    @property
    def plural(self) -> str:
        """What several are called."""
        return "offer access" if self.resource.path == "offer-access" else self.resource.plural

    @property
    def api(self) -> str:
        """Where the API has them."""
        return f"/api/v1/{self.resource.path}"


BY_PATH: Final = {resource.path: resource for resource in RESOURCES}

DESTINATION: Final = (
    "Where clicks lead, with {click_id} in it, by which the advertiser reports the conversion: "
    "https://shop.example/shoes?cid={click_id}. Other macros are {sub1}, {partner_id_hash}, {country} and more."
)
HELPS: Final = {
    "payout": "What the partner gets for a conversion, as 2.50, or 0 with a share alone.",
    "payout_percent": "The partner's share of the sale's amount, as 8 for 8 %; added to the payout.",
    "revenue": "What the advertiser pays for a conversion, as 4.00, or 0 with a share alone.",
    "revenue_percent": "What the advertiser pays of the sale's amount, as 10 for 10 %; added to the revenue.",
    "category": "One word of your own, to group offers by, as Retail.",
    "tags": "Your own words, to find and group it by, as summer.",
    "currency": "Three letters, as EUR. Empty: the service's own.",
    "destination": DESTINATION,
    "fallback_url": "Where clicks go while the offer takes none, as https://shop.example/other.",
    "deep_link_hosts": "Hosts that partners' links may lead to instead of the destination, as shop.example.",
    "default_status": "What a conversion is if its postback says nothing else; pending: somebody approves it.",
    "allow_override": "Ticked, a postback may name other amounts than those above.",
    "pixel_cookie": "For conversions that a pixel in a page reports: it finds the click by this cookie.",
    "duplicates.action": "Whether a repeated click is led on and left out of the count, or sent elsewhere.",
    "duplicates.by": "What makes two clicks one visitor's; the address and browser together are usual.",
    "duplicates.window_s": "How long after the first click, as 86400 for a day.",
    "attribution_window_days": "Days after its click in which a conversion counts, as 30. Empty: the network's.",
    "view_window_hours": "Hours after an impression in which a conversion counts as seen, as 24. Empty: never.",
    "min_conversion_seconds": "A conversion sooner than this after its click is refused, as 10.",
    "hold_days": "Days an approved conversion waits before it is approved by itself, as 14. Empty: none.",
    "payout_rules": "Where a field is empty, the payout above holds.",
    "revenue_rules": "Where a field is empty, the revenue above holds.",
    **{f"{side}_rules.countries": "Countries with a price of their own, as DE." for side in ("payout", "revenue")},
    **{f"{side}_rules.steps": "From how many, or from which amount, another price holds."
       for side in ("payout", "revenue")},
    "visibility": "Who may promote it.",
    "targeting.hours": "When it takes clicks; empty: always.",
    "targeting.timezone": "In which the hours are meant, as Europe/Berlin.",
    "duplicates": "Empty: further clicks of a visitor count as others do.",
    **{f"targeting.{name}.{side}": "Empty: all." if side == "allow" else "Empty: none."
       for name in ("country", "region", "device", "os", "browser", "language", "connection")
       for side in ("allow", "deny")},
    "targeting.country": "Two letters each, as DE.",
    "targeting.region": "Country and region, as US:California.",
    "targeting.device": "",
    "targeting.os": "Names with or without a version, as iOS or Android>=12.",
    "targeting.browser": "Names with or without a version, as Firefox or Chrome>=120.",
    "targeting.language": "As en, or en-GB.",
    "targeting.connection": "Named as in reports.",
}  # fmt: skip
"""Of offers, goals and payout overrides."""

MODEL: Final[tuple[Choice, ...]] = (
    ("CPA", "CPA, for a conversion"),
    ("CPL", "CPL, for a lead"),
    ("CPS", "CPS, for a sale"),
    ("CPC", "CPC, for a click"),
    ("CPM", "CPM, for a thousand views"),
    ("revshare", "Revshare, a share of the sale"),
    ("hybrid", "Hybrid, an amount and a share"),
)
_PRICE_LABELS: Final = {
    f"{side}_rules.{name}": label
    for side in ("payout", "revenue")
    for name, label in {
        "countries": "Prices by country",
        "countries.[key]": "Country",
        "countries.fixed": "Amount",
        "countries.percent": "Per cent",
        "steps_by": "Steps count",
        "steps_period": "Counted in a",
        "steps": "Prices by steps",
        "steps.from": "From",
        "steps.fixed": "Amount",
        "steps.percent": "Per cent",
    }.items()
}
MONEY_LABELS: Final = {
    "model": "Payout model",
    "payout": "Payout",
    "payout_percent": "Payout share, %",
    "payout_rules": "Payout by country and steps",
    "revenue": "Revenue",
    "revenue_percent": "Revenue share, %",
    "revenue_rules": "Revenue by country and steps",
    **_PRICE_LABELS,
}
_LISTS: Final = ("country", "region", "device", "os", "browser", "language", "connection")
_TARGETING_LABELS: Final = {
    **{f"targeting.{name}.allow": "Only these" for name in _LISTS},
    **{f"targeting.{name}.deny": "Not these" for name in _LISTS},
    "targeting.os": "Operating system",
    "targeting.timezone": "Time zone of the hours",
}
MONEY: Final = ("model", "payout", "payout_percent", "revenue", "revenue_percent")
STEPS: Final = Group(
    "Other prices", ("payout_rules", "revenue_rules"), is_open=False,
    help="Amounts are in the offer's currency, countries two letters as DE. Percentages are of the sale's amount.",
)  # fmt: skip

PARTNERS: Final = Sheet(
    BY_PATH["partners"],
    "/partners",
    "Partners promote your offers and are paid for what comes of it.",
    (
        Group("Basics", ("name", "status", "email", "company", "country", "website")),
        Group("Relation", ("manager_id", "tier_id", "tags", "notes")),
        Group("Where it leads", ("fallback_url",), is_open=False),
    ),
    {"email": "E-mail address", "fallback_url": "Fallback URL"},
    {"manager_id": "users", "tier_id": "tiers"},
    helps={
        "company": "Its name in law, as on an invoice.",
        "country": "Two letters, as DE.",
        "website": "Where it shows its traffic, as https://blog.example.",
        "tags": "Your own words, to find and group it by, as newsletter.",
        "fallback_url": "Where this partner's clicks go that no offer takes, as https://blog.example/thanks.",
    },
)
OFFERS: Final = Sheet(
    BY_PATH["offers"],
    "/offers",
    "An offer is what partners promote: where clicks lead to, what a conversion pays, and whose clicks it takes.",
    (
        Group("Basics", ("name", "advertiser_id", "status", "visibility", "description", "category", "tags")),
        Group("Money", (*MONEY, "currency")),
        Group("Where it leads", ("destination", "fallback_url", "alternative_offer_id", "deep_link_hosts")),
        Group("Targeting", ("targeting",), is_open=False),
        STEPS,
        Group(
            "Limits",
            ("starts_at", "ends_at", "duplicates", "attribution_window_days", "view_window_hours",
             "min_conversion_seconds", "hold_days"),
            is_open=False,
        ),
        Group("Advanced", ("default_status", "allow_override", "pixel_cookie"), is_open=False),
    ),
    {
        **MONEY_LABELS,
        **_TARGETING_LABELS,
        "destination": "Destination URL",
        "deep_link_hosts": "Hosts of deep links",
        "alternative_offer_id": "Alternative offer",
        "starts_at": "Starts",
        "ends_at": "Ends",
        "default_status": "Status of a new conversion",
        "allow_override": "Postbacks may set payout and revenue",
        "attribution_window_days": "Attribution window, days",
        "view_window_hours": "View window, hours",
        "min_conversion_seconds": "Shortest time to conversion, seconds",
        "hold_days": "Hold period, days",
        "pixel_cookie": "Cookie for pixels",
        "duplicates": "Repeated clicks",
        "duplicates.action": "What becomes of them",
        "duplicates.by": "Known by",
        "duplicates.window_s": "Within, seconds",
        "duplicates.each_partner": "Each partner for itself",
    },
    {"advertiser_id": "advertisers", "alternative_offer_id": "offers"},
    {
        "model": MODEL,
        "visibility": (
            ("public", "Public, every partner may run it"),
            ("approval", "By approval, partners ask for it"),
            ("private", "Private, only partners you let in"),
        ),
        "duplicates.action": (("mark", "Marked, led on and not counted"), ("trafficback", "Sent elsewhere")),
        "duplicates.by": (
            ("visitor", "Address and browser"), ("ip", "Address"), ("device_id", "Device id"),
            ("partner_click_id", "Partner's click id"),
        ),
    },
    helps=HELPS,
)  # fmt: skip
ADVERTISERS: Final = Sheet(
    BY_PATH["advertisers"],
    "/advertisers",
    "Advertisers own offers, pay for conversions and report them by postback.",
    (
        Group("Basics", ("name", "status", "manager_id", "tags")),
        Group("Postbacks", ("require_token", "allowed_networks")),
    ),
    {"require_token": "Postbacks need a token or a signature", "allowed_networks": "Networks postbacks come from"},
    {"manager_id": "users"},
    helps={
        "status": "While it is suspended its postbacks are refused.",
        "tags": "Your own words, to find and group it by, as retail.",
        "require_token": "Ticked, a postback without either is refused. Not ticked, the click's id is enough.",
        "allowed_networks": "Addresses its servers send from, as 203.0.113.0/24. Empty: anywhere.",
    },
)
LINKS: Final = Sheet(
    BY_PATH["links"],
    "/links",
    "Links are what partners embed.",
    (Group("Where it leads", ("offer_id", "smart_link_id")), Group("What its clicks carry", ("parameters",))),
    {"parameters.[key]": "Parameter"},
    {
        "offer_id": "offers",
        "smart_link_id": "smart-links",
        "partner_id": "partners",
        "parameters.[key]": "parameters",
    },
)
