"""The program the oracle's events belong to: whose they are, what they are called, what money is worth.

Names are chosen to be awkward: two offers share one, some differ by case alone, some look like a number or a
query, some ids have none. Ids are this folder's own, as the event store is shared by all tests of a process.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.unit.reports.asking import Directory

FIRST_PARTNER, FIRST_ADVERTISER, FIRST_OFFER = 987_001_000, 987_002_000, 987_003_000
PARTNERS = tuple(range(FIRST_PARTNER, FIRST_PARTNER + 6))
ADVERTISERS = tuple(range(FIRST_ADVERTISER, FIRST_ADVERTISER + 3))
OFFERS = tuple(range(FIRST_OFFER, FIRST_OFFER + 7))
LINKS = (0, 987_004_000, 987_004_001, 987_004_002)
SMART_LINKS = (0, 0, 987_005_000, 987_005_001)

BASE = "USD"
"""What rates are quoted in, and what a report shows unless asked otherwise."""

LACKING = "CHF"
"""A currency without any rate."""


def _since(*dated: tuple[str, str]) -> tuple[tuple[int, Decimal], ...]:
    epoch = date(1970, 1, 1)
    return tuple(((date.fromisoformat(day) - epoch).days, Decimal(rate)) for day, rate in dated)


RATES = {
    "EUR": _since(("2011-01-01", "1.33"), ("2013-10-27", "1.3803"), ("2013-10-28", "1.3783"), ("2014-03-30", "1.3751")),
    # Half a millionth is rounded to the even one.
    "BAM": _since(("2011-01-01", "0.5")),
    "INR": _since(("2012-10-28", "0.018651"), ("2013-11-03", "0.0161973"), ("2014-04-01", "0.016622")),
    # There is none before the middle of autumn.
    "JPY": _since(("2013-10-27", "0.010265"), ("2013-11-04", "0.010138")),
}  # fmt: skip

KNOWN = {
    "partner": {
        PARTNERS[0]: "Ann",
        PARTNERS[1]: "ann",
        PARTNERS[2]: "O'Neil \\ Söhne",
        PARTNERS[3]: "123",
        PARTNERS[4]: "ZZ {top:String}",
    },
    "advertiser": {ADVERTISERS[0]: "Shop", ADVERTISERS[1]: "apps % _"},
    "offer": {
        OFFERS[0]: "Shoes",
        OFFERS[1]: "Shoes",
        OFFERS[2]: "hats",
        OFFERS[3]: "Hats",
        OFFERS[4]: "Ärmel",
        OFFERS[5]: "(none) of these",
    },
    "link": {LINKS[1]: "abc123", LINKS[2]: "#7"},
    "smart_link": {SMART_LINKS[2]: "Summer mix"},
}

ATTRIBUTES = {
    "partner_tier": {PARTNERS[0]: ("Gold",), PARTNERS[1]: ("Silver",), PARTNERS[3]: ("Gold",)},
    "partner_tag": {PARTNERS[0]: ("blog", "eu"), PARTNERS[2]: ("eu",), PARTNERS[4]: ("Blog", "eu", "vip")},
    "partner_manager": {PARTNERS[0]: ("Mia",), PARTNERS[5]: ("Noah (noah@example.com)",)},
    "advertiser_manager": {ADVERTISERS[0]: ("Mia",), ADVERTISERS[2]: ("Lea",)},
    "offer_category": {OFFERS[0]: ("Fashion",), OFFERS[2]: ("Fashion",), OFFERS[6]: ("Games",)},
    "offer_tag": {OFFERS[0]: ("summer", "sale"), OFFERS[1]: ("sale",), OFFERS[4]: ("new", "Sale")},
    "offer_payout_model": dict(zip(OFFERS, (("CPA",), ("CPC",), ("revshare",), ("CPM",), ("CPA",)), strict=False)),
    "creative_name": {1: ("Banner",), 2: ("Skyscraper",)},
    "landing_name": {1: ("Shop",), 7: ("Shop",)},
}
"""What the program knows today, by kind and id; the last offers and partners have nothing."""

DIRECTORY = Directory(KNOWN, ATTRIBUTES, RATES, BASE)

ROLES = ("admin", "partner", "advertiser")

HIDDEN_DIMENSIONS = {
    "admin": frozenset(),
    "partner": frozenset({"partner_manager", "partner_tag", "advertiser_manager", "account_manager"}),
    "advertiser": frozenset(
        {"partner_manager", "partner_tier", "partner_tag", "advertiser_manager", "account_manager"}
    ),
}
"""docs/dimensions.md, "Who sees what"."""

NUMBERED = {
    "admin": frozenset(),
    "partner": frozenset({"advertiser"}),
    "advertiser": frozenset({"partner", "link", "smart_link"}),
}
"""Dimensions whose names a role doesn't see."""

HIDDEN_MONEY = {
    "admin": frozenset(),
    "partner": frozenset({"approved_revenue", "pending_revenue"}),
    "advertiser": frozenset({"approved_payout", "pending_payout", "held_payout", "rejected_payout", "cost"}),
}
"""docs/metrics.md, "Who sees what", by the money that metrics are made of."""
