"""Rank partners by how unlike their peers they are, without any labels.

Four views of the same distances (see ``peers``) vote, each in units of its own spread:

1. an isolation forest (Liu, Ting & Zhou 2008) over all columns, both tails: combinations nobody else has;
2. an isolation forest over the suspicious tails alone (see ``columns``): a partner that is unusually *diverse* is
   unusual and no suspect;
3. the mean of the suspicious tails: steady, and the one that finds a partner a little off everywhere;
4. the farthest of the suspicious tails, with as much say as the three together: a partner that is far off in one
   column alone, as half of all clicks invalid, would be lost among two dozen columns otherwise.

Forests of several seeds are averaged. Invariants: labels play no part; one seed, one result; the order of rows and
partners of no clicks change nothing but the forests' draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fraud.ranking.columns import sides, size_column
from fraud.ranking.peers import Matrix, Usual, usual

Scores = NDArray[np.float64]

TREES: Final = 200
"""Trees of each forest; more change the third digit of a score only."""


class Contribution(NamedTuple):
    """One column of one partner that makes it stand out."""

    column: str
    value: float
    median: float
    """Of its peers: the partners nearest in clicks."""
    quantile: float
    """Share of its peers with a lower value, 0 to 1."""
    peers: int
    """How many it was held against."""
    share: float
    """Of all that makes this partner stand out, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores of all partners of a table, and why."""

    scores: Scores
    """Higher is more suspicious; comparable within this table alone."""
    names: tuple[str, ...]
    matrix: Matrix
    usual: Usual
    tails: Matrix
    """Partners x columns: how far on the suspicious side, in shrunk robust standard deviations; never negative."""

    @property
    def percentiles(self) -> Scores:
        """Return each partner's place among all, 0 to 100: the share of partners with a lower score."""
        if not len(self.scores):
            return self.scores
        ordered = np.sort(self.scores)
        return np.searchsorted(ordered, self.scores, side="left") / len(ordered) * 100

    def contributions(self, row: int, most: int = 3) -> list[Contribution]:
        """Return the columns that set a partner apart from its peers, the strongest first; [] when none does."""
        tails = self.tails[row]
        total = float(tails.sum())
        found = []
        for column in np.argsort(-tails, kind="stable")[:most]:
            if tails[column] <= 0:
                break
            found.append(
                Contribution(
                    self.names[column],
                    float(self.matrix[row, column]),
                    float(self.usual.median[row, column]),
                    self.usual.quantile(self.matrix, row, int(column)),
                    len(self.usual.groups[self.usual.group[row]]),
                    float(tails[column]) / total,
                )
            )
        return found


class Unsupervised:
    """Finds the partners that are unlike their peers. Quick: 5,000 partners of 40 columns take about 3 s."""

    def __init__(
        self, seed: int = 0, *, clicks: str | None = None, directions: Mapping[str, int] | None = None
    ) -> None:
        """Make one.

        Args:
            seed: Of the forests' draws.
            clicks: The column that counts a partner's clicks; None: found by name or shape, see ``columns``.
            directions: Column to 1 (high is suspicious), -1 (low is) or 0 (both are); others: by their names.

        """
        self._seed, self._clicks, self._directions = seed, clicks, directions

    def fit_score(self, matrix: Matrix, names: Sequence[str], held: Usual | None = None) -> Ranking:
        """Score the partners of a table against each other.

        Args:
            matrix: Partners x columns; NaN is a missing value, and counts as usual.
            names: The columns' names.
            held: What is usual in this very table, as a ranking with another seed knows it; None: found out.

        """
        matrix = np.asarray(matrix, dtype=np.float64)
        clicks = self._clicks if self._clicks is not None else size_column(names, matrix)
        if held is None:
            held = usual(matrix, None if clicks is None else matrix[:, list(names).index(clicks)])
        side = sides(names, self._directions)
        tails = np.where(side == 0, np.abs(held.distance), np.maximum(held.distance * side, 0))
        views = [_isolation(held.distance, self._seed), _isolation(tails, self._seed), tails.mean(axis=1)]
        together = np.sum([in_units(view) for view in views], axis=0)
        farthest = tails.max(axis=1, initial=0)
        scores = in_units(together) + in_units(farthest)
        return Ranking(scores, tuple(names), matrix, held, tails)


def _isolation(matrix: Matrix, seed: int) -> Scores:
    """Return isolation scores; columns in which all partners are alike can't isolate anyone and are left out."""
    from sklearn.ensemble import IsolationForest

    told = matrix[:, np.ptp(matrix, axis=0) > 0] if len(matrix) else matrix
    if not told.size:
        return np.zeros(len(matrix))
    forest = IsolationForest(n_estimators=TREES, max_samples=min(256, len(told)), random_state=seed)
    return -np.asarray(forest.fit(told).score_samples(told), dtype=np.float64)


def in_units(view: Scores) -> Scores:
    """Return a view in units of its own standard deviation, so that none outvotes another by its scale."""
    if not len(view):
        return view
    deviation = view.std()
    return (view - view.mean()) / deviation if deviation > 0 else np.zeros_like(view)
