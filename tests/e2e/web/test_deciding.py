"""What was done with chosen conversions is still said when the log has caught up."""

from __future__ import annotations

import pytest

from reports.web.pages.events.conversion import DONE

pytestmark = pytest.mark.service


def test_chosen_conversions_are_held_and_the_page_that_follows_says_so(showcase, browser):
    tab = showcase.tab(browser, "manager")
    tab.go("/conversions?status=pending&range=last30")
    row = tab.page.locator(".deciding tbody tr").first
    row.locator("[name=chosen]").check()
    conversion = row.locator('a[href^="/conversions/"]').first.get_attribute("href")
    tab.page.get_by_label("Reason for the chosen ones").fill("Looked at before it is paid")
    tab.page.get_by_role("button", name="Hold", exact=True).click()
    # By the service first, then by the page that shows what is stored by then.
    tab.page.locator("#said", has_text=f"1 conversion is {DONE['hold']}.").wait_for()
    assert tab.page.locator(f'.deciding tbody a[href="{conversion}"]').count() == 0, "it isn't pending any more"
    tab.go("/conversions?status=pending&range=last30")
    assert DONE["hold"] not in tab.page.locator("#said").inner_text()
    assert tab.complaints == []
