"""Quartiles of what is known, beside numpy's own."""

from __future__ import annotations

import numpy as np
import pytest

from fraud.ranking.peers import QUARTILES, _known_quartiles


@pytest.mark.parametrize("rows", [1, 2, 3, 100, 101])
def test_quartiles_of_known_values_are_numpys(rows):
    dice = np.random.default_rng(rows)
    matrix = dice.normal(size=(rows, 12))
    missing = dice.random(matrix.shape) < 0.5
    missing[0] = False
    matrix[missing] = np.nan
    np.testing.assert_allclose(_known_quartiles(matrix), np.nanquantile(matrix, QUARTILES, axis=0))
