"""Training: too few clicks are refused, the same clicks give the same model, versions' scores compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fraud.counts import MemoryCounts
from fraud.forest.features import NAMES
from fraud.forest.model import Model
from fraud.forest.training import train
from kernel.errors import ClickledgerError
from tests.support.forest import BEGIN_MS, changed, joined, ordinary, part, replayed

DAY_MS = 86_400_000


def scores(model, traffic):
    return model.score(traffic, MemoryCounts().count(traffic)).astype(int)


def test_too_few_clicks_are_refused_with_a_sentence():
    with pytest.raises(
        ClickledgerError, match=r"holds 1,500 clicks to learn from, and a model needs 2,000"
    ) as refused:
        train(replayed(ordinary(1_500)))
    assert refused.value.kind.code == "model_too_few_clicks"


def test_known_bots_are_not_learnt_from(window):
    bots = np.where(np.arange(len(window.facts)) % 5 < 4, "GIVT", "")
    with pytest.raises(ClickledgerError, match="holds 1,600 clicks"):
        train(replace(window, categories=bots))


def test_the_same_clicks_give_the_same_scores(window, trained):
    again = train(window)
    assert again[2].data_sha256 == trained[2].data_sha256
    fresh = ordinary(500, seed=5)
    assert (scores(again[0], fresh) == scores(trained[0], fresh)).all()


def test_a_model_read_from_its_file_scores_the_same(trained):
    model, stored, card = trained
    fresh = ordinary(500, seed=6)
    assert (scores(Model.read(stored, card), fresh) == scores(model, fresh)).all()


def test_scores_of_new_ordinary_traffic_are_spread_like_the_window_s(model):
    found = scores(model, ordinary(4_000, seed=77, begin_ms=BEGIN_MS + 7 * DAY_MS))
    assert np.mean(found >= 99) < 0.03
    assert np.mean(found >= 90) == pytest.approx(0.1, abs=0.05)


def test_models_of_two_halves_give_close_percentiles():
    """The same traffic, each click in one half at random: 95 means the same under both."""
    everything = ordinary(16_000, seed=3)
    side = np.random.default_rng(1).random(len(everything)) < 0.5
    ones, others = (train(replayed(part(everything, np.flatnonzero(half).tolist())))[0] for half in (side, ~side))
    fresh = ordinary(3_000, seed=31, begin_ms=BEGIN_MS + 7 * DAY_MS)
    first, second = scores(ones, fresh), scores(others, fresh)
    assert np.abs(first - second).mean() < 10
    assert np.corrcoef(first, second)[0, 1] > 0.88
    top = first >= 95
    assert np.abs(first - second)[top].mean() < 4


def test_the_card_says_how_it_was_made(trained, window):
    _, stored, card = trained
    assert card.clicks_read == card.clicks_learnt == len(window.facts)
    assert card.trained_from == window.begin
    assert card.trained_to == window.end
    assert card.features == list(NAMES)
    assert card.file_bytes == len(stored)
    assert card.quality.flagged["valid"] == pytest.approx(0.01, abs=0.003)
    assert card.quality.rule_agreement is None
    assert 0 < card.quality.instability < 5
    assert len(card.baseline) == len(NAMES)
    assert all(sum(feature.shares) == pytest.approx(1) for feature in card.baseline)
    assert type(card).decoded(card.encoded()) == card


def test_agreement_with_the_rules_is_measured():
    """Bursts that the rules call invalid rank above valid clicks, though nobody told the model."""
    people = ordinary(3_000, seed=12)
    burst = changed(part(people, [5] * 300), ts=[people.ts[-1] + 200 * n for n in range(300)])
    window = replayed(joined(people, burst), verdicts=["valid"] * 3_000 + ["invalid"] * 300)
    card = train(window)[2]
    assert card.quality.rule_agreement > 0.9
    assert card.quality.flagged["invalid"] > card.quality.flagged["valid"]


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ({"languages": "zh-CN"}, "language_in_country"),
        ({"countries": "VN"}, "country_in_partner"),
        ({"browser_versions": "41.0"}, "browser_age"),
        ({"is_datacenter": True}, "datacenter"),
        ({"is_proxy": True}, "proxy"),
        ({"asns": 64_999}, "network_rarity"),
        ({"sources": "never-seen"}, "source_in_partner"),
        ({"ts": [BEGIN_MS + 7 * DAY_MS + 3 * 3_600_000]}, "hour_in_country"),
        ({"oses": "Symbian", "browsers": "Nokia"}, "system_rarity"),
    ],
)
def test_an_explanation_names_the_planted_cause(model, facts, cause):
    visit = part(ordinary(300, seed=14, begin_ms=BEGIN_MS + 7 * DAY_MS), [150])
    planted = changed(visit, **facts)
    counted = MemoryCounts().count(planted)
    assert scores(model, planted)[0] > scores(model, visit)[0]
    assert model.explain(planted, counted, [0])[0][0] == cause


@pytest.mark.parametrize(
    ("step_ms", "facts", "causes"),
    [
        (150, {}, {"identical_minute", "address_minute", "prefix_minute"}),
        (61_000, {}, {"address_hour"}),
        (
            150,
            {"ips": [f"84.1.7.{n}" for n in range(150)], "prefixes": "84.1.7"},
            {"prefix_minute", "partner_surge", "source_surge"},
        ),
    ],
)
def test_an_explanation_names_a_planted_burst(model, step_ms, facts, causes):
    visits = part(ordinary(300, seed=14, begin_ms=BEGIN_MS + 7 * DAY_MS), [150] * 150)
    planted = changed(visits, ts=[visits.ts[0] + step_ms * n for n in range(150)], **facts)
    counted = MemoryCounts().count(planted)
    assert causes & set(model.explain(planted, counted, [149])[0])
    assert model.told(planted, counted, 149)[0].startswith("clicks ")


def test_an_explanation_of_no_click_is_none(model):
    visits = ordinary(10)
    assert model.explain(visits, MemoryCounts().count(visits), []) == []
