"""Judging partners by what was measured of them, without a store."""

from __future__ import annotations

import numpy as np
import pytest

from fraud.risk.behaviours import BEHAVIOURS, NAMES
from fraud.risk.judging import judge
from fraud.risk.measuring import Measured, fair_share
from fraud.risk.telling import code_of
from tests.support.ranked_partners import few_trees

pytestmark = pytest.mark.usefixtures(few_trees.__name__)


def measured(count, seed=0, clicks=500):
    """Return partners that are alike but for chance."""
    dice = np.random.default_rng(seed)
    values = np.abs(dice.normal(0.2, 0.02, (count, len(NAMES))))
    values[:, NAMES.index("clicks")] = clicks
    return Measured(np.arange(1, count + 1, dtype=np.uint32), np.full(count, clicks, dtype=np.uint64), values)


@pytest.mark.parametrize("name", ["invalid_share", "address_share_day", "late_share", "repeat_share"])
def test_one_behaviour_far_off_is_enough_to_be_first_and_is_the_first_reason(name):
    partners = measured(200)
    partners.matrix[77, NAMES.index(name)] = 0.9
    judged = judge(partners, {}, {}, min_clicks=100)
    assert (judged.places[77], judged.scores[77]) == (1, 100)
    assert code_of(judged.reasons[77][0]) == name


def test_unusual_to_the_harmless_side_is_no_reason():
    partners = measured(200)
    for name in ("invalid_share", "repeat_share", "burst_1h"):
        partners.matrix[5, NAMES.index(name)] = 0.0
    judged = judge(partners, {}, {}, min_clicks=100)
    assert not {"invalid_share", "repeat_share", "burst_1h"} & {code_of(one) for one in judged.reasons[5]}


def test_reasons_name_each_group_once_and_three_at_most():
    partners = measured(200)
    for name in BEHAVIOURS:
        if BEHAVIOURS[name].side == 1:
            partners.matrix[9, NAMES.index(name)] = 0.9
    reasons = judge(partners, {}, {}, min_clicks=100).reasons[9]
    assert len(reasons) == len({BEHAVIOURS[code_of(one)].group for one in reasons}) == 3


def test_of_one_kind_the_share_is_told_rather_than_the_variety():
    partners = measured(200)
    for name, value in (("address_share_day", 0.35), ("address_entropy_1h", 0.01), ("agent_entropy_1h", 0.01)):
        partners.matrix[:, NAMES.index(name)] = np.linspace(0.2, 0.21, 200)
        partners.matrix[9, NAMES.index(name)] = value
    named = {code_of(one) for one in judge(partners, {}, {}, min_clicks=100).reasons[9]}
    assert {"address_share_day", "agent_entropy_1h"} <= named


def test_partners_of_too_few_clicks_change_nothing_for_the_others():
    few = measured(60)
    both = Measured(
        np.append(few.partners, [61, 62]).astype(np.uint32),
        np.append(few.clicks, [99, 1]).astype(np.uint64),
        np.vstack([few.matrix, np.full((2, len(NAMES)), 0.99)]),
    )
    judged = judge(both, {}, {}, min_clicks=100)
    assert judged.judged == 60
    assert judged.scores[:60] == judge(few, {}, {}, min_clicks=100).scores
    assert (judged.methods[60:], judged.places[60:]) == (["too_few", "too_few"], [0, 0])
    assert np.isnan(judged.usual[60:]).all()


def test_what_is_unknown_is_as_usual_and_no_reason():
    partners = measured(150)
    partners.matrix[:, NAMES.index("fast_share")] = np.nan
    partners.matrix[3, NAMES.index("invalid_share")] = np.nan
    judged = judge(partners, {}, {}, min_clicks=100)
    assert not {"fast_share", "invalid_share"} & {code_of(one) for one in judged.reasons[3]}
    assert sorted(judged.places) == list(range(1, 151))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_network_of_hardly_anybody_is_judged_without_trouble(count):
    judged = judge(measured(count), {1: True}, {}, min_clicks=100)
    assert judged.method == "peers"
    assert judged.places == list(range(1, count + 1)) or sorted(judged.places) == list(range(1, count + 1))
    if count == 1:
        assert judged.scores == [50]


@pytest.mark.parametrize(
    ("clicks", "looked_at", "most"),
    [
        ([10, 20, 30], 60, 30),
        ([10, 20, 30], 1000, 30),
        ([300, 1000, 5000], 3000, 1700),
        ([1000, 1000, 1000], 900, 300),
        ([5000] * 100, 1000, 200),
    ],
)
def test_clicks_that_are_looked_at_are_shared_fairly(clicks, looked_at, most):
    assert fair_share(np.array(clicks, dtype=np.uint64), looked_at) == most
