"""The overview: its figures are those of the API, for each role its own."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.pages import Visitor
from tests.support.risk import store


@pytest.fixture(scope="module")
def busy(web, event_store):
    """A partner with clicks in each hour of the last nine days."""
    partner = web.partner()
    web.admin.made("POST", "/api/v1/partners", {"name": f"Newcomer {web.number()}"})  # a change, so names are read
    now = dt.datetime.now(dt.UTC)
    clicks = [
        {
            "ts": int((now - dt.timedelta(hours=hour, minutes=1)).timestamp() * 1000),
            "partner_id": partner,
            "offer_id": 1,
            "verdict": "valid",
            "trafficback_reason": "",
        }
        for hour in range(9 * 24)
        for _ in range(1 + hour % 3)
    ]
    store(event_store, clicks)
    return partner


def figures(web, partner, days_ago):
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days_ago)
    body = {
        "from": str(day),
        "to": str(day + dt.timedelta(days=1)),
        "metrics": ["clicks"],
        "filters": [{"dimension": "partner_id", "value": partner}],
    }
    return web.admin.made("POST", "/api/v1/reports/query", body)["rows"][0]["clicks"]


def test_a_partner_s_overview_is_its_own_and_fits_the_api(web, busy):
    page = Visitor(web, web.key(role="partner", partner_id=busy)).see("/")
    tiles = {page.words(one.h3): page.words(one.find(class_="value")) for one in page.soup.find_all(class_="tile")}
    assert tiles["Clicks"] == f"{figures(web, busy, 0):,}"
    assert "Profit" not in tiles
    assert "Revenue" not in tiles
    days = page.table("The last eight days")
    assert [row["Clicks"] for row in days] == [f"{figures(web, busy, ago):,}" for ago in range(7, -1, -1)]
    # Midnight between two questions would move them all by a day; ask again rather than be wrong once a year.
    assert page.heading == "Overview"


def test_staff_see_the_partner_among_the_best_with_a_link(web, busy):
    analyst = Visitor(web, web.key(role="analyst"))
    # What another analyst was shown a while ago is remembered, for readers of the same locale.
    analyst.headers["Accept-Language"] = "en-NZ"
    page = analyst.see("/")
    report = web.admin.made(
        "POST",
        "/api/v1/reports/query",
        {
            "from": str(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=6)),
            "to": str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)),
            "dimensions": ["partner"],
            "metrics": ["clicks", "profit"],
            "sort": [{"by": "profit", "desc": True}, {"by": "clicks", "desc": True}],
            "limit": 8,
        },
    )["rows"]
    shown = page.table("Open as a report")
    # A row without clicks is shown for its conversions, which other tests may have made.
    seen = [row["Clicks"] for row in shown if row["Clicks"] != "0"]
    assert seen == [f"{row['clicks']:,}" for row in report if row["clicks"]]
    assert seen


def test_nobody_s_clicks_are_an_invitation(web):
    page = Visitor(web, web.key(role="partner", partner_id=web.partner())).see("/")
    assert "No clicks in the last eight days" in page.text
    assert page.links()["Make a link"] == "/links/new"


def test_a_partner_that_waits_sees_how_things_stand(web):
    page = Visitor(web, web.key(role="partner", partner_id=web.partner("pending"))).see("/")
    assert "Your account is pending" in page.text
    assert page.soup.find(class_="tile") is None


def test_partners_that_wait_need_attention(web):
    waiting = web.admin.made("POST", "/api/v1/partners", {"name": f"Hopeful {web.number()}", "status": "pending"})
    manager = Visitor(web, web.key(role="manager"))
    # What another manager was shown a moment ago is remembered, for readers of the same locale.
    manager.headers["Accept-Language"] = "en-NZ"
    page = manager.see("/")
    assert "for approval" in page.text
    assert page.links()["Open"] in {"/partners?status=pending", "/disputes"}
    assert waiting["status"] == "pending"


def test_the_system_s_page_says_how_stores_and_journals_are(web):
    page = Visitor(web, web.key(role="analyst")).see("/system")
    assert "Event store answers" in page.text
    assert "Program database answers" in page.text
    checked = Visitor(web, web.key(role="analyst")).see("/system?check=rollups").table("Days of UTC")
    assert len(checked) == 7
    assert {row["Sums"] for row in checked} == {"fit"}
