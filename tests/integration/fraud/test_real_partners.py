"""The rankers on real partners judged by their network: well above what takes no thought, and learning well above that.

The margins are far outside what seeds move; what other partners of the same kind would move is about 0.05.
"""

import pytest

from fraud.ranking import supervised
from fraud.ranking.evaluation import Evaluation
from fraud.ranking.tables import read_table

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def table(realdata):
    return read_table(realdata / "fdma2012" / "train1_09feb12.csv", identity="partnerid", label="status")


@pytest.fixture(scope="module")
def unlabelled(table):
    return Evaluation(table, "Fraud", seeds=1).run()


def test_without_labels_average_precision_is_twice_that_of_a_forest_on_raw_columns(unlabelled):
    baselines = {name: one["ap"] for name, one in unlabelled["baselines"].items()}
    assert unlabelled["clicks_column"] == "TotalClicks"
    assert unlabelled["ap"] > 0.21
    assert unlabelled["ap"] > 2 * baselines["isolation_forest_defaults"]
    # Even the best of 82 rankings by one column, chosen with the labels in hand, is worse.
    assert unlabelled["ap"] > 1.2 * max(baselines.values())


def test_learning_is_well_above_that_and_above_plain_boosting(table, unlabelled, monkeypatch):
    # A third of the trees moves AP by 0.003.
    monkeypatch.setattr(supervised, "EXTRA_TREES", 100)
    monkeypatch.setattr(supervised, "FOREST_TREES", 100)
    learnt = Evaluation(table, "Fraud", seeds=1, folds=2).run()
    assert learnt["ap"] > 0.38
    assert learnt["ap"] > 1.5 * unlabelled["ap"]
    assert learnt["ap"] > learnt["baselines"]["gradient_boosting_defaults"]["ap"]
