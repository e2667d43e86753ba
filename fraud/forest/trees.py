"""The trees of an isolation forest as arrays: anomaly of many clicks, and why single ones were isolated.

The anomaly is that of Liu, Ting and Zhou, *Isolation Forest* (2008): ``2 ** (-E[h] / c(n))``, where h is the
length of a click's path to its leaf plus what an unsuccessful search would need below it, and c(n) that of a
whole tree.

A feature's contribution is how much sooner than expected its splits isolated the click: at each node of a path
the expected length of a path through it falls (or rises) by taking the branch, and the difference belongs to the
feature that was asked. Summed over a tree they are exactly the expected length minus the click's own, so nothing
is left over and nothing is guessed. (The decomposition of forests' answers along their paths is Saabas's, 2014;
DIFFI, Carletti et al. 2019, weighs depths in the same paths without accounting for all of the score.)

Leaves are found by scikit-learn's own loop over compiled trees: 100 trees over 20,000 clicks took 0.15 s, a
traversal of the same arrays by numpy 0.44 s, ``score_samples`` 0.22 s.

Invariant: a click's anomaly and contributions depend on its features alone, whatever rows are beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fraud.forest.features import Matrix
from fraud.forest.vocabulary import Numbers

_EULER = 0.5772156649015329


class Trees:
    """A trained forest, ready to be asked."""

    def __init__(self, forest: Any) -> None:
        """Read a fitted ``sklearn.ensemble.IsolationForest``.

        Raises:
            AttributeError, ValueError: it isn't one.

        """
        compiled = [estimator.tree_ for estimator in forest.estimators_]
        self.width = int(forest.n_features_in_)
        self._compiled = compiled
        sizes = np.array([tree.node_count for tree in compiled])
        self._roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        offsets = np.repeat(self._roots, sizes)
        self._left = np.concatenate([tree.children_left for tree in compiled])
        self._right = np.concatenate([tree.children_right for tree in compiled])
        self._is_leaf = self._left < 0
        self._left = np.where(self._is_leaf, np.arange(len(self._left)), self._left + offsets)
        self._right = np.where(self._is_leaf, self._left, self._right + offsets)
        self._asked = np.where(self._is_leaf, 0, np.concatenate([tree.feature for tree in compiled]))
        self._threshold = np.concatenate([tree.threshold for tree in compiled])
        clicks = np.concatenate([tree.n_node_samples for tree in compiled]).astype(np.float64)
        depths = self._depths()
        self._deepest = int(depths.max(initial=0))
        self._expected = self._expected_lengths(depths, clicks)
        ends = np.split(self._expected, np.cumsum(sizes)[:-1])
        self._lengths = [np.ascontiguousarray(one, np.float64) for one in ends]
        self._whole = len(compiled) * float(_unsuccessful(np.array([forest.max_samples_], np.float64))[0])

    def _depths(self) -> npt.NDArray[np.int64]:
        depths = np.zeros(len(self._left), np.int64)
        level = self._roots
        while len(level := level[~self._is_leaf[level]]):
            for children in (self._left[level], self._right[level]):
                depths[children] = depths[level] + 1
            level = np.concatenate([self._left[level], self._right[level]])
        return depths

    def _expected_lengths(self, depths: npt.NDArray[np.int64], clicks: Numbers) -> Numbers:
        """Return the expected length of a path through each node: a leaf's own, else its branches' mean."""
        expected = depths + _unsuccessful(clicks)
        for depth in range(self._deepest - 1, -1, -1):
            nodes = np.flatnonzero((depths == depth) & ~self._is_leaf)
            left, right = self._left[nodes], self._right[nodes]
            total = clicks[left] + clicks[right]
            expected[nodes] = (clicks[left] * expected[left] + clicks[right] * expected[right]) / total
        return expected

    def anomalies(self, rows: Matrix) -> Numbers:
        """Return each row's anomaly, 0 to 1; about 0.5 is ordinary."""
        lengths = np.zeros(len(rows))
        if len(rows):
            packed = np.ascontiguousarray(rows, np.float32)
            for tree, length in zip(self._compiled, self._lengths, strict=True):
                lengths += length[tree.apply(packed)]
        return np.exp2(-lengths / self._whole)

    def contributions(self, rows: Matrix) -> Numbers:
        """Return how much each feature shortened each row's path, in steps summed over the trees.

        Rows x features. Negative ones kept the row in company.
        """
        count, width = rows.shape
        nodes = np.broadcast_to(self._roots, (count, len(self._roots))).copy()
        of_row = np.arange(count)[:, None]
        found = np.zeros(count * width)
        for _ in range(self._deepest):
            asked = self._asked[nodes]
            after = np.where(rows[of_row, asked] <= self._threshold[nodes], self._left[nodes], self._right[nodes])
            sooner = self._expected[nodes] - self._expected[after]
            found += np.bincount((of_row * width + asked).ravel(), sooner.ravel(), minlength=count * width)
            nodes = after
        return found.reshape(count, width)


def _unsuccessful(clicks: Numbers) -> Numbers:
    """Return the mean length of an unsuccessful search in a binary tree of so many entries (Liu et al., eq. 1)."""
    many = np.maximum(clicks, 3.0)
    length = 2 * (np.log(many - 1) + _EULER) - 2 * (many - 1) / many
    return np.asarray(np.where(clicks <= 1, 0.0, np.where(clicks <= 2, 1.0, length)), np.float64)
