"""Learning from marks: what was planted is found, and what can't be learnt is refused."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fraud.ranking import Supervised, Unsupervised
from fraud.ranking.supervised import FEWEST_FINE, FEWEST_FRAUD
from kernel.errors import ClickledgerError
from tests.support.ranked_partners import NAMES, few_trees, planted

pytestmark = pytest.mark.usefixtures(few_trees.__name__)


@pytest.fixture(scope="module")
def taught(few_trees):
    matrix, fraud = planted(seed=1)
    return Supervised(0).fit(matrix, NAMES, fraud.astype(float))


def test_fraud_of_another_month_is_found(taught):
    matrix, fraud = planted(seed=2)
    assert average_precision_score(fraud, taught.score(matrix, NAMES)) > 0.9


def test_marks_teach_what_no_convention_knows():
    dice = np.random.default_rng(3)
    matrix = np.column_stack([dice.lognormal(5, 1, 500).round(), dice.normal(size=(500, 3))])
    fraud = matrix[:, 2] > np.quantile(matrix[:, 2], 0.92)
    ranker = Supervised(0).fit(matrix, ["clicks", "x", "y", "z"], fraud.astype(float))
    later = dice.normal(size=(400, 4))
    later[:, 0] = 100
    found = average_precision_score(later[:, 2] > 1.41, ranker.score(later, ["clicks", "x", "y", "z"]))
    assert found > 0.9


def test_a_ratio_is_learnt_whatever_the_size():
    dice = np.random.default_rng(6)
    clicks = np.round(dice.lognormal(5, 2, 1000)) + 3
    fraud = np.arange(1000) % 20 == 0
    busiest = np.ceil(clicks * np.where(fraud, dice.uniform(0.5, 0.6, 1000), dice.uniform(0.2, 0.45, 1000)))
    matrix = np.column_stack([clicks, busiest, dice.normal(size=1000)])
    names, half = ["clicks", "max_same_address", "other"], np.arange(1000) < 500
    ranker = Supervised(0).fit(matrix[half], names, fraud[half].astype(float))
    assert average_precision_score(fraud[~half], ranker.score(matrix[~half], names)) > 0.7


def test_the_ranking_without_labels_has_a_vote_beside_three(taught):
    matrix, _ = planted(seed=2)
    unlike = Unsupervised(0).fit_score(matrix, NAMES).scores
    three, four = taught.score(matrix, NAMES), taught.score(matrix, NAMES, unlike)
    assert four == pytest.approx(three + (unlike - unlike.mean()) / unlike.std())


def test_columns_may_come_in_another_order_but_not_be_others(taught):
    matrix, _ = planted(seed=2)
    order = [3, 0, 5, 1, 4, 2]
    shuffled = taught.score(matrix[:, order], [NAMES[at] for at in order])
    assert np.array_equal(shuffled, taught.score(matrix, NAMES))
    with pytest.raises(ClickledgerError, match="was taught the columns clicks, unique_addresses"):
        taught.score(matrix, ["other", *NAMES[1:]])


def test_unmarked_partners_teach_nothing():
    matrix, fraud = planted(seed=1)
    marks = fraud.astype(float)
    marks[500:] = np.nan
    part = Supervised(0).fit(matrix[:500], NAMES, marks[:500])
    assert np.array_equal(Supervised(0).fit(matrix, NAMES, marks).score(matrix, NAMES), part.score(matrix, NAMES))


def test_too_few_marks_are_counted_in_a_sentence():
    enough = [1.0] * FEWEST_FRAUD + [0.0] * FEWEST_FINE
    assert Supervised.enough(enough) == ""
    assert f"partners marked as fraud: {FEWEST_FRAUD - 1}" in Supervised.enough(enough[1:])
    assert f"as fine: {FEWEST_FINE - 1};" in Supervised.enough([*enough[:-1], np.nan])
    assert "fraud: 0, as fine: 0" in Supervised.enough([])
    with pytest.raises(ClickledgerError, match="learning takes at least"):
        Supervised(0).fit(np.ones((3, 1)), ["a"], [1, 0, np.nan])


def test_a_missing_value_is_the_median_and_can_teach_by_missing():
    matrix, fraud = planted(seed=4)
    matrix[:, 1:5] = np.random.default_rng(1).normal(5, 1, (len(matrix), 4))
    matrix[fraud, 2] = np.nan
    ranker = Supervised(0).fit(matrix, NAMES, fraud.astype(float))
    assert average_precision_score(fraud, ranker.score(matrix, NAMES)) > 0.99


def test_what_was_stored_ranks_the_same(taught, tmp_path):
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    from fraud.ranking.supervised import TRUSTED

    skops.dump(taught.state(), tmp_path / "ranker.skops")
    assert set(skops.get_untrusted_types(file=tmp_path / "ranker.skops")) <= set(TRUSTED)
    again = Supervised.of(skops.load(tmp_path / "ranker.skops", trusted=list(TRUSTED)))
    matrix, _ = planted(seed=2)
    assert np.array_equal(again.score(matrix, NAMES), taught.score(matrix, NAMES))


def test_nobody_to_rank_is_no_error(taught):
    assert taught.score(np.zeros((0, len(NAMES))), NAMES).shape == (0,)
