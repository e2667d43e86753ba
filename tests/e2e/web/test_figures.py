"""Charts and tables of figures as a viewer from elsewhere reads them: their words, their days, nothing cut off."""

from __future__ import annotations

import re

import pytest

from clickledger.demo.program import TOM
from tests.support.browser import PHONE

pytestmark = pytest.mark.service

_CUT = "regions => regions.filter(one => one.scrollWidth > one.clientWidth).map(one => one.getAttribute('aria-label'))"


def test_charts_write_days_as_the_viewer_s_language_does_and_tables_of_the_overview_are_whole(showcase, browser):
    tab = showcase.tab(browser, "analyst", locale="de-DE", timezone_id="Asia/Tokyo")
    tab.go("/")
    tab.page.locator("#chart-money[data-drawn]").wait_for()
    ticks = tab.page.locator("#chart-money .xtick text").all_text_contents()
    assert ticks
    assert all(
        re.match(r"\d{1,2}\. (Jan|Feb|März|Apr|Mai|Juni|Juli|Aug|Sept|Okt|Nov|Dez)", one) for one in ticks
    ), ticks
    # An axis of its own has steps of its own: no 22.8 conversions.
    steps = [one for one in tab.page.locator("#chart-days .y2tick text").all_text_contents() if one]
    assert steps
    assert all(one.isdigit() for one in steps), steps
    assert tab.page.locator(".scroll").evaluate_all(_CUT) == []
    # What the first page's script found out counts from the second page on.
    tab.go("/")
    assert tab.page.get_by_text("Today so far, in Asia/Tokyo").is_visible()
    assert ".." not in tab.page.locator(".needs").inner_text()
    tab.go("/reports?by=day,offer&metrics=clicks&range=last7")
    assert tab.page.locator("#f-zone").input_value() == "Asia/Tokyo"
    # The names of the lines take two rows here and leave the lines alone.
    tab.page.locator("#chart-report[data-drawn]").wait_for()
    names = tab.page.locator("#chart-report .legend").bounding_box()
    lines = tab.page.locator("#chart-report .plot .bglayer, #chart-report .gridlayer").last.bounding_box()
    assert names["y"] + names["height"] <= lines["y"] + 1, (names, lines)
    assert tab.complaints == []


def test_a_report_on_a_phone_shows_numbers_beside_names(showcase, browser):
    tab = showcase.tab(browser, "manager", viewport=PHONE)
    tab.go("/reports?by=offer&metrics=clicks,payout&range=last7&chart=none")
    cell = tab.page.locator("table#report tbody td").first.bounding_box()
    assert cell["x"] + cell["width"] <= PHONE["width"], cell
    assert tab.complaints == []


def test_the_demo_s_risk_has_a_week_to_compare_with(showcase):
    ranked = showcase.api.get("/api/v1/fraud/risk", {"sort": "change"})["items"]
    judged = [one for one in ranked if one["method"] != "too_few"]
    assert {one["partner"] for one in judged} >= {TOM}
    assert all(one["change"] is not None for one in judged), judged
