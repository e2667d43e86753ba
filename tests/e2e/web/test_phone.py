"""Pages as wide as a phone, whose scripts are slow to come."""

from __future__ import annotations

import time

import pytest

from tests.support.browser import PHONE

pytestmark = pytest.mark.service


def test_a_page_does_not_jump_when_its_scripts_come_late(showcase, browser):
    tab = showcase.tab(browser, "partner", viewport=PHONE)

    def late(route):
        time.sleep(0.3)
        route.continue_()

    tab.page.route("**/assets/app.*.js", late)
    for path in ("/", "/links", "/payouts"):
        tab.go(path)
        assert tab.shifted() < 0.01, path
        assert tab.page.get_by_role("button", name="Menu").is_visible()
    tab.page.context.close()


def test_without_scripts_the_navigation_is_there_and_no_button_that_would_do_nothing(showcase, browser):
    tab = showcase.tab(browser, "partner", viewport=PHONE, java_script_enabled=False)
    tab.go("/links")
    assert tab.page.locator("nav a[href='/payouts']").is_visible()
    assert tab.page.get_by_role("button", name="Menu").count() == 0
    tab.page.context.close()
