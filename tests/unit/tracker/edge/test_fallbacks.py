from __future__ import annotations

import subprocess
import sys

import pytest

from fraud.entries import AT_THE_EDGE
from fraud.rules.book import Rulebook
from tests.support.offers import offer
from tests.support.routers import PARTNER, Counts, Routed, leads_to, refused
from tests.support.visits import BROWSER, visit
from tracker.edge.fallbacks import JUDGED, Fallbacks
from tracker.fraud_entries import rule_entries
from tracker.routes import BlockRoute, CapRoute, FraudRuleRoute, SmartLinkRoute

BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ELSEWHERE = "https://instead.example/"
SENT = FraudRuleRoute("bot_user_agent", action="fallback")
CAP = CapRoute(1, "click", "day", "10")


def test_every_rule_that_may_have_the_action_is_judged_by_the_edge():
    assert JUDGED.keys() == AT_THE_EDGE


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("bot_user_agent", {"user_agent": BOT}),
        ("http_library", {"user_agent": "curl/8.5.0"}),
        ("headless_browser", {"user_agent": BROWSER.replace("Chrome/", "HeadlessChrome/")}),
        ("empty_user_agent", {"user_agent": ""}),
        ("malformed_user_agent", {"user_agent": "${jndi:ldap://x}"}),
        ("prefetch", {"headers": {"sec-purpose": "prefetch;prerender"}}),
        ("prefetch", {"headers": {"x-purpose": "preview"}}),
        ("non_get_method", {"method": "HEAD"}),
    ],
)
def test_each_rule_is_found_in_what_shows_it_and_not_in_a_persons_visit(code, shown):
    rules = Fallbacks.of([FraudRuleRoute(code, action="fallback")])
    assert rules.hit(visit(**({"user_agent": BROWSER} | shown)), 1, 2) == code
    assert rules.hit(visit(user_agent=BROWSER), 1, 2) == ""


@pytest.mark.parametrize(
    "entries",
    [
        [SENT, FraudRuleRoute("bot_user_agent", offer_id=7, action="mark")],
        [SENT, FraudRuleRoute("bot_user_agent", offer_id=7, enabled=False)],
        [SENT, FraudRuleRoute("bot_user_agent", offer_id=7, action="mark"), FraudRuleRoute("bot_user_agent", partner_id=8, action="fallback")],
        [FraudRuleRoute("bot_user_agent", partner_id=8, offer_id=7, action="fallback")],
        [FraudRuleRoute("bot_user_agent", partner_id=8, enabled=False), FraudRuleRoute("bot_user_agent", partner_id=8, offer_id=7, enabled=True), SENT],
    ],
)  # fmt: skip
def test_entries_speak_as_they_do_in_the_rulebook(entries):
    rules, book = Fallbacks.of(entries), Rulebook.of(rule_entries(entries))
    for offer_id in (7, 1):
        for partner_id in (8, 2):
            resolved = book.resolve("bot_user_agent", partner_id, offer_id)
            expected = resolved.enabled and resolved.action.action == "fallback"
            assert bool(rules.hit(visit(user_agent=BOT), offer_id, partner_id)) == expected, (offer_id, partner_id)


def test_bots_are_those_that_the_rule_is_set_to_be_about():
    narrow = FraudRuleRoute(
        "bot_user_agent", partner_id=8, settings={"libraries": False, "steered_browsers": False}
    )
    rules = Fallbacks.of([SENT, narrow])
    for agent in ("curl/8.5.0", BROWSER.replace("Chrome/", "HeadlessChrome/")):
        assert [rules.hit(visit(user_agent=agent), 7, partner) for partner in (8, 2)] == ["", "bot_user_agent"]
    assert rules.hit(visit(user_agent=BOT), 7, 8) == "bot_user_agent"


def test_without_such_an_entry_nothing_is_judged():
    assert Fallbacks.of([]) is None
    assert Fallbacks.of([FraudRuleRoute("bot_user_agent", action="reject"), FraudRuleRoute("score")]) is None


def test_a_bot_goes_to_the_fallback_and_to_no_other_offer_a_person_to_the_offer():
    offers = (
        offer(id=7, alternative_offer_id=8, fallback_url=ELSEWHERE),
        offer(id=8, destination="https://other.example/"),
    )
    entry = FraudRuleRoute("bot_user_agent", offer_id=7, action="fallback")
    found = Routed(*offers, fraud_rules=(entry,))
    decision = found.click(7, user_agent=BOT)
    assert (decision.reason, leads_to(decision), decision.offer.route.id) == ("fraud_rule", ELSEWHERE, 7)
    assert found.click(7, user_agent=BROWSER).reason == ""
    assert found.click(8, user_agent=BOT).reason == ""


def test_a_smart_link_offers_it_to_none_of_its_offers():
    smart = SmartLinkRoute(4, "Best", "weight", ((7, 1), (8, 1)), ELSEWHERE)
    found = Routed(offer(id=7), offer(id=8), smart_links={4: smart}, fraud_rules=(SENT,))
    decision = found.ask(f"smart_link_id=4&partner_id={PARTNER}", user_agent=BOT)
    assert (decision.reason, leads_to(decision)) == ("fraud_rule", ELSEWHERE)


@pytest.mark.parametrize(
    ("answer", "rules", "reason"),
    [("cap_click", {"caps": (CAP,)}, "cap_click"), ("", {"caps": (CAP,)}, "fraud_rule"), ("", {}, "fraud_rule")],
)
def test_it_comes_after_caps_and_takes_nothing_from_them(answer, rules, reason):
    counts = Counts({7: refused(answer)})
    found = Routed(offer(id=7, **rules), counts=counts, fraud_rules=(SENT,))
    assert found.click(7, user_agent=BOT).reason == reason
    assert counts.taken == []


def test_a_blocked_source_comes_before_it():
    blocks = (BlockRoute(1, "source", "farm"),)
    found = Routed(offer(id=7), blocks=blocks, fraud_rules=(SENT,))
    assert found.click(7, more="&source=farm", user_agent=BOT).reason == "blocked_source"


def test_a_blocked_partner_is_turned_away_and_no_other():
    blocks = (BlockRoute(1, "partner", str(PARTNER)),)
    assert Routed(offer(id=7), blocks=blocks).click(7).reason == "blocked_source"
    assert Routed(offer(id=7), blocks=(BlockRoute(1, "partner", str(PARTNER + 1)),)).click(7).reason == ""


def test_judging_at_the_edge_loads_no_numbers_library():
    code = (
        "import sys; from tracker.edge.program import Program; from tracker.edge import app; "
        "from tracker.snapshot import Snapshot; from tracker.routes import FraudRuleRoute; "
        "Program(Snapshot(1, fraud_rules=(FraudRuleRoute('bot_user_agent', action='fallback'),))); "
        "print(sorted({'numpy', 'sklearn', 'scipy', 'pyarrow'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
