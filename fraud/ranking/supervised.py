"""Rank partners by what analysts' marks teach, once there are enough of them.

Three families of trees vote, each grown from its own idea of a good split, so that their mistakes differ:
extremely randomised trees (Geurts, Ernst & Wehenkel 2006), a random forest (Breiman 2001) and stochastic gradient
boosting with a small learning rate (Friedman 2002), twice over, because one run of it leans on its draws more than
hundreds of trees grown side by side do. A fourth vote is that of the ranking without labels: it owes marks
nothing, so it stands where what they taught has moved. Each votes in units of its own spread over the ranked
table. Trees see the order of values alone, so no scale has to be chosen, and an outlier is just the last in a row.

What a tree can't make by itself is a ratio, and fraud lives in ratios (clicks of the busiest address to all
clicks, busiest minute to usual minute), whatever the partner's size: so the ratio of any two numbers of events is
a column as well. A partner's columns are made from its own row alone: marks of several days can be learnt from.

Invariants: one seed, one result; a column the ranker wasn't taught is refused, never guessed; what is stored is
scikit-learn's trees, arrays and names, nothing of ours that could run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from fraud.ranking.columns import amounts
from fraud.ranking.errors import COLUMNS_DIFFER, LABELS_TOO_FEW
from fraud.ranking.peers import Matrix
from fraud.ranking.unsupervised import Scores, in_units

FEWEST_FRAUD: Final = 20
"""Marks of fraud it takes to learn from: with 15 it was level with the ranking without labels, with 30 far ahead
(docs/fraud-evaluation.md, "How many marks it takes")."""
FEWEST_FINE: Final = 100
"""Marks of fine partners it takes: what is ordinary has to be seen as widely as it occurs."""
EXTRA_TREES: Final = 400
FOREST_TREES: Final = 300
STAGES: Final = 300
"""Of boosting, at a learning rate of 0.03."""
BOOSTED: Final = 2
"""Runs of boosting that are averaged; a third gained nothing (docs/fraud-evaluation.md)."""
TRUSTED: Final = ("sklearn.tree._tree.Tree",)
"""What skops has to be told it may load from a stored state, beside what it knows."""


class Supervised:
    """Learns from marked partners, and scores any."""

    def __init__(self, seed: int = 0) -> None:
        """Make one; the seed is that of all its draws."""
        self._seed = seed
        self._names: tuple[str, ...] = ()
        self._medians: NDArray[np.float64] = np.zeros(0)
        self._amounts: list[int] = []
        self._gaps: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._families: list[list[Any]] = []

    @staticmethod
    def enough(labels: NDArray[np.float64] | Sequence[float]) -> str:
        """Return '' when so many marks suffice, else a sentence that says what lacks.

        Args:
            labels: 1 for a partner marked as fraud, 0 for one marked as fine; NaN for one not marked.

        """
        marks = np.asarray(labels, dtype=np.float64)
        fraud, fine = int((marks == 1).sum()), int((marks == 0).sum())
        if fraud >= FEWEST_FRAUD and fine >= FEWEST_FINE:
            return ""
        return (
            f"partners marked as fraud: {fraud}, as fine: {fine}; learning takes at least {FEWEST_FRAUD} and"
            f" {FEWEST_FINE}."
        )

    def fit(self, matrix: Matrix, names: Sequence[str], labels: NDArray[np.float64] | Sequence[float]) -> Self:
        """Learn from the marked partners of a table.

        Args:
            matrix: Partners x columns; NaN is a missing value: it gets the column's median, and a flag beside it.
            names: The columns' names.
            labels: Per partner 1 (fraud), 0 (fine) or NaN (not marked, and not learnt from).

        Raises:
            ClickledgerError: There are too few marks of a kind, see ``enough``.

        """
        marks = np.asarray(labels, dtype=np.float64)
        lacking = self.enough(marks)
        if lacking:
            raise LABELS_TOO_FEW.error(lacking)
        known = ~np.isnan(marks)
        values = np.asarray(matrix, dtype=np.float64)[known]
        self._names, self._amounts = tuple(names), amounts(values)
        self._gaps = np.asarray(np.isnan(values).any(axis=0))
        self._medians = np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0)
        features = self._features(values)
        fraud = marks[known].astype(np.int64)
        self._families = [[model.fit(features, fraud) for model in family] for family in _families(self._seed)]
        return self

    def score(self, matrix: Matrix, names: Sequence[str], unlike: Scores | None = None) -> Scores:
        """Return each partner's score, higher is more suspicious; comparable within this table alone.

        Args:
            matrix: Partners x columns; NaN is a missing value.
            names: The columns' names, in any order.
            unlike: The same partners' scores without labels, which have the fourth vote; None: three vote.

        Raises:
            ClickledgerError: These aren't the columns it was taught.

        """
        if set(names) != set(self._names):
            raise COLUMNS_DIFFER.error(
                f"The ranker was taught the columns {', '.join(self._names)}, and can't rank by others."
            )
        order = [list(names).index(name) for name in self._names]
        features = self._features(np.asarray(matrix, dtype=np.float64)[:, order])
        if not len(features):
            return np.zeros(0)
        scores = np.zeros(len(features)) if unlike is None else in_units(unlike)
        for family in self._families:
            scores += in_units(np.mean([model.predict_proba(features)[:, 1] for model in family], axis=0))
        return scores

    def state(self) -> dict[str, Any]:
        """Return what has to be stored: trees, arrays and names; ``of`` makes a ranker from it."""
        return {
            "seed": self._seed,
            "names": list(self._names),
            "medians": self._medians,
            "gaps": self._gaps,
            "amounts": self._amounts,
            "families": self._families,
        }

    @classmethod
    def of(cls, state: dict[str, Any]) -> Self:
        """Return the ranker that was stored."""
        made = cls(int(state["seed"]))
        made._names, made._medians = tuple(state["names"]), state["medians"]
        made._gaps, made._amounts, made._families = state["gaps"], list(state["amounts"]), state["families"]
        return made

    def _features(self, values: Matrix) -> Matrix:
        """Return the columns without gaps, a flag for each that had gaps when it was taught, and the ratios."""
        missing = np.isnan(values)
        whole = np.where(missing, self._medians, values)
        # Half an event more keeps a ratio of small numbers, which proves little, away from the extremes.
        logarithms = np.log(np.maximum(whole[:, self._amounts], 0) + 0.5)
        pairs = [logarithms[:, a] - logarithms[:, b] for a in range(len(self._amounts)) for b in range(a)]
        return np.column_stack([whole, missing[:, self._gaps].astype(np.float64), *pairs])


def _families(seed: int) -> list[list[Any]]:
    """Return the untaught models, with settings for few positives among many columns that say much the same."""
    from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier

    # A leaf of one partner learns its name; fraud is rare, and without weights hardly any leaf would hold it.
    forest = {"min_samples_leaf": 2, "random_state": seed}
    return [
        [ExtraTreesClassifier(EXTRA_TREES, max_features=0.15, class_weight="balanced", **forest)],
        [RandomForestClassifier(FOREST_TREES, max_features="sqrt", class_weight="balanced_subsample", **forest)],
        [
            GradientBoostingClassifier(
                n_estimators=STAGES,
                learning_rate=0.03,
                max_depth=5,
                min_samples_leaf=5,
                subsample=0.5,
                max_features="sqrt",
                random_state=seed * BOOSTED + run,
            )
            for run in range(BOOSTED)
        ],
    ]
