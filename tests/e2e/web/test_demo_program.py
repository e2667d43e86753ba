"""What the demo's history leaves at its program's entries, as a newcomer finds it."""

from __future__ import annotations

import pytest

from clickledger.demo.program import NORA
from tests.support.running_service import eventually
from tests.support.showcase import demo_entry

pytestmark = pytest.mark.service


def test_its_cap_is_nearly_full_of_the_clicks_that_are_stored(showcase):
    (cap,) = showcase.demo.entries["caps"]

    def share():
        usages = showcase.api.get("/api/v1/cap-usage")["items"]
        return next(one["share"] for one in usages if one["cap_id"] == cap)

    # The count follows the stored history within a look of the pipeline.
    eventually("a cap that is nearly full", lambda: 0.9 < share() < 1)


def test_its_links_have_clicks(showcase, browser):
    tab = showcase.tab(browser, "partner")
    tab.go("/links")
    ((_, _, _, clicks, *_),) = [row for row in tab.rows("Links") if "demo" in row[0]]
    assert int(clicks.replace(",", "")) > 20, NORA


def test_its_hook_fails_and_pages_say_so(showcase, browser):
    hook = demo_entry(showcase.demo, showcase.service, "hooks")
    failing = eventually("a failing hook", lambda: showcase.api.get("/api/v1/outbound/failing")["items"])
    assert [one["hook_id"] for one in failing] == [hook]
    tab = showcase.tab(browser, "admin")
    tab.go("/hooks")
    assert tab.page.locator("tbody tr").first.get_by_text("failing").is_visible()
    tab.go("/outbound")
    assert tab.rows("")
