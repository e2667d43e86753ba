"""The generator of ordinary visitors beside the real logs its constants were measured on."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from benchmarks import visitor_shape
from fraud.simulation import FileBrowsers, TemplateBrowsers, Wanted, make_plan
from fraud.simulation.shape import conversion_delay_ms, gap_ms
from tracker.visitor import Devices

pytestmark = pytest.mark.realdata

DRAWS = 4_000


def distance(one, other):
    """Return the greatest distance of two samples' distribution functions (Kolmogorov and Smirnov)."""
    ordered = sorted([*((value, 0) for value in one), *((value, 1) for value in other)])
    sizes, seen, worst = (len(one), len(other)), [0, 0], 0.0
    for place, (value, which) in enumerate(ordered):
        seen[which] += 1
        if place + 1 == len(ordered) or ordered[place + 1][0] != value:
            worst = max(worst, abs(seen[0] / sizes[0] - seen[1] / sizes[1]))
    return worst


def apart(one, other):
    """Return half the sum of the differences of two shares (total variation)."""
    keys = {*one, *other}
    sums = sum(one.values()), sum(other.values())
    return sum(abs(one[key] / sums[0] - other[key] / sums[1]) for key in keys) / 2


@pytest.fixture(scope="module")
def web_log(realdata):
    return visitor_shape.pages(realdata)


@pytest.fixture(scope="module")
def ordinary():
    return make_plan(Wanted((), 11, 1, DRAWS, 10 * 86_400))


def test_visitors_click_as_often_as_in_the_log(web_log, ordinary):
    real = [len(times) for times in visitor_shape.visits(web_log) if len(times) <= 20]
    simulated = Counter((click.partner, click.visitor.ip, click.visitor.user_agent) for click in ordinary.clicks)
    assert distance(real, list(simulated.values())) < 0.04


def test_clicks_are_as_far_apart_as_in_the_log(web_log):
    random = Random(1)
    real = [max(gap, 0.4) for gap in visitor_shape.gaps_s(visitor_shape.visits(web_log))]
    # Whole seconds in the log: so the same of what is drawn.
    simulated = [max(float(round(gap_ms(random) / 1000)), 0.4) for _ in range(DRAWS)]
    assert distance(real, simulated) < 0.1


def test_hours_and_countries_have_the_log_s_shares(web_log, ordinary):
    real = Counter(row.ts // 3_600_000 % 24 for row in web_log)
    assert apart(real, Counter(click.at // 3_600_000 % 24 for click in ordinary.clicks)) < 0.1
    known = Counter(click.visitor.country for click in ordinary.clicks)
    countries = visitor_shape.countries(web_log)
    assert apart(Counter({code: countries[code] for code in known}), known) < 0.05


def test_conversions_are_as_late_as_in_the_log(realdata):
    random = Random(1)
    simulated = [conversion_delay_ms(random) / 1000 for _ in range(DRAWS)]
    assert distance(visitor_shape.delays_s(realdata), simulated) < 0.1


def test_browsers_have_the_log_s_shares_but_for_emulated_phones(realdata, ordinary):
    devices, simulated = Devices(), Counter()
    for click in ordinary.clicks:
        found = devices.find(click.visitor.user_agent)
        simulated[found.os, found.browser] += 1
    real = visitor_shape.browsers(realdata)
    del real["iOS", "Chrome Mobile"]
    assert apart(real, simulated) < 0.08


def test_real_user_agents_are_drawn_by_their_weights(realdata):
    browsers, random, weights = FileBrowsers.read(realdata / visitor_shape.BROWSER_LOG), Random(1), Counter()
    for profile in visitor_shape.profiles(realdata):
        weights[profile["userAgent"]] += profile["weight"]
    drawn = Counter(browsers.draw(random).user_agent for _ in range(20_000))
    often = Counter(dict(weights.most_common(20)))
    assert apart(often, Counter({text: drawn[text] for text in often})) < 0.05
    assert isinstance(TemplateBrowsers().draw(random).user_agent, str)
