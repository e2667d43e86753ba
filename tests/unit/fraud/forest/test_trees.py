"""The trees say what scikit-learn says, and their contributions leave nothing over."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from fraud.forest.scale import percentiles, scale_of
from fraud.forest.trees import Trees


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(2)
    rows = draw.normal(size=(3_000, 6)).astype(np.float32)
    rows[:, 5] = draw.random(3_000) < 0.02
    return rows


@pytest.fixture(scope="module")
def forest(rows):
    return IsolationForest(n_estimators=50, max_samples=128, random_state=3).fit(rows)


def test_anomalies_are_scikit_learn_s(forest, rows):
    assert Trees(forest).anomalies(rows) == pytest.approx(-forest.score_samples(rows), abs=1e-12)
    assert len(Trees(forest).anomalies(rows[:0])) == 0


def test_contributions_add_up_to_the_steps_that_were_saved(forest, rows):
    trees = Trees(forest)
    saved = trees.contributions(rows[:100]).sum(axis=1)
    lengths = -np.log2(trees.anomalies(rows[:100]))
    # The same number of steps is expected of every row.
    per_anomaly = (saved[1:] - saved[0]) / (lengths[0] - lengths[1:])
    assert per_anomaly == pytest.approx(per_anomaly[0], rel=1e-6)


@pytest.mark.parametrize("feature", range(5))
def test_the_planted_feature_contributes_most(forest, feature):
    row = np.zeros((1, 6), np.float32)
    row[0, feature] = 9.0
    assert Trees(forest).contributions(row)[0].argmax() == feature


def test_percentiles_are_ranks_in_the_window():
    anomalies = np.random.default_rng(1).random(50_000)
    scale = scale_of(anomalies)
    assert percentiles(np.array([-1.0, 2.0]), scale).tolist() == [0, 100]
    found = percentiles(np.quantile(anomalies, [0.005, 0.505, 0.945, 0.995]), scale)
    assert found.tolist() == [0, 50, 94, 99]
    assert percentiles(np.array([anomalies.max()]), scale).tolist() == [99]


def test_clicks_alike_share_the_middle_of_their_ranks():
    scale = scale_of(np.array([0.4] * 900 + [0.6] * 100))
    assert percentiles(np.array([0.4, 0.5, 0.6]), scale).tolist() == [45, 90, 95]
