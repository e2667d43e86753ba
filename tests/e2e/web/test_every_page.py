"""Every page as each role in a real browser: no complaint, nothing axe calls serious, no jump, no overhang, by keyboard."""

from __future__ import annotations

import pytest

from tests.support.browser import PHONE, WIDE
from tests.support.showcase import ROLES

pytestmark = pytest.mark.service
MOST_SHIFT = 0.1
"""What browsers call good."""


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_whole(showcase, browser, role):
    tab = showcase.tab(browser, role)
    wrong = []
    for path in showcase.pages(role):
        status = tab.go(path)
        if status != 200:
            wrong.append(f"{path}: {status}")
            continue
        if tab.page.locator("h1").count() != 1:
            wrong.append(f"{path}: not one h1")
        if tab.shifted() > MOST_SHIFT:
            wrong.append(f"{path}: jumped by {tab.shifted():.2f}")
        if role in {"manager", "analyst"}:
            continue  # they see the administrator's pages, or fewer
        wrong += tab.grave(contrast=role == "admin")  # colours are the style sheet's, whoever looks
        tab.page.set_viewport_size(PHONE)
        if tab.overhang() > 0:
            wrong.append(f"{path}: {tab.overhang()} px too wide on a phone")
        tab.page.set_viewport_size(WIDE)
    assert wrong + tab.complaints == []


def test_dark_pages_have_contrast_too(showcase, browser):
    tab = showcase.tab(browser, "admin", color_scheme="dark")
    wrong = []
    for path in ("/", "/reports", "/clicks", "/fraud", "/offers", "/postbacks", "/settings"):
        tab.go(path)
        wrong += tab.grave()
    assert wrong == []


@pytest.mark.parametrize("role", ["admin", "partner"])
def test_the_navigation_is_reached_by_keyboard(showcase, browser, role):
    tab = showcase.tab(browser, role)
    tab.go("/")
    entries = tab.page.locator("nav a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(entries) >= 5
    reached = []
    for _ in range(len(entries) + 15):
        tab.page.keyboard.press("Tab")
        focused = tab.page.evaluate(
            "(() => { const at = document.activeElement; const box = at.getBoundingClientRect();"
            " return at.closest('nav') && box.width ? at.getAttribute('href') : '' })()"
        )
        reached.append(focused)
    assert [href for href in entries if href not in reached] == []
    tab.page.locator(f"nav a[href='{entries[1]}']").first.focus()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"**{entries[1]}")
