"""Ranking without labels finds what was planted, and says why."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fraud.ranking import Unsupervised
from fraud.ranking.baselines import isolation_forest
from tests.support.ranked_partners import NAMES, few_trees, planted

pytestmark = pytest.mark.usefixtures(few_trees.__name__)


@pytest.fixture(scope="module")
def table():
    return planted()


@pytest.fixture(scope="module")
def ranking(table, few_trees):
    return Unsupervised(0).fit_score(table[0], NAMES)


def test_planted_fraud_is_found_far_better_than_by_a_forest_on_raw_columns(table, ranking):
    matrix, fraud = table
    ours = average_precision_score(fraud, ranking.scores)
    assert ours > 0.8
    assert ours > 2 * average_precision_score(fraud, isolation_forest(matrix, 0))


def test_the_unusually_diverse_are_no_suspects(table, ranking):
    matrix, fraud = table
    turned = matrix.copy()
    # The same partners, as far from their peers on the harmless side.
    held = ranking.usual
    for column in (1, 2, 3, 4):
        turned[fraud, column] = held.median[fraud, column] ** 2 / np.maximum(matrix[fraud, column], 0.1)
    harmless = Unsupervised(0).fit_score(turned, NAMES)
    assert harmless.tails[fraud].sum() < 0.2 * ranking.tails[fraud].sum()
    assert average_precision_score(fraud, harmless.scores) < 0.5 * average_precision_score(fraud, ranking.scores)


def test_contributions_name_the_planted_columns_against_peers(table, ranking):
    matrix, fraud = table
    worst = max(np.flatnonzero(fraud), key=lambda row: ranking.scores[row])
    named = ranking.contributions(int(worst))
    assert {one.column for one in named} <= {
        "unique_addresses",
        "unique_agents",
        "max_clicks_per_minute",
        "entropy_agents",
    }
    first = named[0]
    assert first.value == matrix[worst, NAMES.index(first.column)]
    assert first.quantile <= 0.1 or first.quantile >= 0.9
    assert first.peers >= 100
    assert sum(one.share for one in ranking.contributions(int(worst), len(NAMES))) == pytest.approx(1)


def test_a_declared_side_turns_the_ranking(table, ranking):
    matrix, fraud = table
    turned = dict.fromkeys(NAMES[1:5], -1) | {"unique_addresses": 1, "unique_agents": 1, "entropy_agents": 1}
    wrong = Unsupervised(0, clicks="clicks", directions=turned).fit_score(matrix, NAMES)
    assert wrong.tails[fraud, 1:5].sum() < 0.2 * ranking.tails[fraud, 1:5].sum()


def test_one_seed_gives_one_result_and_percentiles_are_places(table, ranking):
    again = Unsupervised(0).fit_score(table[0], NAMES)
    assert np.array_equal(again.scores, ranking.scores)
    assert ranking.percentiles[np.argmax(ranking.scores)] == pytest.approx(100 * (1 - 1 / len(ranking.scores)))
    assert ranking.percentiles.min() == 0


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_hardly_any_partners_are_ranked_without_complaint(rows):
    matrix, _ = planted()
    ranking = Unsupervised(0).fit_score(matrix[:rows], NAMES)
    assert ranking.scores.shape == (rows,)
    assert np.isfinite(ranking.scores).all()
    assert len(ranking.percentiles) == rows


def test_partners_all_alike_are_equally_suspicious():
    ranking = Unsupervised(0).fit_score(np.ones((50, 6)), NAMES)
    assert (ranking.scores == 0).all()
    assert ranking.contributions(0) == []


def test_columns_of_unknown_names_and_missing_values_work(table):
    matrix, fraud = table
    holes = matrix.copy()
    holes[np.random.default_rng(1).random(matrix.shape) < 0.1] = np.nan
    ranking = Unsupervised(0, clicks="a").fit_score(holes, list("abcdef"))
    assert np.isfinite(ranking.scores).all()
    assert average_precision_score(fraud, ranking.scores) > 5 * fraud.mean()
