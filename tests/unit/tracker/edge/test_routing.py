from __future__ import annotations

from collections import Counter

import pytest

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
from tests.support.routers import PARTNER, Counts, Routed, leads_to, snapshot_of
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
from tracker.performance import Earned, Performance
from tracker.routes import (
    BlockRoute,
    CapRoute,
    DuplicateRoute,
    LandingRoute,
    LinkRoute,
    PartnerRoute,
    SmartLinkRoute,
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


def refused(reason):
    return Admission(reason, duplicate=reason == "duplicate", over_cap=False)


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


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended", "banned"])
def test_only_an_approved_partners_clicks_pass(status):
    partners = {PARTNER: PartnerRoute(PARTNER, "Blog", status)}
    assert Routed(offer(id=7), partners=partners).click(7).reason == "partner_inactive"


def test_an_offer_without_caps_and_duplicate_policy_waits_for_nothing():
    targeted = offer(
        id=7,
        targeting=TargetingRoute(device=(("desktop",), ())),
        landings=(LandingRoute(1, "https://a.example/"),),
    )
    asked = Routed(targeted, blocks=(BlockRoute(1, "source", "bad"),))
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
