from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kernel.settings import Settings
from tests.support.edge import (
    BROKEN,
    ENDED,
    GOOD,
    NETWORK_FALLBACK,
    OPEN,
    PAUSED,
    PAUSED_ALONE,
    PENDING,
    PENDING_ALONE,
    program,
)
from tests.support.offers import offer
from tests.support.routers import FACTS, PARTNER, Counts, Routed, leads_to, refused, snapshot_of
from tests.support.visits import NOON, visit
from tracker.edge.counting import Admission, VisitorAsk
from tracker.edge.decision import (
    DESTINATION_UNUSABLE,
    MISSES,
    OFFER_ENDED,
    OFFER_PAUSED,
    OFFER_UNKNOWN,
    PARTNER_INACTIVE,
    PARTNER_UNKNOWN,
    TRAFFICBACK_REASONS,
)
from tracker.edge.facts import VisitorFacts
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CapRoute,
    DuplicateRoute,
    LandingRoute,
    LinkRoute,
    PartnerRoute,
    TargetingRoute,
)

HARD = CapRoute(1, "click", "day", "10")
REPEATED = DuplicateRoute("trafficback", "visitor", 3600)
NOBODY = TargetingRoute(country=(("KP",), ()))


def routed(source):
    fields = {name: getattr(source, name) for name in ("partners", "links", "fallback_url")}
    return Routed(*source.offers.values(), **fields)


WITH_FALLBACK = routed(program(fallback_url=NETWORK_FALLBACK))
WITHOUT = routed(program())


@pytest.mark.parametrize(
    ("offer_id", "partner_id", "reason", "where"),
    [
        (OPEN, GOOD, "", "https://shop.example/lp?cid=%3Cclick_id%3E&src=%3Cpartner_id%3E&s=%3Csub1%3E"),
        (999, GOOD, OFFER_UNKNOWN, None),
        (999, 999, OFFER_UNKNOWN, None),
        (999, PENDING, OFFER_UNKNOWN, "https://partner.example/?c=%3Cclick_id%3E"),
        (OPEN, 999, PARTNER_UNKNOWN, None),
        (PAUSED, 999, PARTNER_UNKNOWN, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED, GOOD, OFFER_PAUSED, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED, PENDING, OFFER_PAUSED, "https://instead.example/?o=%3Coffer_id%3E"),
        (PAUSED_ALONE, GOOD, OFFER_PAUSED, None),
        (PAUSED_ALONE, PENDING, OFFER_PAUSED, "https://partner.example/?c=%3Cclick_id%3E"),
        (ENDED, GOOD, OFFER_ENDED, None),
        (OPEN, PENDING, PARTNER_INACTIVE, "https://partner.example/?c=%3Cclick_id%3E"),
        (OPEN, PENDING_ALONE, PARTNER_INACTIVE, None),
        (BROKEN, GOOD, DESTINATION_UNUSABLE, None),
    ],
)
def test_a_click_goes_where_its_offer_its_partner_or_the_network_says(offer_id, partner_id, reason, where):
    decision = WITHOUT.click(offer_id, partner_id)
    assert (decision.reason, leads_to(decision)) == (reason, where)
    decision = WITH_FALLBACK.click(offer_id, partner_id)
    assert leads_to(decision) == (where or "https://network.example/?c=%3Cclick_id%3E")
    assert decision.reason in {"", *TRAFFICBACK_REASONS}
    assert decision.reached == (not reason)


def test_a_decision_names_offer_and_partner_as_far_as_they_are_known():
    decision = WITHOUT.click(999, GOOD)
    assert decision.offer is None
    assert decision.partner.route.name == "Blog"
    decision = WITHOUT.click(PAUSED, 999)
    assert decision.offer.route.id == PAUSED
    assert decision.partner is None


@pytest.mark.parametrize("text", ["", "01", "%201", "1%20", "%2B1", "1.0", "-1", "%D9%A3", "1e0", "0", "9" * 400])
def test_an_id_is_found_only_as_it_is_written_in_links(text):
    assert WITHOUT.ask(f"offer_id={text}&partner_id={GOOD}").reason == OFFER_UNKNOWN
    assert WITHOUT.ask(f"offer_id={OPEN}&partner_id={text}").reason == PARTNER_UNKNOWN


def test_a_deep_link_counts_only_where_the_offer_is_open_and_allows_it():
    good = WITHOUT.click(OPEN, GOOD, "&url=https://shop.example/shoes")
    assert leads_to(good).startswith("https://shop.example/shoes?cid=")
    elsewhere = WITHOUT.click(OPEN, GOOD, "&url=https://evil.example/")
    assert leads_to(elsewhere).startswith("https://shop.example/lp?cid=")
    assert elsewhere.reason == ""
    paused = WITHOUT.click(PAUSED, GOOD, "&url=https://shop.example/shoes")
    assert leads_to(paused) == "https://instead.example/?o=%3Coffer_id%3E"


def test_something_unknown_is_looked_for_once_more_in_a_newer_program():
    made_just_now = snapshot_of(offer(id=1), offer(id=2), links={"new": LinkRoute(4, "new", PARTNER, 2, "sub1=x")})
    assert Routed(offer(id=1), newer=made_just_now).click(2).reason == ""
    decision = Routed(offer(id=1), newer=made_just_now).ask(code="new")
    assert (decision.reason, decision.offer.route.id, decision.link_id) == ("", 2, 4)
    assert (decision.parameters, decision.preset) == ({"sub1": "x"}, "sub1=x")
    assert set(TRAFFICBACK_REASONS) > MISSES


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starts_at": NOON}, ""),
        ({"starts_at": NOON + 1}, "offer_not_started"),
        ({"ends_at": NOON + 1}, ""),
        ({"ends_at": NOON}, "offer_ended"),
        ({"status": "ended", "starts_at": NOON + 1}, "offer_ended"),
        ({"status": "paused", "ends_at": NOON}, "offer_paused"),
        ({"visibility": "public", "approved_partners": ()}, ""),
        ({"visibility": "approval", "approved_partners": (1, PARTNER, 9)}, ""),
        ({"visibility": "approval", "approved_partners": (1, 2, 4)}, "offer_not_approved"),
        ({"visibility": "private", "approved_partners": ()}, "offer_not_approved"),
        ({"visibility": "private", "approved_partners": (PARTNER,)}, ""),
        ({"visibility": "public", "refused_partners": (2, PARTNER)}, "offer_not_approved"),
        ({"visibility": "public", "refused_partners": (2, 4)}, ""),
        ({"visibility": "approval", "approved_partners": (3,), "refused_partners": (3,)}, "offer_not_approved"),
        ({"targeting": TargetingRoute(device=(("mobile",), ()))}, "targeting_device"),
        ({"targeting": TargetingRoute(device=(("desktop",), ()), language=(("de",), ()))}, ""),
    ],
)
def test_an_offer_is_open_in_its_time_to_its_partners_and_for_its_visitors(changes, reason):
    assert Routed(offer(id=7, **changes)).click(7).reason == reason


@pytest.mark.parametrize(("status", "reason"), [("active", ""), ("suspended", "advertiser_suspended")])
def test_an_offer_rests_while_its_advertiser_is_suspended(status, reason):
    advertisers = {1: AdvertiserRoute(1, "Acme", "tok", status=status)}
    assert Routed(offer(id=7), advertisers=advertisers).click(7).reason == reason


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended", "banned"])
def test_only_an_approved_partners_clicks_pass(status):
    partners = {PARTNER: PartnerRoute(PARTNER, "Blog", status)}
    assert Routed(offer(id=7), partners=partners).click(7).reason == "partner_inactive"


def test_what_rules_ask_of_a_visitor_is_loaded_once_beside_the_requests_when_a_rule_first_asks():
    facts = VisitorFacts(Settings(data_dir=Path("unused")))
    plain = Routed(offer(id=7), facts=facts, blocks=(BlockRoute(1, "sub1", "x"),))
    assert plain.click(7).reason == ""
    assert not facts.is_loaded
    targeted = Routed(offer(id=7, targeting=TargetingRoute(device=(("desktop",), ()))), facts=facts)

    async def together():
        seen = [visit(f"offer_id=7&partner_id={PARTNER}") for _ in range(20)]
        return await asyncio.gather(*(targeted.router.route(one) for one in seen))

    assert {decision.reason for decision in asyncio.run(together())} == {""}
    assert facts.is_loaded


def test_an_offer_without_caps_and_duplicate_policy_waits_for_nothing():
    targeted = offer(
        id=7,
        targeting=TargetingRoute(device=(("desktop",), ())),
        landings=(LandingRoute(1, "https://a.example/"),),
    )
    asked = Routed(targeted, blocks=(BlockRoute(1, "source", "bad"),))
    asyncio.run(FACTS.load())
    with pytest.raises(StopIteration) as finished:
        asked.router.route(visit(f"offer_id=7&partner_id={PARTNER}")).send(None)
    assert finished.value.value.reason == ""
    assert asked.counts.asked == []


def test_a_click_that_counts_is_counted_and_one_that_doesnt_only_looked_at():
    asked = Routed(offer(id=7, caps=(HARD,)))
    assert asked.click(7, more="&gaid=G-1&partner_click_id=p9").reason == ""
    assert asked.counts.asks == [VisitorAsk("203.0.113.9", visit().user_agent, "G-1", "p9")]
    assert asked.counts.taken == [7]
    for changes in (
        {"method": "HEAD"},
        {"is_test": True},
        {"headers": {"purpose": "prefetch"}},
        {"user_agent": "curl-bot"},
    ):
        assert asked.click(7, **changes).reason == ""
        assert asked.counts.asked[-1] == (7, False)
    assert asked.counts.taken == [7]


@pytest.mark.parametrize("reason", ["cap_click", "cap_conversion", "cap_payout", "cap_revenue", "duplicate"])
def test_what_counting_refuses_is_the_reason(reason):
    decision = Routed(offer(id=7, caps=(HARD,)), counts=Counts({7: refused(reason)})).click(7)
    assert (decision.reason, decision.duplicate, decision.template) == (reason, False, None)
    assert reason in TRAFFICBACK_REASONS


def test_a_click_that_is_let_in_keeps_its_marks():
    marked = Counts({7: Admission("", duplicate=True, over_cap=True)})
    decision = Routed(offer(id=7, duplicates=REPEATED), counts=marked).click(7)
    assert (decision.reason, decision.duplicate, decision.over_cap) == ("", True, True)


@pytest.mark.parametrize(
    ("answer", "rules", "reason", "asked"),
    [
        ("cap_click", {"caps": (HARD,)}, "cap_click", [(7, False)]),
        ("duplicate", {"caps": (HARD,), "duplicates": REPEATED}, "blocked_source", [(7, False)]),
        ("", {"caps": (HARD,)}, "blocked_source", [(7, False)]),
        ("duplicate", {"duplicates": REPEATED}, "blocked_source", []),
        ("cap_click", {"caps": (HARD,), "targeting": NOBODY}, "targeting_country", []),
        ("cap_click", {"caps": (HARD,), "status": "paused"}, "offer_paused", []),
    ],
)
def test_a_blocked_source_comes_after_caps_and_before_duplicates_and_takes_nothing(answer, rules, reason, asked):
    counts = Counts({7: refused(answer)})
    found = Routed(offer(id=7, **rules), counts=counts, blocks=(BlockRoute(1, "network", "203.0.113.0/24"),))
    assert found.click(7).reason == reason
    assert (counts.asked, counts.taken) == (asked, [])


def test_an_impression_takes_nothing_and_is_no_repetition():
    counts = Counts({7: refused("duplicate"), 8: Admission("", duplicate=True, over_cap=True)})
    found = Routed(offer(id=7, duplicates=REPEATED), offer(id=8, duplicates=REPEATED), counts=counts)
    decisions = [found.click(offer_id, is_impression=True) for offer_id in (7, 8)]
    assert [(d.reason, d.duplicate) for d in decisions] == [("", False), ("", False)]
    assert counts.taken == []
