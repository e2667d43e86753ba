"""What people come for, done in a real browser: a report, a drill-down, a file, a decision, an offer, a postback."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest

from clickledger.demo.program import NORA, SHOES, TOM
from tests.support.browser import PHONE
from tests.support.running_service import eventually

pytestmark = pytest.mark.service


@pytest.fixture
def tab(showcase, browser):
    opened = showcase.tab(browser, "admin")
    yield opened
    assert opened.complaints == []
    opened.page.context.close()


def number(text):
    return float(re.sub(r"[^\d.-]", "", text))


def test_signing_in_leads_to_the_page_that_was_asked_for(showcase, browser):
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{showcase.url}/offers")
    assert "/sign-in" in page.url
    page.get_by_label("E-mail").fill("admin@demo.example")
    page.get_by_label("Password").first.fill("not this one, surely")
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert "/sign-in" in page.url
    page.get_by_label("E-mail").fill("admin@demo.example")
    page.get_by_label("Password").first.fill(showcase.passwords["admin"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/offers")
    assert "demo" in page.locator("body").inner_text().lower()


def test_a_report_says_what_the_api_says_and_is_drilled_into_and_downloaded(showcase, tab):
    today = datetime.now(UTC).date()
    answer = showcase.api.post(
        "/api/v1/reports/query",
        {
            "from": f"{today - timedelta(days=7)}",
            "to": f"{today}",
            "dimensions": ["partner"],
            "metrics": ["clicks", "total_conversions"],
            "sort": [{"by": "clicks", "desc": True}],
        },
    )
    expected = [[row["partner"], row["clicks"], row["total_conversions"]] for row in answer["rows"]]
    tab.go("/reports?by=partner&metrics=clicks,total_conversions&range=last7&sort=-clicks")

    def shown():
        rows = [[cell.lstrip("↳ \n") for cell in row] for row in tab.rows("")]
        return [[row[0], number(row[1]), number(row[2])] for row in rows if row[0] in showcase.demo.partners]

    assert sorted(shown()) == sorted(expected)
    assert len(expected) >= 5

    with tab.page.expect_download() as downloading:
        tab.page.locator("#menu-export summary").click()
        tab.page.locator("#menu-export").get_by_role("link", name="csv", exact=True).click()
    with downloading.value.path().open(newline="") as file:
        downloaded = list(csv.DictReader(file))
    assert {row["partner"]: int(row["clicks"]) for row in downloaded} == {row[0]: row[1] for row in expected}

    tab.page.get_by_role("link", name=f"Look into {NORA}").click()
    tab.page.wait_for_url("**where=partner_id*")
    eventually("the offers of one partner", lambda: any(SHOES in row[0] for row in tab.rows("")))
    clicks = next(row[1] for row in expected if row[0] == NORA)
    assert sum(number(row[1]) for row in tab.rows("") if "(demo)" in row[0]) == clicks


def test_a_partner_is_marked(showcase, tab):
    partner_id = showcase.demo.partners[TOM]
    tab.go(f"/fraud/partners/{partner_id}")
    form = tab.page.locator("form", has=tab.page.locator("input[name=do][value=mark]"))
    form.get_by_role("textbox").fill("The same address all night")
    form.get_by_role("button", name="Mark as fraud").click()
    confirm(tab)
    marks = eventually(
        "the mark",
        lambda: showcase.api.get("/api/v1/fraud/marks", {"partner_id": partner_id})["items"],
    )
    assert [(mark["mark"], mark["note"]) for mark in marks] == [("fraud", "The same address all night")]


def test_a_pending_conversion_is_held(showcase, tab):
    asked = {
        "from": f"{datetime.now(UTC).date() - timedelta(days=10)}",
        "to": f"{datetime.now(UTC).date() + timedelta(days=1)}",
        "filter": [f"partner_id={showcase.demo.partners[TOM]}", "conversion_status=pending"],
        "limit": 1,
    }
    one = showcase.api.get("/api/v1/logs/conversions", asked)["items"][0]["conversion_id"]
    tab.go(f"/conversions/{one}")
    form = tab.page.locator("form", has=tab.page.locator("input[name=do][value=decide]"))
    form.get_by_role("textbox").first.fill("Asks the advertiser first")
    form.get_by_role("button", name="Hold", exact=True).click()
    confirm(tab)
    eventually(
        "the hold", lambda: showcase.api.get(f"/api/v1/conversions/{one}")["conversion"]["status"] == "hold"
    )


def test_an_offer_is_made_and_its_link_clicked(showcase, tab):
    tab.go("/offers/new")
    tab.page.locator("#f-name").fill("Rain jackets")
    tab.page.locator("#f-advertiser_id").select_option(index=1)
    tab.page.locator("#f-destination").fill("https://example.com/rain?cid={click_id}")
    tab.page.locator("#f-payout").fill("3")
    tab.page.locator("form", has=tab.page.locator("input[value=create]")).locator("button.primary").click()
    tab.page.wait_for_url(re.compile(r"/offers/\d+"))
    assert "Rain jackets" in tab.page.locator("h1").inner_text()
    offer = int(tab.page.url.partition("?")[0].rpartition("/")[2])
    link = f"/click?offer_id={offer}&partner_id={showcase.demo.partners[NORA]}"
    answer = eventually(
        "an edge that knows the offer",
        lambda: (found := showcase.service.click(link)).status_code == 302 and found,
    )
    click_id = answer.headers["location"].partition("cid=")[2]
    eventually("the road of the click", lambda: tab.go(f"/clicks/{click_id}") == 200)
    assert "Rain jackets" in tab.page.locator("main").inner_text()
    tab.complaints.clear()  # the click wasn't stored yet when it was first asked for


def test_a_test_postback_is_sent(showcase, browser):
    tab = showcase.tab(browser, "advertiser")
    tab.go("/postbacks")
    tab.page.get_by_role("button", name="Send a test postback").click()
    tab.page.get_by_text(re.compile("accepted", re.IGNORECASE)).first.wait_for()
    assert tab.complaints == []


def test_a_phone_opens_the_navigation(showcase, browser):
    tab = showcase.tab(browser, "partner", viewport=PHONE)
    tab.go("/")
    link = tab.page.locator("nav a[href='/links']").first
    if not link.is_visible():
        tab.page.get_by_role("button", name="Menu").click()
    link.click()
    tab.page.wait_for_url("**/links")


def confirm(tab):
    """Say yes if the page asks."""
    button = tab.page.locator("dialog[open] button.primary, dialog[open] button.danger")
    tab.page.wait_for_timeout(200)
    if button.count():
        button.first.click()


def test_the_first_field_that_needs_another_look_has_the_focus(showcase, browser):
    tab = showcase.tab(browser, "admin")
    tab.go("/offers/new")
    tab.page.locator("#f-name").fill("Rain boots")
    tab.page.locator("#f-advertiser_id").select_option(index=1)
    tab.page.locator("#f-payout").fill("much")
    tab.page.locator("#f-destination").fill("no address")
    tab.page.keyboard.press("Enter")
    tab.page.locator("#f-payout-problem").wait_for()
    assert tab.page.evaluate("document.activeElement.id") == "f-payout"
    assert tab.page.locator("#f-name").input_value() == "Rain boots"
    tab.page.context.close()
