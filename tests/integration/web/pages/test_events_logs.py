"""The logs: what they show, filter, page through, find and let download, as each role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reports.web.viewer import NOTHING
from tests.support.pages import Visitor
from tests.support.past import Past

DAYS = "range=custom&from={0}&to={0}"


@pytest.fixture(scope="module")
def past(event_store, web):
    """Clicks and conversions of one day, of a partner and an advertiser of their own."""
    made = Past(event_store)
    made.partner, made.advertiser = web.partner(name="Nora of the logs"), web.advertiser()
    columns = {"advertiser_id": made.advertiser, "offer_id": 0}
    found = {
        "verdict": "suspect",
        "fraud_reasons": ["ip_velocity"],
        "fraud_facts": ["count=80 window=minute usual=2"],
    }
    made.clicks(made.day(0), *[f"place{n}" for n in range(60)], country="DE", **columns)
    (made.bad,) = made.clicks(made.day(0), "odd", country="AT", ip="203.0.113.9", **found, **columns)
    (made.away,) = made.clicks(made.day(0), "late", trafficback_reason="offer_paused", **columns)
    made.sale = made.convert(made.bad, txn_id="order-1", status="pending", advertiser_id=made.advertiser, **found)
    made.other = Past(event_store)
    made.other.partner, made.other.first = web.partner(name="Somebody else"), made.first
    (made.foreign,) = made.other.clicks(made.day(0), "foreign")
    return made


@pytest.fixture(scope="module")
def visitors(web, past):
    return {
        "manager": Visitor(web, web.key(role="manager")),
        "partner": Visitor(web, web.key(role="partner", partner_id=past.partner)),
        "advertiser": Visitor(web, web.key(role="advertiser", advertiser_id=past.advertiser)),
    }


def of_day(past, log="clicks", more=""):
    return f"/{log}?{DAYS.format(past.day(0))}&partner_id={past.partner}{more}"


def ids(page):
    return [str(a["href"]).rpartition("/")[2] for a in page.soup.select("tbody th a")]


def test_a_log_shows_the_rows_of_the_api_newest_first_and_goes_on_to_older_ones(web, past, visitors):
    asked = {"from": str(past.day(0)), "to": str(past.day(1)), "filter": f"partner_id={past.partner}"}
    expected = [row["click_id"] for row in web.admin.made("GET", "/api/v1/logs/clicks", params=asked)["items"]]
    first = visitors["manager"].see(of_day(past))
    older = visitors["manager"].see(first.links()["Older"])
    assert ids(first) + ids(older) == expected
    assert (len(ids(first)), len(expected)) == (50, 62)
    assert "Older" not in older.links()
    assert ids(visitors["manager"].see(older.links()["Newest"])) == ids(first)


def test_a_verdict_has_its_reasons_in_words_and_a_click_that_was_turned_away_says_why(past, visitors):
    late, odd = visitors["manager"].see(of_day(past)).table("Clicks")[:2]
    assert (late["Offer"], late["Sub id"]) == (f"{NOTHING} turned away the offer was paused", "late")
    assert odd["Verdict"] == "suspect 80 clicks from this address in one minute, usually 2."
    assert odd["Partner"] == "Nora of the logs"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("&verdict=suspect", ["odd"]),
        ("&reason=ip_velocity", ["odd"]),
        ("&country=at", ["odd"]),
        ("&country=at,fr", ["odd"]),
        ("&sub1=od*", ["odd"]),
        ("&sub1=*dd", ["odd"]),
        ("&ip=203.0.113.*", ["odd"]),
        ("&turned_away=offer_paused", ["late"]),
        ("&where=sub1~od&where=country=AT", ["odd"]),
        ("&sub1=place7", ["place7"]),
        ("&is_test=true", []),
    ],
)
def test_filters_keep_what_they_say(past, visitors, more, expected):
    page = visitors["manager"].see(of_day(past, more=more))
    found = [row["Sub id"] for row in page.table("Clicks")] if expected else []
    assert found == expected
    assert expected or "Nothing of this range meets all filters" in page.text


def test_a_partner_is_chosen_by_name_or_number_and_shown_by_name(past, visitors):
    by_number = visitors["manager"].see(of_day(past))
    by_name = visitors["manager"].see(f"/clicks?{DAYS.format(past.day(0))}&partner_id=Nora+of+the+logs")
    assert ids(by_name) == ids(by_number)
    assert by_number.soup.find("input", {"name": "partner_id"})["value"] == "Nora of the logs"


def test_what_can_be_downloaded_are_the_rows_of_these_filters(past, visitors):
    page = visitors["manager"].see(of_day(past, more="&verdict=suspect"))
    formats = ["csv", "json", "jsonl", "xlsx", "parquet", "arrow"]
    assert [name for name in formats if name in page.links()] == formats
    rows = visitors["manager"].get(page.links()["json"]).json()
    assert [row["click_id"] for row in rows] == [past.bad["click_id"]]


def test_each_role_has_its_own_rows_without_the_money_of_others(past, visitors):
    partner = visitors["partner"].see(of_day(past, "conversions"))
    (row,) = partner.table("Conversions")
    assert (row["Status"], row["Payout"], row["Transaction"]) == ("pending", "€3.00", "order-1")
    assert not {"Revenue", "Partner"} & row.keys()
    (row,) = visitors["advertiser"].see(of_day(past, "conversions")).table("Conversions")
    assert (row["Revenue"], row["Partner"]) == ("€5.00", str(past.partner))
    assert "Payout" not in row
    assert "Nora" not in visitors["advertiser"].see(of_day(past)).text
    foreign = f"/clicks?{DAYS.format(past.day(0))}&partner_id={past.other.partner}"
    assert "foreign" in visitors["manager"].see(foreign).text
    assert "foreign" not in visitors["partner"].see(foreign).text
    assert visitors["partner"].get("/rejected").status_code == 404


def test_what_was_refused_stands_with_its_bytes(web, event_store, past, visitors):
    now = datetime.now(UTC)
    row = {
        "rejected_id": f"refused-{past.partner}", "ts": int(now.timestamp() * 1000), "kind": "postback",
        "reason": "token_wrong", "detail": "The token is wrong.", "click_id": past.bad["click_id"], "method": "GET",
        "ip": "192.0.2.77", "raw": b"/postback?<b>&x=\xff",
    }  # fmt: skip
    past.store_rows([row], table="rejected")
    page = visitors["manager"].see("/rejected?range=today&ip=192.0.2.77")
    (shown,) = page.table("Refused requests")
    assert shown["Reason"] == "token wrong The token is wrong."
    assert "/postback?<b>&x=" in shown["As it was received"]


@pytest.mark.parametrize("what", ["bad", "sale", "order-1"])
def test_an_id_is_jumped_to(past, visitors, what):
    recent = datetime.now(UTC) - timedelta(hours=1)
    (click,) = past.rows(
        recent.date(), ["jump"], ts=int(recent.timestamp() * 1000), partner_click_id=f"own-{what}"
    )
    past.store_rows([click])
    sale = past.convert(click, txn_id=f"jump-{what}", conversion_id=f"jump-{past.partner}-{what}")
    wanted = {"bad": f"own-{what}", "sale": sale["conversion_id"], "order-1": f"jump-{what}"}[what]
    to = {"bad": f"/clicks/{click['click_id']}"}.get(what, f"/conversions/{sale['conversion_id']}")
    answer = visitors["partner"].get(f"/clicks?find={wanted}")
    assert (answer.status_code, answer.headers.get("location")) == (303, to)


def test_an_id_of_nobody_or_of_somebody_else_is_not_found(past, visitors):
    for wanted in ("nothing-of-anybody", past.foreign["click_id"], "ä ö", "A" * 32):
        page = visitors["partner"].see(f"/clicks?find={wanted}")
        assert "Nothing was found for" in page.text


@pytest.mark.parametrize("more", ["&from=2026-13-45", "&where=nonsense=1", "&cursor=abc", "&where=clicks>3"])
def test_a_filter_that_cant_be_meant_is_said_above_an_empty_log(visitors, more):
    page = visitors["manager"].see(f"/clicks?range=custom{more}")
    assert page.soup.find(attrs={"role": "alert"})
    assert "Nothing was asked" in page.text


def test_an_empty_log_says_what_to_do_next(web):
    partner = Visitor(web, web.key(role="partner", partner_id=web.partner()))
    assert partner.see("/clicks").links()["Show 90 days"] == "/clicks?range=last90"
    assert partner.see("/clicks?range=last90").links()["Make a link"] == "/links"
