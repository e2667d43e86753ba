"""What others write is shown as they wrote it and nothing more, and pages without scripts have no dead ends."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from clickledger.demo.program import NORA, SHOES
from tests.support.browser import PHONE, Tab
from tests.support.running_service import eventually

pytestmark = pytest.mark.service

LINK = '<a href="https://evil.example/">Win</a>'
WIDE_WORD = "https://evil.example/" + "a" * 80
_OUT_OF_REACH = """(() => {
  const shown = (one) => one.getBoundingClientRect().height > 0;
  const all = (what) => [...document.querySelectorAll(what)].filter((one) => !one.closest("details:not([open])"));
  return [
    all("main table, main form:has(button)").filter((one) => !shown(one)).map((one) => one.tagName),
    all("button[type=button]").filter(shown).map((one) => one.textContent.trim()),
  ];
})()"""


@pytest.fixture(scope="module")
def offer(showcase):
    """An offer, and two clicks on it, with markup in whatever others write."""
    wanted = {
        "name": f"{LINK} {WIDE_WORD}",
        "advertiser_id": showcase.demo.advertisers[SHOES],
        "destination": "https://example.com/?c={click_id}",
        "payout": "1",
        "currency": "USD",
        "status": "active",
    }
    made = showcase.api.post("/api/v1/offers", wanted)["id"]
    for name in (LINK, f"<b>{WIDE_WORD}</b>"):
        path = f"/click?offer_id={made}&partner_id={showcase.demo.partners[NORA]}&sub1={quote(name)}"
        eventually(
            "an edge that knows the offer", lambda path=path: showcase.service.click(path).status_code == 302
        )
    return made


def test_markup_in_names_is_text_in_tables_and_charts(showcase, browser, offer):
    tab = showcase.tab(browser, "admin")
    where = f"range=today&where=offer_id={offer}"
    for by in ("sub1", "hour,sub1", "offer", "hour,offer"):
        address = f"/reports?by={by}&metrics=gross_clicks&{where}"
        eventually("the clicks", lambda address=address: (tab.go(address), len(tab.rows("")))[1] >= 1)
        tab.page.locator("figure.chart[data-drawn]").wait_for()
        assert "https://evil.example/" in tab.page.locator("table#report").inner_text()
        assert tab.page.locator(".plot text", has_text="evil.example").count() + ("," in by) >= 1
        assert tab.page.locator("svg a, a[href^='https://evil']").count() == 0
    assert tab.complaints == []


def test_a_long_word_makes_no_page_wider_than_a_phone(showcase, browser, offer):
    tab = showcase.tab(browser, "admin", viewport=PHONE)
    for path in (
        f"/offers/{offer}",
        f"/offers/{offer}/edit",
        f"/reports?by=sub1&metrics=clicks&where=sub1={WIDE_WORD}",
    ):
        tab.go(path)
        assert (path, tab.overhang()) == (path, 0)


def test_pages_without_scripts_show_their_tables_and_forms_and_no_button_that_does_nothing(showcase, browser):
    tab: Tab = showcase.tab(browser, "admin", java_script_enabled=False)
    wrong = []
    for path in showcase.pages("admin"):
        status = tab.go(path)
        if status != 200:
            wrong.append(f"{path}: {status}")
        unseen, idle = tab.page.evaluate(_OUT_OF_REACH)
        wrong += [f"{path}: {name} is out of sight" for name in unseen]
        wrong += [f"{path}: {text} does nothing" for text in idle]
        if path != "/sign-up" and not path.startswith("/shared/") and tab.page.locator("nav a").count() < 5:
            wrong.append(f"{path}: no navigation")
    assert wrong == []


def test_one_signs_in_and_changes_something_without_scripts(showcase, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{showcase.url}/account")
    page.get_by_label("E-mail").fill("manager@demo.example")
    page.get_by_label("Password").first.fill(showcase.passwords["manager"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=zone]").fill("Asia/Tokyo")
    page.locator("form", has=page.locator("input[value=prefer]")).get_by_role("button").click()
    assert "Saved in this browser." in page.locator("#said").inner_text()
    assert page.locator("input[name=zone]").input_value() == "Asia/Tokyo"
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{showcase.url}/account")
    assert "/sign-in" in page.url
