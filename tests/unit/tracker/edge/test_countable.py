from __future__ import annotations

import pytest

from tests.support.counting import clicks
from tests.support.offers import offer
from tracker.edge.counting import counts_as_click, needs_counting
from tracker.routes import DuplicateRoute

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def test_a_persons_click_counts():
    assert counts_as_click("GET", {}, CHROME)
    assert counts_as_click("POST", {"sec-fetch-site": "same-origin", "sec-purpose": ""}, CHROME)
    assert counts_as_click("GET", {"purpose": "previewing"}, CHROME)


@pytest.mark.parametrize("agent", ["", "-", "Unknown Browser"])
def test_a_user_agent_that_names_no_program_counts(agent):
    assert counts_as_click("GET", {}, agent)


@pytest.mark.parametrize(
    ("method", "headers", "agent"),
    [
        ("HEAD", {}, CHROME),
        ("GET", {"sec-purpose": "prefetch;prerender"}, CHROME),
        ("GET", {"purpose": "Prefetch"}, CHROME),
        ("GET", {"x-moz": "prefetch"}, CHROME),
        ("GET", {"x-purpose": "preview"}, CHROME),
        ("GET", {"x-purpose": " Instant"}, CHROME),
        ("GET", {}, GOOGLEBOT),
        ("GET", {}, "curl/8.0"),
        ("GET", {}, "WhatsApp/2.23.20 A"),
    ],
)
def test_head_prefetches_and_bots_do_not_count(method, headers, agent):
    assert not counts_as_click(method, headers, agent)


def test_only_offers_with_caps_or_a_duplicate_policy_are_counted():
    assert not needs_counting(offer())
    assert needs_counting(offer(caps=(clicks(1),)))
    assert needs_counting(offer(duplicates=DuplicateRoute("mark", "ip", 60)))
