"""What reports know of the program is the same on every database, and as new as the program."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kernel.auth import ADMIN
from partners import Directory
from partners.identity import users
from partners.identity.schemas import UserChange
from partners.models import User
from partners.names import ATTRIBUTES
from partners.resources.network import CURRENCY_RATES
from partners.resources.offers import OFFERS
from partners.resources.people import ADVERTISERS, PARTNERS, TIERS
from partners.resources.promotion import CREATIVES, LANDING_PAGES
from tests.support.program import alter, make


@pytest.fixture
def small(sessions):
    """One advertiser, one partner, one offer."""
    with sessions.writing() as session:
        make(session, ADVERTISERS, name="Acme")
        make(session, PARTNERS, name="Blog")
        make(session, OFFERS, name="Shoes", advertiser_id=1, destination="https://shop.example/?c={click_id}")
    return sessions


def test_attributes_and_rates_follow_the_program(small):
    directory = Directory(small)
    assert directory.attributes("partner_tier") == {}
    assert directory.attributes("offer_payout_model") == {1: ("CPA",)}
    assert directory.attributes("partner_tag") is directory.attributes("partner_tag")
    with small.writing() as session:
        for address in ("a@example.com", "b@example.com", "c@example.com"):
            session.add(User(email=address, name="Mia" if address < "c" else "", role="manager"))
        make(session, TIERS, name="Gold")
        alter(session, PARTNERS, 1, manager_id=1, tier_id=1, tags=["eu", "blog"])
        alter(session, ADVERTISERS, 1, manager_id=3)
        alter(session, OFFERS, 1, category="Fashion", tags=["sale"])
        make(session, CREATIVES, offer_id=1, name="Banner")
        make(session, LANDING_PAGES, offer_id=1, name="Summer", url="https://shop.example/summer")
        for day, rate in (("2026-03-01", "1.25"), ("2026-01-01", "1.1")):
            make(session, CURRENCY_RATES, currency="INR", valid_from=day, rate=rate)
    told = {kind: dict(directory.attributes(kind)) for kind in ATTRIBUTES}
    assert told == {
        "partner_tier": {1: ("Gold",)},
        "offer_category": {1: ("Fashion",)},
        "offer_payout_model": {1: ("CPA",)},
        "creative_name": {1: ("Banner",)},
        "landing_name": {1: ("Summer",)},
        "partner_tag": {1: ("eu", "blog")},
        "offer_tag": {1: ("sale",)},
        "partner_manager": {1: ("Mia (a@example.com)",)},
        "advertiser_manager": {1: ("c@example.com",)},
    }
    assert directory.rates() == ("", {"INR": ((20454, Decimal("1.1")), (20513, Decimal("1.25")))})


def test_a_tier_a_creative_and_a_manager_renamed_are_noticed_at_once(small):
    directory = Directory(small)
    with small.writing() as session:
        session.add(User(email="mia@example.com", name="Mia", role="manager"))
        make(session, TIERS, name="Gold")
        make(session, CREATIVES, offer_id=1, name="Banner")
        alter(session, PARTNERS, 1, manager_id=1, tier_id=1)
    assert directory.attributes("partner_tier") == {1: ("Gold",)}
    with small.writing() as session:
        alter(session, TIERS, 1, name="Platinum")
    assert directory.attributes("partner_tier") == {1: ("Platinum",)}
    with small.writing() as session:
        alter(session, CREATIVES, 1, name="Skyscraper")
    assert directory.attributes("creative_name") == {1: ("Skyscraper",)}
    with small.writing() as session:
        users.change(session, users.Actor(ADMIN, ""), 1, UserChange(name="Mia Ito"), None)
    assert directory.attributes("partner_manager") == {1: ("Mia Ito",)}
