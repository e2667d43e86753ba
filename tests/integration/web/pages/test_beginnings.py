"""The first steps in a program where nothing is yet: each page says what has to be there before."""

from __future__ import annotations

import pytest

from tests.support.pages import Visitor
from tests.support.web import running_web

ADDRESS = "https://shop.example/?c={click_id}"


@pytest.fixture(scope="module")
def empty(store_settings, tmp_path_factory):
    with running_web(store_settings, tmp_path_factory.mktemp("empty")) as web:
        yield web


def test_what_an_entry_needs_and_is_not_there_is_made_first(empty):
    admin = Visitor(empty, empty.key(role="admin"))
    assert admin.see("/offers/new").links()["Make the first advertiser"] == "/advertisers/new"
    assert admin.see("/program/goals/new").links()["Make the first offer"] == "/offers/new"
    generator = admin.see("/links/new").links()
    assert (generator["Make the first offer"], generator["Make the first partner"]) == (
        "/offers/new",
        "/partners/new",
    )

    advertiser = empty.admin.made("POST", "/api/v1/advertisers", {"name": "Shop"})["id"]
    body = {"name": "Shoes", "advertiser_id": advertiser, "destination": ADDRESS, "visibility": "private"}
    offer = empty.admin.made("POST", "/api/v1/offers", body)["id"]
    partner = empty.admin.made("POST", "/api/v1/partners", {"name": "Nora"})["id"]
    for path in ("/offers/new", "/program/goals/new", "/links/new"):
        assert not [words for words in admin.see(path).links() if words.startswith("Make the first")], path

    nora = Visitor(empty, empty.key(role="partner", partner_id=partner))
    assert nora.see("/links/new").links()["See the offers"] == "/offers"
    empty.admin.made("POST", "/api/v1/offer-access", {"offer_id": offer, "partner_id": partner})
    assert "See the offers" not in nora.see("/links/new").links()
