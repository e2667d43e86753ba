"""What is usual among partners of a like size."""

import numpy as np
import pytest

from fraud.ranking.peers import FARTHEST, HALF_EVIDENCE, usual
from tests.support.ranked_partners import planted


def test_distances_are_in_units_of_the_peers_spread_and_believed_by_clicks():
    clicks = np.full(200, HALF_EVIDENCE)
    values = np.expm1(np.random.default_rng(3).normal(5, 0.1, 200))
    values[0] = np.expm1(5.3)
    held = usual(values[:, None], clicks)
    # Three standard deviations, of which half is believed.
    assert held.distance[0, 0] == pytest.approx(1.5, abs=0.35)
    assert np.median(held.distance) == pytest.approx(0, abs=0.01)
    assert held.median[0, 0] == pytest.approx(np.expm1(5), rel=0.03)


def test_a_size_of_its_own_is_not_an_anomaly():
    clicks = np.sort(np.round(np.exp(np.random.default_rng(2).uniform(0, 9, 900))))
    addresses = np.ceil(clicks * np.random.default_rng(3).uniform(0.4, 0.9, 900))
    distance = usual(addresses[:, None], clicks).distance[:, 0]
    assert np.corrcoef(np.log(addresses), np.log(clicks))[0, 1] > 0.98
    # The hundred largest and the hundred smallest share one group each, and keep a little of it there.
    assert abs(np.corrcoef(distance[100:-100], np.log(clicks)[100:-100])[0, 1]) < 0.15
    assert np.abs(distance).max() < 4


def test_few_clicks_prove_little():
    matrix, _ = planted(fraud=0)
    tiny = usual(matrix, matrix[:, 0])
    assert (tiny.evidence[matrix[:, 0] < 5] < 0.05).all()
    assert (np.abs(tiny.distance[matrix[:, 0] < 5]) <= FARTHEST * 0.05).all()


def test_the_order_of_rows_changes_nothing():
    matrix, _ = planted()
    matrix[:, 0] = np.minimum(matrix[:, 0], 40)
    order = np.random.default_rng(5).permutation(len(matrix))
    there, elsewhere = usual(matrix, matrix[:, 0]).distance[order], usual(matrix[order], matrix[order, 0]).distance
    assert np.allclose(there, elsewhere, atol=1e-9)


def test_peers_are_those_nearest_in_clicks_and_all_of_one_size():
    clicks = np.repeat([1.0, 2.0, 1000.0], [300, 5, 160])
    held = usual(clicks[:, None], clicks)
    assert set(held.groups[held.group[0]]) == set(range(300))
    # The window of the middle ones reaches into both sides, and takes each side whole.
    assert set(range(300, 305)) <= set(held.groups[held.group[302]])
    assert set(held.groups[held.group[464]]) == set(range(305, 465))


def test_missing_values_are_as_usual_even_where_a_whole_column_is():
    matrix = np.array([[5.0, np.nan, 1.0], [6.0, np.nan, np.nan], [7.0, np.nan, 3.0]])
    held = usual(matrix, matrix[:, 0])
    assert np.isfinite(held.distance).all()
    assert held.distance[1, 2] == 0
    assert (held.distance[:, 1] == 0).all()
    assert held.quantile(matrix, 1, 2) == 0.5


def test_a_quantile_is_the_share_of_peers_below():
    matrix = np.arange(10.0)[:, None]
    held = usual(matrix, None)
    assert held.quantile(matrix, 9, 0) == pytest.approx(0.95)
    assert held.quantile(matrix, 0, 0) == pytest.approx(0.05)


def test_peers_of_other_sizes_are_compared_at_the_partners_own():
    clicks = np.round(np.geomspace(10, 100_000, 60))
    matrix = np.column_stack([clicks, clicks / 2 * np.random.default_rng(4).uniform(0.8, 1.2, 60)])
    held = usual(matrix, clicks)
    # All sixty are one group, and the line through them explains all but the noise.
    assert len(held.groups[held.group[5]]) == 60
    assert np.abs(held.distance[:, 1]).max() < 2
    assert held.median[59, 1] == pytest.approx(50_000, rel=0.2)
    halved = matrix.copy()
    halved[59, 1] = 5_000
    found = usual(halved, clicks)
    assert found.distance[59, 1] < -5
    assert found.quantile(halved, 59, 1) < 0.05
