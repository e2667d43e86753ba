"""Payouts: each currency for itself, by partner and by month, and the conversions behind each number."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reports.web.viewer import NOTHING
from tests.support.pages import Visitor
from tests.support.past import Past


@pytest.fixture(scope="module")
def past(event_store, web):
    """What a partner earned in two months and two currencies."""
    made = Past(event_store)
    made.partner = web.partner(name="Petra of the payouts")
    clicks = made.clicks(made.day(0), *["x"] * 6, payout=Decimal(0), revenue=Decimal(0), currency="")
    made.convert(clicks[0])
    made.convert(clicks[1], payout=Decimal("4.50"))
    made.convert(clicks[2], status="pending", payout=Decimal("1.25"))
    made.convert(clicks[3], status="hold", payout=Decimal(7))
    made.convert(clicks[4], status="rejected", payout=Decimal(9))
    made.convert(clicks[5], currency="USD", payout=Decimal("0.10"))
    (late,) = made.clicks(made.day(31), "x", payout=Decimal(0), revenue=Decimal(0), currency="")
    made.convert(late, payout=Decimal(2))
    made.range = f"range=custom&from={made.day(-7)}&to={made.day(60)}"
    return made


def money(row):
    return [row[name].partition(" ")[0] for name in ("Approved", "Pending", "On hold", "Rejected")]


@pytest.fixture(scope="module")
def partner(web, past):
    return Visitor(web, web.key(role="partner", partner_id=past.partner))


def test_a_partner_sees_its_months_by_currency_as_they_were_agreed(past, partner):
    page = partner.see(f"/payouts?{past.range}")
    later, first = page.table("In EUR")
    assert [later["Month"], first["Month"]] == [f"{past.day(31):%B %Y}", f"{past.day(0):%B %Y}"]
    assert money(first) == ["€7.50", "€1.25", "€7.00", "€9.00"]
    assert (first["Approved"], later["Approved"]) == ("€7.50 2 conversions", "€2.00 1 conversion")
    assert money(later) == ["€2.00", NOTHING, NOTHING, NOTHING]
    (dollars,) = page.table("In USD")
    assert money(dollars) == ["$0.10", NOTHING, NOTHING, NOTHING]
    assert "€9.50" in page.text
    assert "Petra" not in page.text


def test_every_number_leads_to_the_conversions_behind_it(past, partner):
    page = partner.see(f"/payouts?{past.range}")
    first = page.soup.find("caption", string=lambda text: text.startswith("In EUR")).parent.select("tbody tr")[1]
    links = [str(a["href"]) for a in first.find_all("a")]
    expected = [("approved", 2), ("pending", 1), ("on hold", 1), ("rejected", 1)]
    for address, (status, count) in zip(links, expected, strict=True):
        rows = partner.see(address).table("Conversions")
        assert [row["Status"].split(" conv")[0] for row in rows] == [status] * count


def test_the_network_sees_partners_and_goes_on_to_one(web, past):
    manager = Visitor(web, web.key(role="manager"))
    page = manager.see(f"/payouts?{past.range}")
    rows = {row["Partner"]: money(row) for row in page.table("In EUR")}
    assert rows["Petra of the payouts"] == ["€9.50", "€1.25", "€7.00", "€9.00"]
    address = page.links()["Petra of the payouts"]
    assert address == f"/payouts?partner_id={past.partner}"
    one = manager.see(f"{address}&{past.range}")
    assert one.heading == "Payouts of Petra of the payouts"
    assert len(one.table("In EUR")) == 2


def test_paid_clicks_and_adjustments_are_in_what_is_approved(web, past):
    other = Past(past.store)
    other.partner = web.partner()
    (click,) = other.clicks(other.day(0), "cpc", payout=Decimal("0.30"), currency="EUR")
    other.convert(click, attribution="adjustment", click_id="", payout=Decimal("-0.05"))
    visitor = Visitor(web, web.key(role="partner", partner_id=other.partner))
    (row,) = visitor.see(f"/payouts?range=custom&from={other.day(0)}&to={other.day(0)}").table("In EUR")
    assert row["Approved"] == "€0.25"


def test_who_earned_nothing_is_told_where_to_look(web):
    visitor = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    page = visitor.see("/payouts")
    assert page.links()["Show last year"] == "/payouts?range=last_year"
    owing = Visitor(web, web.key(role="advertiser", advertiser_id=web.advertiser()))
    assert "Nothing is owed in this range" in owing.see("/payouts").text


@pytest.mark.parametrize(
    "query", ["from=2026-13-45&range=custom", "partner_id=99999999999999999999", "partner_id=%00"]
)
def test_odd_addresses_are_answered(web, query):
    assert Visitor(web, web.key(role="manager")).get(f"/payouts?{query}").status_code == 200


def test_an_advertiser_sees_what_its_conversions_cost_by_month_and_nothing_of_others(web, event_store):
    made = Past(event_store)
    made.partner = web.partner(name="Nobody an advertiser knows")
    mine, other = web.advertiser(), web.advertiser()
    for advertiser, revenue in ((mine, Decimal(6)), (other, Decimal(50))):
        clicks = made.clicks(
            made.day(0), *["x"] * 3, payout=Decimal(0), revenue=Decimal(0), currency="", advertiser_id=advertiser
        )
        made.convert(clicks[0], revenue=revenue, advertiser_id=advertiser)
        made.convert(clicks[1], status="pending", revenue=revenue / 2, advertiser_id=advertiser)
        made.convert(clicks[2], status="rejected", revenue=revenue, advertiser_id=advertiser)
    visitor = Visitor(web, web.key(role="advertiser", advertiser_id=mine))
    page = visitor.see(f"/payouts?range=custom&from={made.day(-7)}&to={made.day(60)}")
    (month,) = page.table("In EUR")
    assert month == {
        "Month": f"{made.day(0):%B %Y}",
        "Approved": "€6.00 1 conversion",
        "Pending": "€3.00 1 conversion",
    }
    assert "Nobody an advertiser knows" not in page.text
    behind = page.soup.select_one("tbody td a")["href"]
    assert len(visitor.see(behind).table("Conversions")) == 1
    assert "/payouts" in {link["href"] for link in page.soup.select("nav a")}
