"""Figures by hand."""

import numpy as np
import pytest

from fraud.ranking.baselines import best_column, filled, local_outlier_factor, one_class_svm, tails
from fraud.ranking.measures import bootstrap_sd, measure


def test_average_precision_and_flagged_are_those_worked_out_by_hand():
    positive = np.zeros(100, dtype=bool)
    positive[[0, 2]] = True
    measured = measure(np.arange(100, 0, -1).astype(float), positive)
    assert measured.ap == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert measured.auc == pytest.approx(1 - 1 / 196)
    one, three, five = measured.flagged
    assert (one.partners, one.precision, one.recall, one.false_positives) == (1, 1.0, 0.5, 0)
    assert (three.partners, three.precision, three.recall, three.false_positives) == (
        3,
        pytest.approx(2 / 3),
        1.0,
        1,
    )
    assert (five.partners, five.precision, five.false_positives) == (5, pytest.approx(0.4), 3)


def test_ties_win_nothing():
    positive = np.array([True] * 5 + [False] * 95)
    assert measure(np.ones(100), positive).ap == pytest.approx(0.05)


def test_a_table_of_three_flags_one():
    assert measure(np.array([3.0, 2.0, 1.0]), np.array([True, False, False])).flagged[0].partners == 1


def test_the_spread_over_partners_shrinks_with_their_number():
    dice = np.random.default_rng(1)
    few, many = (np.repeat([True, False], [n, 9 * n]) for n in (10, 160))
    assert bootstrap_sd(dice.normal(size=100) + few, few) > 2 * bootstrap_sd(dice.normal(size=1600) + many, many)


def test_the_best_column_knows_its_side():
    positive = np.array([True, True, False, False, False])
    matrix = np.array([[5, 1], [1, 2], [2, 8], [3, 9], [4, 7.0]])
    assert best_column(matrix, positive) == (1, -1, 1.0)


def test_detectors_put_an_outlier_first():
    matrix = np.random.default_rng(2).normal(size=(200, 4))
    matrix[17] = [9, -9, 9, -9]
    for detector in (tails, local_outlier_factor, one_class_svm):
        assert np.argmax(detector(matrix, 0)) == 17


def test_gaps_are_filled_with_medians():
    holes = np.array([[1, np.nan], [np.nan, np.nan], [5, np.nan]])
    assert filled(holes).tolist() == [[1, 0], [3, 0], [5, 0]]
