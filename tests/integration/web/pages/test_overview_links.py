"""Where pages with figures lead: to the same days, so that the same figures stand there."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from reports.web.viewer import viewer
from tests.support.pages import Visitor
from tests.support.risk import store


@pytest.fixture(scope="module")
def partner(web, event_store):
    """One with clicks today, six days ago and seven days ago: none of them the same number."""
    partner, now = web.partner(), dt.datetime.now(dt.UTC)
    web.admin.made("POST", "/api/v1/partners", {"name": f"Newcomer {web.number()}"})  # a change, so names are read
    clicks = [
        {
            "ts": int((now - dt.timedelta(days=days)).timestamp() * 1000),
            "partner_id": partner,
            "offer_id": 1,
            "verdict": "valid",
            "trafficback_reason": "",
            "fraud_reasons": ["ip_velocity"],
        }
        for days, count in ((0, 2), (6, 30), (7, 500))
        for _ in range(count)
    ]
    store(event_store, clicks)
    return partner


def test_a_table_of_the_overview_opens_as_a_report_of_the_same_days(web, partner):
    visitor = Visitor(web, web.key(role="analyst"))
    # The overview remembers its tables for a moment, by zone: in this one nobody has looked yet.
    visitor.headers["Cookie"] += "; zone=Etc%2FUTC"
    page = visitor.see("/")
    table = next(one for one in page.soup.find_all("table") if one.find("th", string="Partner"))
    report = visitor.see(table.caption.a["href"])
    # The best one: the program is shared, and others may have more profit than the one of this test.
    shown = table.tbody.tr
    own = shown.th.a["href"]
    rows = report.soup.find(id="report").tbody.find_all("tr")
    told = next(row for row in rows if row.th.find("a", href=own))
    today = dt.datetime.now(dt.UTC).date()
    query = {
        "from": str(today - dt.timedelta(days=6)),
        "to": str(today + dt.timedelta(days=1)),
        "metrics": ["clicks"],
        "filters": [{"dimension": "partner", "value": int(own.rpartition("/")[2])}],
    }
    clicks = web.admin.made("POST", "/api/v1/reports/query", query)["rows"][0]["clicks"]
    assert page.words(shown.td) == page.words(told.td).split(" ")[0] == f"{clicks:,}"
    days = visitor.see(page.soup.select_one(".heading .actions a")["href"]).table()
    by_day = page.table("The last eight days")
    assert [row["Clicks"] for row in days] == [row["Clicks"] for row in by_day if row["Clicks"] != "0"]


def test_the_centre_leads_to_the_days_it_counts_whatever_presets_are_elsewhere(web, partner):
    visitor = Visitor(web, web.key(role="analyst"))
    today = dt.datetime.now(dt.UTC).date()
    for preset, days in (("last7", 7), ("last30", 30), ("today", 1)):
        page = visitor.see(f"/fraud?range={preset}")
        link = page.links()["Look through held conversions"]
        asked = parse_qs(urlsplit(link).query)
        assert (asked["from"], asked["to"]) == ([str(today - dt.timedelta(days=days - 1))], [str(today)])
        counted = next(row for row in page.table("Why clicks") if row["Reason"] == "ip_velocity")["Clicks"]
        query = {"from": asked["from"][0], "to": str(today + dt.timedelta(days=1)), "metrics": ["gross_clicks"]}
        query["filters"] = [{"dimension": "fraud_reason", "value": "ip_velocity"}]
        told = web.admin.made("POST", "/api/v1/reports/query", query)["rows"][0]["gross_clicks"]
        assert counted == f"{told:,}"


def test_days_are_those_of_the_zone_that_the_browser_told(web):
    visitor = Visitor(web, web.key(role="analyst"))
    visitor.headers["Cookie"] += "; zone=Pacific%2FKiritimati"  # as scripts write it
    assert "in Pacific/Kiritimati" in visitor.see("/").text
    ahead = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date()
    assert visitor.see("/reports?range=today").soup.find(id="f-from")["value"] == str(ahead)


def test_a_report_of_nothing_says_what_to_do_to_those_who_can(web):
    empty = "/reports?by=day&metrics=clicks&from=2001-01-01&to=2001-01-02"
    assert Visitor(web, web.key(role="manager")).see(empty).links()["Make a link to click"] == "/links/new"
    assert "Make a link to click" not in Visitor(web, web.key(role="analyst")).see(empty).links()


def test_names_of_a_shared_report_lead_nowhere(web, partner):
    day = dt.datetime.now(dt.UTC).date()
    query = {"from": str(day - dt.timedelta(days=8)), "to": str(day + dt.timedelta(days=1)), "metrics": ["clicks"]}
    query |= {"dimensions": ["partner"], "filters": [{"dimension": "partner", "value": partner}]}
    saved = web.admin.made("POST", "/api/v1/saved-reports", {"name": f"Shared {web.number()}", "query": query})
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    share = web.admin.made("POST", f"/api/v1/saved-reports/{saved['id']}/shares", {"expires_at": until})
    page = Visitor(web, None).see("/shared/" + share["url"].rpartition("/")[2])
    assert page.table()[0]["Clicks"] == "532"
    assert [to for to in page.links().values() if not to.startswith("/api/v1/shared/")] == []


def test_a_fall_too_small_to_show_has_no_sign():
    show = viewer({"accept-language": "de-DE"}, {})
    assert [show.percent(value, 0) for value in (-0.001, 0, -0.02)] == [
        "0\N{NO-BREAK SPACE}%",
        "0\N{NO-BREAK SPACE}%",
        "-2\N{NO-BREAK SPACE}%",
    ]
