"""Features: a closed list in words a person reads, numbers that don't depend on who the partner is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fraud.counts import MemoryCounts
from fraud.forest.features import BY_NAME, FEATURES, NAMES, Stretch
from tests.support.forest import BEGIN_MS, changed, ordinary, part


def test_each_feature_has_a_name_of_its_own_a_label_and_a_reason():
    assert 15 <= len(FEATURES) <= 30
    assert len(set(NAMES)) == len({feature.label for feature in FEATURES}) == len(FEATURES)
    assert all(feature.why.endswith(".") for feature in FEATURES)
    assert not any("partner_id" in name for name in NAMES)


def test_the_page_about_the_model_lists_every_feature():
    page = (Path(__file__).parents[4] / "docs" / "fraud-model.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4]
    assert rows == [f"| `{feature.name}` | {feature.label} | {feature.why} |" for feature in FEATURES]


@pytest.mark.parametrize(
    ("name", "value", "usual", "told"),
    [
        ("address_minute", np.log2(214), 0.0, "clicks from this address in a minute: 214, usual 1"),
        (
            "agent_rarity",
            np.log2(50_000),
            np.log2(8),
            "clicks of the network with this user agent: 1 in 50,000, usual 1 in 8",
        ),
        (
            "language_in_country",
            6.0,
            np.log2(1 / 0.9),
            "clicks from this country with this language: 1 in 64, usual 90 %",
        ),
        (
            "browser_age",
            np.log2(36),
            0.0,
            "releases between this browser and its newest: 35 behind, usual 0 behind",
        ),
        ("datacenter", 1.0, 0.0, "address of a hosting provider: yes, usual no"),
        (
            "partner_surge",
            3.0,
            0.0,
            "clicks of this partner in a minute: 8.0 times the partner's own, usual 1.0 times the partner's own",
        ),
    ],
)
def test_a_value_is_told_beside_the_usual_one(name, value, usual, told):
    assert BY_NAME[name].told(value, usual) == told


def test_counts_and_ages_are_read_off_the_traffic(model):
    visits = part(ordinary(200, seed=4), [7] * 16)
    burst = changed(visits, ts=[BEGIN_MS + 100 * n for n in range(16)], browser_versions="41.2")
    found = model.features(burst, MemoryCounts().count(burst))
    last = dict(zip(NAMES, found[-1], strict=True))
    assert last["address_minute"] == last["identical_minute"] == last["prefix_minute"] == 4.0
    assert BY_NAME["browser_age"].read(last["browser_age"]) in {"98 behind", "99 behind", "100 behind"}
    assert dict(zip(NAMES, found[0], strict=True))["address_minute"] == 0.0


def test_a_partner_that_is_another_s_double_gets_the_same_features(model):
    """Only a partner's past tells partners apart: two that the model never met are the same to it."""
    visits = ordinary(50, seed=8)
    ones, others = changed(visits, partner_ids=700), changed(visits, partner_ids=701)
    first = model.features(ones, MemoryCounts().count(ones)).copy()
    assert (first == model.features(others, MemoryCounts().count(others))).all()


def test_what_is_ordinary_lies_close_together_and_tails_stick_out():
    rows = np.tile(np.linspace(0, 1, 1_001, dtype=np.float32)[:, None], (1, len(FEATURES)))
    out = Stretch.learnt(rows).of(rows)
    one_sided, two_sided = NAMES.index("address_minute"), NAMES.index("agent_length")
    assert out[:501, one_sided].max() == 0
    assert out[950, one_sided] == pytest.approx(1)
    assert out[725, one_sided] == pytest.approx(1 / 16)
    assert out[50, two_sided] == pytest.approx(1)
    assert out[0, two_sided] == pytest.approx((10 / 9) ** 4)
