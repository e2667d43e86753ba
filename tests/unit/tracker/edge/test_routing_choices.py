"""What follows when an offer doesn't take a click, or leaves a choice: alternatives, landing pages, smart links."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.offers import offer
from tests.support.routers import PARTNER, Counts, Routed, leads_to, refused
from tracker.edge.counting import Admission
from tracker.edge.decision import DESTINATION_UNUSABLE, TRAFFICBACK_REASONS
from tracker.performance import Earned, Performance
from tracker.routes import (
    BlockRoute,
    CapRoute,
    LandingRoute,
    LinkRoute,
    PartnerRoute,
    SmartLinkRoute,
    TargetingRoute,
)

HARD = CapRoute(1, "click", "day", "10")
NOBODY = TargetingRoute(country=(("KP",), ()))


def chain(*failing, open_=()):
    """Offers 1, 2, 3, … each with the next as its alternative; ``failing`` are paused."""
    last = max((*failing, *open_))
    return [
        offer(
            id=n,
            status="paused" if n in failing else "active",
            alternative_offer_id=n + 1 if n < last else 0,
            destination=f"https://shop.example/{n}",
            fallback_url=f"https://instead.example/{n}",
        )
        for n in range(1, last + 1)
    ]


@pytest.mark.parametrize("length", range(1, 6))
def test_an_alternative_takes_the_click_and_the_named_offer_is_remembered(length):
    decision = Routed(*chain(*range(1, length + 1), open_=(length + 1,))).click(1)
    assert (decision.reason, decision.requested_offer_id, decision.offer.route.id) == (
        "offer_paused",
        1,
        length + 1,
    )
    assert leads_to(decision) == f"https://shop.example/{length + 1}"
    assert decision.reached


def test_alternatives_are_followed_five_far_and_then_the_named_offers_fallback_counts():
    decision = Routed(*chain(*range(1, 7), open_=(7,))).click(1)
    assert (decision.reason, decision.requested_offer_id, decision.offer.route.id) == ("offer_paused", 0, 1)
    assert leads_to(decision) == "https://instead.example/1"
    assert not decision.reached


@pytest.mark.parametrize("loop", [{1: 1}, {1: 2, 2: 1}, {1: 2, 2: 3, 3: 2}, {1: 99}])
def test_alternatives_that_lead_in_a_circle_or_nowhere_end(loop):
    counts = Counts(dict.fromkeys(range(1, 4), refused("cap_click")))
    offers = [offer(id=n, caps=(HARD,), alternative_offer_id=loop.get(n, 0)) for n in range(1, 4)]
    decision = Routed(*offers, counts=counts).click(1)
    assert (decision.reason, decision.offer.route.id, decision.template) == ("cap_click", 1, None)
    assert sorted(offer_id for offer_id, _ in counts.asked) == sorted({1, *loop.values()} - {99})


def test_an_alternative_is_judged_by_all_its_own_rules():
    rules = {"targeting": NOBODY, "alternative_offer_id": 2}
    second = {"caps": (HARD,), "alternative_offer_id": 3, "landings": (LandingRoute(5, "https://b.example/"),)}
    counts = Counts({2: Admission("", duplicate=True, over_cap=True)})
    decision = Routed(offer(id=1, **rules), offer(id=2, **second), counts=counts).click(1)
    assert (decision.reason, decision.offer.route.id, decision.landing_id) == ("targeting_country", 2, "5")
    assert (decision.duplicate, decision.over_cap, counts.taken) == (True, True, [2])
    blocked = (BlockRoute(1, "network", "203.0.113.9", offer_id=2),)
    found = Routed(offer(id=1, **rules), offer(id=2, **second), offer(id=3), blocks=blocked).click(1)
    assert (found.reason, found.offer.route.id) == ("targeting_country", 3)
    private = Routed(offer(id=1, **rules), offer(id=2, visibility="private")).click(1)
    assert (private.reason, private.requested_offer_id) == ("targeting_country", 0)


def test_the_first_click_beyond_a_cap_takes_one_of_the_alternatives_and_none_of_its_own():
    counts = Counts({1: refused("cap_click")})
    offers = (offer(id=1, caps=(HARD,), alternative_offer_id=2), offer(id=2, caps=(HARD,)))
    Routed(*offers, counts=counts).click(1)
    assert (counts.asked, counts.taken) == ([(1, True), (2, True)], [2])


PAGES = (
    LandingRoute(11, "https://shop.example/a", 6),
    LandingRoute(12, "https://shop.example/b", 3),
    LandingRoute(13, "https://shop.example/c", 1),
)


def test_landing_pages_take_turns_by_weight():
    found = Routed(offer(id=7, landings=PAGES), seed=3)
    got = Counter(found.click(7).landing_id for _ in range(3_000))
    shares = {landing_id: n / 3_000 for landing_id, n in got.items()}
    assert shares == pytest.approx({"11": 0.6, "12": 0.3, "13": 0.1}, abs=0.04)


@pytest.mark.parametrize(
    ("more", "page", "landing_id"),
    [
        ("&landing_id=12", "https://shop.example/b", "12"),
        ("&landing_id=13", "https://shop.example/c", "13"),
        ("&landing_id=12&url=https://shop.example/deep", "https://shop.example/deep?cid=%3Cclick_id%3E", ""),
        ("&landing_id=12&url=https://evil.example/", "https://shop.example/b", "12"),
    ],
)
def test_a_link_chooses_its_page(more, page, landing_id):
    found = Routed(offer(id=7, landings=PAGES, deep_link_hosts=("shop.example",)))
    for _ in range(5):
        decision = found.click(7, more=more)
        assert (leads_to(decision), decision.landing_id) == (page, landing_id)


def test_a_page_of_weight_0_is_shown_where_it_is_named_and_never_by_chance():
    unlisted = LandingRoute(14, "https://shop.example/d", 0)
    found = Routed(offer(id=7, landings=(unlisted, *PAGES)))
    assert {found.click(7).landing_id for _ in range(60)} == {"11", "12", "13"}
    named = found.click(7, more="&landing_id=14")
    assert (leads_to(named), named.landing_id) == ("https://shop.example/d", "14")
    alone = Routed(offer(id=7, landings=(unlisted,))).click(7)
    assert (leads_to(alone), alone.landing_id) == ("https://shop.example/lp?cid=%3Cclick_id%3E", "")


@pytest.mark.parametrize("wanted", ["", "99", "011", "x" * 600])
def test_a_page_the_offer_doesnt_have_leaves_the_choice_to_the_weights(wanted):
    found = Routed(offer(id=7, landings=PAGES))
    assert {found.click(7, more=f"&landing_id={wanted}").landing_id for _ in range(60)} == {"11", "12", "13"}


def test_an_offer_needs_one_page_that_can_be_shown():
    bad, good = LandingRoute(1, "{sub1}"), LandingRoute(2, "https://good.example/")
    assert Routed(offer(id=7, destination="{sub1}", landings=(bad,))).click(7).reason == DESTINATION_UNUSABLE
    decision = Routed(offer(id=7, destination="{sub1}", landings=(bad, good))).click(7)
    assert (decision.reason, decision.landing_id) == ("", "2")
    alone = Routed(offer(id=7, landings=(bad,))).click(7)
    assert (alone.reason, alone.landing_id, leads_to(alone)) == (
        "",
        "",
        "https://shop.example/lp?cid=%3Cclick_id%3E",
    )


def smart(*offers, members=((1, 1), (2, 1), (3, 1)), strategy="weight", **more):
    links = {"best": LinkRoute(8, "best", PARTNER, 0, "sub1=x", smart_link_id=9)}
    smart_links = {9: SmartLinkRoute(9, "Best", strategy, members, "https://smart.example/")}
    return Routed(*offers, links=links, smart_links=smart_links, **more)


@pytest.mark.parametrize("asked", [{"code": "best"}, {"query": f"smart_link_id=9&partner_id={PARTNER}"}])
def test_a_smart_link_sends_a_click_to_one_of_its_offers_that_takes_it(asked):
    counts = Counts({1: refused("cap_click")})
    found = smart(
        offer(id=1, caps=(HARD,)), offer(id=2, targeting=NOBODY), offer(id=3, caps=(HARD,)), counts=counts
    )
    for taken in range(1, 20):
        decision = found.ask(**asked)
        assert (decision.reason, decision.offer.route.id, decision.smart_link_id) == ("", 3, 9)
        assert (decision.requested_offer_id, decision.link_id) == (0, 8 if "code" in asked else 0)
        assert counts.taken == [3] * taken


def test_a_smart_links_clicks_are_shared_by_what_its_offers_earn():
    earned = Performance(1, {1: Earned(10_000, 0, "0", "0"), 2: Earned(10_000, 500, "1000", "0")})
    offers = (offer(id=1), offer(id=2))
    found = smart(*offers, members=((1, 1), (2, 1)), strategy="thompson", performance=earned)
    assert Counter(found.ask(code="best").offer.route.id for _ in range(100)) == {2: 100}
    without = smart(*offers, members=((1, 1), (2, 1)), strategy="thompson")
    assert min(Counter(without.ask(code="best").offer.route.id for _ in range(100)).values()) > 30


def test_a_smart_link_asks_where_the_visitor_is_only_when_it_matters():
    class NoPlaces:
        is_loaded = False

        def place(self, _ip):
            raise AssertionError("looked up")

    everywhere = Performance(1, {1: Earned(10, 1, "1", "0")})
    for strategy in ("weight", "epc", "thompson"):
        found = smart(offer(id=1), strategy=strategy, performance=everywhere, facts=NoPlaces())
        assert found.ask(code="best").offer.route.id == 1


@pytest.mark.parametrize(
    ("offers", "query", "reason", "where"),
    [
        (
            [offer(id=1, status="paused"), offer(id=2, status="ended")],
            "smart_link_id=9",
            "no_offer_eligible",
            "https://smart.example/",
        ),
        (
            [offer(id=n, targeting=NOBODY) for n in (1, 2, 3)],
            "smart_link_id=9",
            "targeting_country",
            "https://smart.example/",
        ),
        ([], "smart_link_id=9", "offer_unknown", "https://smart.example/"),
        ([offer(id=1)], "smart_link_id=10", "smart_link_unknown", None),
        ([offer(id=1)], "smart_link_id=x", "offer_unknown", None),
        ([offer(id=1)], "smart_link_id=9&offer_id=5", "offer_unknown", None),
    ],
)
def test_a_smart_link_that_no_offer_serves_leads_to_its_fallback(offers, query, reason, where):
    decision = smart(*offers).ask(f"{query}&partner_id={PARTNER}")
    assert (decision.reason, leads_to(decision), decision.offer) == (reason, where, None)
    assert decision.smart_link_id == (9 if where else 0)
    assert reason in TRAFFICBACK_REASONS


def test_a_smart_link_without_any_offer_says_so():
    assert smart(members=()).ask(code="best").reason == "no_offer_eligible"


def test_a_partner_that_may_not_promote_anything_stops_a_smart_link_at_once():
    partners = {PARTNER: PartnerRoute(PARTNER, "New", "pending")}
    assert smart(offer(id=1), partners=partners).ask(code="best").reason == "partner_inactive"
    assert smart(offer(id=1)).ask("smart_link_id=9&partner_id=99").reason == "partner_unknown"


def test_an_offer_that_is_named_comes_before_a_smart_link():
    decision = smart(offer(id=1), offer(id=5)).ask(f"smart_link_id=9&offer_id=5&partner_id={PARTNER}")
    assert (decision.offer.route.id, decision.smart_link_id) == (5, 0)
