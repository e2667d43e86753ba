"""Plans: deterministic, bounded, and each scenario what it says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import iptocc
import pytest

from fraud.simulation import ORDINARY, SCENARIOS, Impression, Wanted, by_time, make_plan, scenario_names
from fraud.simulation.places import LANGUAGES
from fraud.simulation.scenarios import sales
from fraud.simulation.shape import COUNTRIES
from kernel.errors import ClickledgerError

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.fixture(scope="module")
def everything():
    return make_plan(Wanted(tuple(SCENARIOS), 5, 150, 1_500, 3 * 86_400))


def plan_of(name, clicks=152, over_s=86_400, visitors=0):
    """Plan a scenario alone; as many events as there are clicks, whatever it has otherwise."""
    return make_plan(Wanted((name,), 5, round(clicks / SCENARIOS[name].times), visitors, over_s))


def test_a_seed_makes_the_same_events_and_another_seed_others(everything):
    assert make_plan(Wanted(tuple(SCENARIOS), 5, 150, 1_500, 3 * 86_400)) == everything
    other = make_plan(Wanted(tuple(SCENARIOS), 6, 150, 1_500, 3 * 86_400))
    assert {c.visitor.ip for c in other.clicks[:50]}.isdisjoint(c.visitor.ip for c in everything.clicks[:50])


def test_a_scenario_is_the_same_alone_and_among_others(everything):
    alone = make_plan(Wanted(("coupon-leak",), 5, 150, 1_500, 3 * 86_400))
    among = [click for click in everything.clicks if click.scenario == "coupon-leak"]
    assert [(c.at, c.visitor, c.labels) for c in alone.clicks if c.scenario == "coupon-leak"] == [
        (c.at, c.visitor, c.labels) for c in among
    ]


def test_every_scenario_has_as_much_as_was_asked_for(everything):
    clicks = Counter(click.scenario for click in everything.clicks)
    conversions = Counter(one.scenario for one in everything.conversions)
    for name, scenario in SCENARIOS.items():
        if name not in {"flooding", "incentivised"}:
            made = conversions if scenario.judged == "conversions" else clicks
            assert made[name] == round(150 * scenario.times), name
    assert clicks["flooding"] == 300
    assert 0.25 * 300 < conversions["flooding"] < 0.55 * 300


def test_numbers_are_places_and_every_conversion_follows_its_click(everything):
    assert [click.number for click in everything.clicks] == list(range(len(everything.clicks)))
    for conversion in everything.conversions:
        assert conversion.at >= everything.clicks[conversion.click].at
    keys = Counter((one.click, one.txn_id) for one in everything.conversions)
    assert keys.most_common(1)[0][1] == 1
    events = by_time(everything.clicks, everything.conversions)
    assert [event.at for event in events] == sorted(event.at for event in events)
    shown = [event for event in events if isinstance(event, Impression)]
    assert len(events) == len(everything.clicks) + len(everything.conversions) + len(shown)
    assert all(0 <= event.at < event.click.at for event in shown)


def test_people_look_before_they_click_and_scripts_do_not(everything):
    seen = [click for click in everything.clicks if click.seen_ms]
    people = [click.seen_ms for click in seen if click.scenario == ORDINARY]
    assert min(people) >= 900
    assert {click.scenario for click in seen} == {ORDINARY, "fast-clicks"}
    assert max(click.seen_ms for click in seen if click.scenario == "fast-clicks") < 500


def test_nothing_that_is_sent_says_what_it_is(everything):
    names = {*SCENARIOS, ORDINARY, "simulat", "fraud"}
    for click in everything.clicks:
        if click.scenario in {"crawlers", "headless", "http-libraries", "no-browser"}:
            continue  # these say it themselves
        sent = repr((click.visitor, click.labels, click.referrer)).lower()
        assert not any(name in sent for name in names), sent
    sold = repr([(one.txn_id, one.customer_id, one.coupon) for one in everything.conversions]).lower()
    assert not any(name in sold for name in names)


def test_ordinary_visitors_also_come_by_the_partners_of_scenarios(everything):
    partners = Counter(click.partner for click in everything.clicks if click.scenario == ORDINARY)
    assert set(partners) == {*SCENARIOS, *(f"ordinary {n}" for n in range(1, 5))}
    assert sum(partners[f"ordinary {n}"] for n in range(1, 5)) > 1_500


@pytest.mark.parametrize("over_s", [10, 3_600, 86_400, 14 * 86_400])
def test_clicks_lie_within_the_time_asked_for(over_s):
    plan = make_plan(Wanted(tuple(SCENARIOS), 5, 20, 200, over_s))
    paced = {"address-velocity", "prefix-velocity", "agent-velocity", "identical-clicks"}
    for click in plan.clicks:
        assert click.at >= 0
        if click.scenario not in paced or over_s > 60:
            assert click.at <= over_s * 1000 + 25_000


def test_the_addresses_of_ordinary_people_are_public_and_of_their_country(everything):
    people = [click.visitor for click in everything.clicks if click.scenario == ORDINARY]
    assert iptocc.country_code([person.ip for person in people]) == [person.country for person in people]
    assert {code for code, _ in COUNTRIES} == set(LANGUAGES)


def test_client_hints_of_ordinary_people_say_what_their_user_agent_says(everything):
    hinted = 0
    for click in everything.clicks:
        if click.scenario != ORDINARY or not click.visitor.headers:
            continue
        hinted += 1
        is_mobile = click.visitor.headers["sec-ch-ua-mobile"] == "?1"
        assert is_mobile == ("Mobile" in click.visitor.user_agent)
        platform = click.visitor.headers["sec-ch-ua-platform"].strip('"')
        part = {"macOS": "Mac OS X", "Chrome OS": "CrOS"}.get(platform, platform)
        assert part in click.visitor.user_agent
    assert hinted > 500


def test_flooding_is_flat_and_injection_immediate():
    flood = plan_of("flooding", 2_000, 86_400)
    delays = sorted(one.at - flood.clicks[one.click].at for one in flood.conversions)
    late = sum(delay > DAY_MS for delay in delays) / len(delays)
    assert abs(late - (1 - 1 / sales.FLAT_DAYS)) < 0.05
    injected = plan_of("injection")
    assert all(900 <= one.at - injected.clicks[one.click].at < 6_000 for one in injected.conversions)


def test_velocity_has_one_thing_in_common_and_a_machine_s_pace():
    for name, of, a_minute in (
        ("address-velocity", lambda visitor: visitor.ip, 120),
        ("prefix-velocity", lambda visitor: visitor.ip.rpartition(".")[0], 900),
        ("agent-velocity", lambda visitor: visitor.user_agent, 300),
    ):
        clicks = plan_of(name, 240).clicks
        assert len({of(click.visitor) for click in clicks}) == 1, name
        assert abs((clicks[-1].at - clicks[0].at) - 240 / a_minute * 60_000) < 1_000, name
    assert len({click.visitor.ip for click in plan_of("prefix-velocity", 240).clicks}) > 100
    assert len({click.visitor.ip for click in plan_of("agent-velocity", 240).clicks}) > 200


def test_the_farm_has_few_addresses_and_a_sub_id_for_each_click():
    clicks = plan_of("sub-id-farm", 500).clicks
    assert len({click.visitor.ip for click in clicks}) <= 4
    assert len({click.labels for click in clicks}) == 500
    assert max(click.at for click in clicks) - min(click.at for click in clicks) <= HOUR_MS


def test_masks_contradict_themselves():
    for click in plan_of("device-mismatch").clicks:
        assert "Mobile" in click.visitor.user_agent
        assert click.visitor.headers["sec-ch-ua-mobile"] == "?0"
    for click in plan_of("language-mismatch").clicks:
        spoken = {tag[:2] for tag in LANGUAGES[click.visitor.country]}
        assert click.visitor.accept_language[:2] not in spoken | {"en"}


def test_sales_are_faked_as_they_say():
    same = plan_of("same-second", 80)
    seconds = Counter(one.at // 1000 for one in same.conversions)
    assert sorted(seconds.values()) == [40, 40]
    replayed = Counter(one.click for one in plan_of("replayed-clicks", 120).conversions)
    assert sorted(replayed.values()) == [20, 50, 50]
    repeated = plan_of("repeated-sales", 96)
    assert Counter(one.txn_id for one in repeated.conversions).most_common(1)[0][1] == 4
    assert Counter(one.customer_id for one in repeated.conversions).most_common(1)[0][1] == 30
    burst = plan_of("incentivised")
    assert max(c.at for c in burst.clicks) - min(c.at for c in burst.clicks) < 180_000
    leak = plan_of("coupon-leak")
    assert leak.coupons == (("NEWSLETTER20", "newsletter", "sale coupon-leak"),)
    assert {one.coupon for one in leak.conversions} == {"NEWSLETTER20"}
    assert min(float(one.amount) for one in plan_of("amounts").conversions) > 100 * 5


def test_identical_clicks_come_in_bursts():
    clicks = plan_of("identical-clicks", 100).clicks
    repeated = sum(a.visitor == b.visitor and b.at - a.at == 900 for a, b in pairwise(clicks))
    assert repeated > 80


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("all", tuple(SCENARIOS)),
        ("ordinary", ()),
        ("crawlers, injection,crawlers", ("crawlers", "injection")),
        ("ordinary,flooding", ("flooding",)),
        ("all,ordinary", tuple(SCENARIOS)),
    ],
)
def test_names_are_read(text, names):
    assert scenario_names(text) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("crawler", "Did you mean crawlers"), ("xyz", "--list"), ("", "Name scenarios"), (",", "Name scenarios")],
)
def test_unknown_names_are_refused_with_a_sentence(text, sentence):
    with pytest.raises(ClickledgerError, match=sentence) as raised:
        scenario_names(text)
    assert raised.value.kind.code == "scenario_unknown"


@pytest.mark.parametrize(
    "changes",
    [
        {"clicks": 0}, {"clicks": 20_001}, {"visitors": -1}, {"visitors": 200_001}, {"over_s": 0},
        {"over_s": 14 * 86_400 + 1}, {"seed": -1}, {"seed": 2**63}, {"scenarios": (), "visitors": 0},
    ],
)  # fmt: skip
def test_what_is_too_much_or_nothing_is_refused(changes):
    given = {"scenarios": ("crawlers",), "seed": 1, "clicks": 1, "visitors": 1, "over_s": 1} | changes
    with pytest.raises(ClickledgerError) as raised:
        Wanted(**given)
    assert raised.value.kind.code == "simulation_size"
