"""Measure the rankers on a labelled table, always beside the baselines.

Three ways, by what may be learnt from:

- ``without_labels``: the table is ranked without its labels, which only judge;
- ``trained``: the ranker learns from another table, say an earlier month, and ranks this one;
- ``cross_validated``: each partner is ranked by a ranker taught without it, on folds drawn anew for each seed.
  Both sides are of one month, so this flatters: a later month has moved.

Invariants: no score of a partner is made with its own label, unless the training table holds its very row, which
is counted (``rows_in_train``); the same tables, options and versions of libraries give the same figures, whatever
the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from fraud.ranking.baselines import DETECTORS, as_they_are, best_column, filled, gradient_boosting
from fraud.ranking.columns import size_column
from fraud.ranking.errors import COLUMN_MISSING, LABELS_TOO_FEW
from fraud.ranking.measures import FLAG_RATES, Measures, bootstrap_sd, measure
from fraud.ranking.peers import Matrix, usual
from fraud.ranking.supervised import Supervised
from fraud.ranking.tables import Table, listed
from fraud.ranking.unsupervised import Scores, Unsupervised

Way = Literal["without_labels", "trained", "cross_validated"]
Positive = NDArray[np.bool_]
_T = TypeVar("_T")

FOLDS: Final = 10
"""Of a cross-validation: each ranker is taught nine tenths of the few positives there are."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What to measure, and how."""

    table: Table
    positive: str
    seeds: int = 10
    train: Table | None = None
    folds: int = 0
    """0: no cross-validation."""
    clicks: str | None = None
    """The column that counts clicks; None: found, see ``columns``."""
    workers: int = 1
    """Seeds worked on at once, in threads: trees are grown outside of Python. Figures don't depend on it."""

    @property
    def way(self) -> Way:
        """Return what may be learnt from."""
        if self.train is not None:
            return "trained"
        return "cross_validated" if self.folds else "without_labels"

    def run(self, on_seed: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Return the figures, ready for JSON; means over seeds.

        Args:
            on_seed: Called when a seed's ranking is done, in the thread that did it.

        Raises:
            ClickledgerError: The tables can't be judged so; the sentence says why.

        """
        table, positive = self.table, self.table.positive(self.positive)
        clicks = self._clicks()
        names, matrix = table.names, table.matrix
        held = usual(matrix, None if clicks is None else matrix[:, names.index(clicks)])
        teaching = self._teaching(positive)

        def ranked(seed: int) -> tuple[Scores, Scores | None]:
            unlike = Unsupervised(seed, clicks=clicks).fit_score(matrix, names, held).scores
            found = (unlike, None) if teaching is None else self._learnt(teaching, unlike, seed)
            on_seed()
            return found

        found = self._over_seeds(ranked, self.seeds)
        rankings = [one for one, _ in found]
        boosted = [measure(plain, positive) for _, plain in found if plain is not None]
        return {
            "way": self.way,
            "table": str(table.path),
            **({"train": str(self.train.path), "rows_in_train": self._known_rows()} if self.train else {}),
            **({"folds": self.folds} if self.folds else {}),
            "partners": len(table.ids),
            "positives": int(positive.sum()),
            "columns": len(table.names),
            "clicks_column": clicks,
            "seeds": self.seeds,
            **_figures([measure(one, positive) for one in rankings]),
            "ap_sd_partners": _rounded(bootstrap_sd(np.mean(rankings, axis=0), positive)),
            "chance": _rounded(float(positive.mean())),
            "baselines": {
                **self._baselines(positive, clicks),
                **({"gradient_boosting_defaults": _figures(boosted)} if boosted else {}),
            },
        }

    def _known_rows(self) -> int:
        """Return how many of the ranked partners' very rows were learnt from."""
        return 0 if self.train is None else self.table.rows_in(self.train.like(self.table))

    def _clicks(self) -> str | None:
        names = self.table.names
        if self.clicks is not None and self.clicks not in names:
            have = listed(list(names))
            raise COLUMN_MISSING.error(
                f"{self.table.path} has no column {self.clicks!r} (--clicks); its columns are {have}."
            )
        return self.clicks if self.clicks is not None else size_column(names, self.table.matrix)

    def _teaching(self, positive: Positive) -> tuple[Matrix, Positive] | None:
        """Return what is learnt from, of the table's own columns in their order; None: nothing.

        Raises:
            ClickledgerError: Not enough, or other columns.

        """
        if self.train is not None:
            train = self.train.like(self.table)
            marks = train.positive(self.positive)
            lacking = Supervised.enough(marks.astype(np.float64))
            if lacking:
                raise LABELS_TOO_FEW.error(f"{train.path}: {lacking}")
            return train.matrix, marks
        if not self.folds:
            return None
        rarer = int(min(positive.sum(), (~positive).sum()))
        if rarer < self.folds:
            raise LABELS_TOO_FEW.error(
                f"{self.table.path}: {rarer} partners of the rarer kind can't be dealt out to {self.folds} folds;"
                f" give --folds {max(rarer, 2)} or fewer, or a table with more of them."
            )
        return self.table.matrix, positive

    def _learnt(
        self, teaching: tuple[Matrix, Positive], unlike: Scores, seed: int
    ) -> tuple[Scores, Scores | None]:
        """Return scores by the ranker and by plain gradient boosting, of partners neither learnt from."""
        names, matrix = self.table.names, self.table.matrix
        taught, marks = teaching
        if self.train is not None:
            ranker = Supervised(seed).fit(taught, names, marks.astype(np.float64))
            # Boosting with defaults draws nothing but which of equal splits comes first: once is enough.
            plain = None if seed else gradient_boosting(taught, marks, matrix, seed)
            return ranker.score(matrix, names, unlike), plain
        from sklearn.model_selection import StratifiedKFold

        ranked, boosted = np.zeros(len(matrix)), np.zeros(len(matrix))
        for others, held in StratifiedKFold(self.folds, shuffle=True, random_state=seed).split(matrix, marks):
            ranker = Supervised(seed).fit(matrix[others], names, marks[others].astype(np.float64))
            # Scores are in units of the ranked table, so each fold ranks all and keeps its own.
            ranked[held] = ranker.score(matrix, names, unlike)[held]
            boosted[held] = gradient_boosting(matrix[others], marks[others], matrix[held], seed)
        return ranked, boosted

    def _over_seeds(self, work: Callable[[int], _T], seeds: int) -> list[_T]:
        """Return what the work gives for each seed, in order."""
        with ThreadPoolExecutor(self.workers) as pool:
            done = [pool.submit(work, seed) for seed in range(seeds)]
            try:
                return [one.result() for one in done]
            finally:
                # Whoever stops waiting doesn't wait for the seeds that haven't begun.
                pool.shutdown(cancel_futures=True)

    def _baselines(self, positive: Positive, clicks: str | None) -> dict[str, Any]:
        """Return the figures of every baseline on the table."""
        names, matrix = self.table.names, filled(self.table.matrix)
        found: dict[str, Any] = {}
        if clicks is not None:
            found["clicks"] = {
                "column": clicks,
                **_figures([measure(matrix[:, names.index(clicks)], positive)]),
            }
        # The fair choice is made on the training table; without one it is hindsight, and said to be.
        train = self.train.like(self.table) if self.train is not None else None
        at, sign, _ = (
            best_column(matrix, positive)
            if train is None
            else best_column(filled(train.matrix), train.positive(self.positive))
        )
        found["best_column"] = {
            "column": names[at],
            "side": "high" if sign > 0 else "low",
            "chosen": "in hindsight" if train is None else "on the training table",
            **_figures([measure(matrix[:, at] * sign, positive)]),
        }
        with as_they_are():
            for name, detector in DETECTORS.items():
                draws = self.seeds if len(matrix) > detector.exact else 1
                scores = self._over_seeds(partial(detector.score, matrix), draws)
                found[name] = _figures([measure(one, positive) for one in scores])
        return found


def _figures(measured: list[Measures]) -> dict[str, Any]:
    """Return the means over seeds."""

    def at(read: Callable[[int], Iterable[float]]) -> dict[str, float]:
        return {f"{rate:.0%}": _rounded(float(np.mean(list(read(n))))) for n, rate in enumerate(FLAG_RATES)}

    return {
        "ap": _rounded(float(np.mean([one.ap for one in measured]))),
        "ap_sd": _rounded(float(np.std([one.ap for one in measured]))),
        "auc": _rounded(float(np.mean([one.auc for one in measured]))),
        "precision_at": at(lambda n: (one.flagged[n].precision for one in measured)),
        "recall_at": at(lambda n: (one.flagged[n].recall for one in measured)),
        "false_positives_at": at(lambda n: (one.flagged[n].false_positives for one in measured)),
        "flagged_at": {f"{rate:.0%}": measured[0].flagged[n].partners for n, rate in enumerate(FLAG_RATES)},
    }


def _rounded(value: float) -> float:
    """Return four digits: more are the seeds' noise."""
    return round(value, 4)
