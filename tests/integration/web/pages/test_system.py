"""How the service is: every store by itself, and one that is away takes nothing else with it."""

from __future__ import annotations

from tests.support.pages import Visitor


def test_a_store_that_is_away_is_told_and_the_page_stands(web):
    page = Visitor(web, web.key(role="analyst")).see("/system")
    assert "Event store answers" in page.text
    # The tests' Redis is a socket that isn't there.
    assert "Redis away Redis does not answer" in page.text
    ready = web.client.get("/readyz")
    assert ready.status_code == 200
    assert "each process counts" in ready.json()["redis"]
