from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

import pytest

from tracker import performance
from tracker.edge.smart_links import PerformanceFeed, Standings, order
from tracker.performance import Earned, Performance
from tracker.routes import SmartLinkRoute

NOTHING = Standings(Performance())
A, B, C = 1, 2, 3


def smart_link(strategy, members=((A, 1), (B, 1), (C, 1))):
    return SmartLinkRoute(9, "Best", strategy, members)


def standings(countries=None, **offers):
    return Standings(
        Performance(1, {{"a": A, "b": B, "c": C}[name]: e for name, e in offers.items()}, countries or {})
    )


def shares(link, known=NOTHING, *, country="", takes=lambda _: True, rounds=20_000, seed=1):
    """Return the share of clicks each offer gets, the first that takes one having it."""
    draw = Random(seed)
    got = Counter(
        next((offer_id for offer_id in order(link, known, country, draw) if takes(offer_id)), 0)
        for _ in range(rounds)
    )
    return {offer_id: got[offer_id] / rounds for offer_id in sorted(got)}


@pytest.mark.parametrize("strategy", ["weight", "epc", "thompson"])
@pytest.mark.parametrize("seed", range(3))
def test_every_offer_is_tried_once_and_one_of_no_weight_never(strategy, seed):
    link = smart_link(strategy, ((A, 5), (B, 0), (C, 1), (4, 2)))
    known = standings(a=Earned(1000, 10, "20", "0"), b=Earned(10, 10, "900", "0"))
    for case in (NOTHING, known):
        tried = list(order(link, case, "", Random(seed)))
        assert sorted(tried) == [A, C, 4]
        assert tried == list(order(link, case, "", Random(seed)))
    assert list(order(smart_link(strategy, ()), known, "", Random(seed))) == []
    assert list(order(smart_link(strategy, ((A, 0),)), known, "", Random(seed))) == []


@pytest.mark.parametrize("strategy", ["weight", "epc", "thompson"])
def test_without_statistics_the_weights_are_the_shares(strategy):
    link = smart_link(strategy, ((A, 6), (B, 3), (C, 1)))
    assert shares(link) == pytest.approx({A: 0.6, B: 0.3, C: 0.1}, abs=0.015)


def test_the_offers_that_take_a_click_share_it_by_weight_among_themselves():
    link = smart_link("weight", ((A, 6), (B, 3), (C, 1)))
    assert shares(link, takes=lambda offer: offer != A) == pytest.approx({B: 0.75, C: 0.25}, abs=0.015)
    assert shares(link, takes=lambda offer: offer == C) == {C: 1.0}
    assert shares(link, takes=lambda _: False) == {0: 1.0}


def test_by_epc_the_shares_are_those_of_earnings_per_click():
    known = standings(
        a=Earned(1_000_000, 1, "300000", "0"),
        b=Earned(1_000_000, 1, "50000", "50000"),
        c=Earned(1_000_000, 0, "0", "0"),
    )
    found = shares(smart_link("epc"), known)
    assert (found[A], found[B]) == (pytest.approx(0.75, abs=0.015), pytest.approx(0.25, abs=0.015))


def test_by_epc_a_new_offer_starts_as_the_average_and_one_that_earns_nothing_fades():
    # 0.10 per click on average; the new one is taken for 0.10 as well.
    known = standings(a=Earned(1_000, 50, "200", "0"), b=Earned(1_000, 0, "0", "0"))
    found = shares(smart_link("epc"), known)
    a, b, c = (200 + 100 * 0.1) / 1_100, (0 + 100 * 0.1) / 1_100, 0.1
    total = a + b + c
    assert found == pytest.approx({A: a / total, B: b / total, C: c / total}, abs=0.015)


def test_thompson_gives_an_offer_the_clicks_that_its_chance_to_be_best_is_worth():
    """Against the same probability found by integration: P(Beta(a) > Beta(b)) over a fine grid."""
    known = standings(a=Earned(200, 10, "10", "0"), b=Earned(200, 6, "6", "0"))
    rate = 16 / 400
    prior = (1 - rate) / rate
    chance = _chance_of_first((10 + 1, 190 + prior), (6 + 1, 194 + prior))
    found = shares(smart_link("thompson", ((A, 1), (B, 1))), known)
    assert 0.7 < chance < 0.9
    assert found[A] == pytest.approx(chance, abs=0.015)


def _chance_of_first(first, second, steps=4_000):
    from math import exp, lgamma, log

    def density(x, a, b):
        return exp(lgamma(a + b) - lgamma(a) - lgamma(b) + (a - 1) * log(x) + (b - 1) * log(1 - x))

    below = chance = 0.0
    for step in range(1, steps):
        x = step / steps
        chance += density(x, *first) / steps * below
        below += density(x, *second) / steps
    return chance


def test_thompson_weighs_a_rate_by_what_a_conversion_pays():
    # A converts twice as often, B pays ten times as much.
    known = standings(a=Earned(5_000, 200, "200", "0"), b=Earned(5_000, 100, "1000", "0"))
    assert shares(smart_link("thompson", ((A, 1), (B, 1))), known, rounds=2_000)[B] > 0.99
    # A pays for each click, and no conversion of B's is worth that.
    paid = standings(a=Earned(5_000, 0, "0", "1000"), b=Earned(5_000, 100, "100", "0"))
    assert shares(smart_link("thompson", ((A, 1), (B, 1))), paid, rounds=2_000)[A] > 0.99


def test_thompson_learns_which_offer_is_best():
    rates = {A: 0.02, B: 0.05, C: 0.03}
    draw, seen, won = Random(5), Counter(), Counter()
    for _ in range(6_000):
        known = standings(
            **{name: Earned(seen[o], won[o], str(won[o]), "0") for name, o in (("a", A), ("b", B), ("c", C))}
        )
        chosen = next(order(smart_link("thompson"), known, "", draw))
        seen[chosen] += 1
        won[chosen] += draw.random() < rates[chosen]
    assert seen[B] > 0.7 * 6_000
    assert min(seen.values()) > 20


def test_a_country_with_clicks_enough_is_judged_by_itself():
    known = standings(
        {A: {"DE": Earned(100_000, 0, "0", "0")}},
        a=Earned(1_000_000, 10_000, "100000", "0"),
        b=Earned(1_000_000, 1_000, "10000", "0"),
    )
    link = smart_link("epc", ((A, 1), (B, 1)))
    assert known.by_country(link)
    assert shares(link, known, country="US")[A] == pytest.approx(10 / 11, abs=0.02)
    assert shares(link, known, country="DE").get(A, 0) < 0.01
    assert not known.by_country(smart_link("weight"))
    assert not known.by_country(smart_link("epc", ((B, 1), (C, 1))))


@pytest.mark.parametrize(
    "odd",
    [
        Earned(0, 5, "10", "0"),
        Earned(5, 50, "10", "0"),
        Earned(0, 0, "0", "0"),
        Earned(10, 10, "0.000001", "0"),
        Earned(10**9, 10**9, "999999999999", "0"),
        Earned(10, 0, "-5", "0"),
    ],
)
@pytest.mark.parametrize("strategy", ["epc", "thompson"])
def test_statistics_that_cant_be_still_give_an_order(odd, strategy):
    for others in ({}, {"b": odd}, {"b": Earned(100, 1, "5", "0"), "c": Earned(0, 0, "0", "0")}):
        found = list(order(smart_link(strategy), standings(a=odd, **others), "", Random(1)))
        assert sorted(found) == [A, B, C]


def feed_of(answers):
    async def fetch():
        return answers.pop(0)

    return PerformanceFeed(fetch, lambda: True)


def test_the_last_known_performance_stays_while_there_is_no_newer():
    first = performance.encode(Performance(5, {A: Earned(10, 1, "2", "0")}))
    second = performance.encode(Performance(6, {A: Earned(20, 1, "2", "0")}))
    feed = feed_of(
        [
            None,
            first,
            None,
            b"not a performance",
            performance.encode(Performance(7, {A: Earned(1, 1, "x", "0")})),
            second,
        ]
    )
    seen = []
    for _ in range(6):
        asyncio.run(feed.look())
        seen.append(feed.standings.of(A, "").clicks)
    assert seen == [0, 10, 10, 10, 10, 20]
