"""What a ranking has to beat: rankings that need no idea at all, and detectors with their defaults.

A figure alone says nothing: on most tables the partners with the most clicks hold more fraud than the rest. So
every evaluation is printed beside these. They see the raw columns, as their users would hand them over; a missing
value becomes its column's median. Invariants: the detectors see no labels; ``best_column`` is told the
best column and its side and thereby bounds what any one column could do; gradient boosting learns where the ranker
does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Scores = NDArray[np.float64]

SAMPLE: Final = 1_000
"""Partners the one-class SVM is fitted on: its cost grows with the square of their number."""
NEIGHBOURS_AMONG: Final = 10_000
"""Partners LOF looks for neighbours among, for the same reason."""


def filled(matrix: Matrix) -> Matrix:
    """Return the matrix with each missing value replaced by its column's median (0 in a column without any)."""
    empty = np.isnan(matrix).all(axis=0)
    medians = np.nanmedian(np.where(empty, 0.0, matrix), axis=0)
    return np.where(np.isnan(matrix), medians, matrix)


def isolation_forest(matrix: Matrix, seed: int) -> Scores:
    """Score by an isolation forest with scikit-learn's defaults on raw columns."""
    from sklearn.ensemble import IsolationForest

    return -np.asarray(IsolationForest(random_state=seed).fit(matrix).score_samples(matrix), dtype=np.float64)


def local_outlier_factor(matrix: Matrix, seed: int) -> Scores:
    """Score by LOF (Breunig et al. 2000) with 20 neighbours on standardised columns."""
    from sklearn.neighbors import LocalOutlierFactor

    scaled = _standardised(matrix)
    if len(scaled) <= NEIGHBOURS_AMONG:
        detector = LocalOutlierFactor(n_neighbors=min(20, max(1, len(scaled) - 1))).fit(scaled)
        return -np.asarray(detector.negative_outlier_factor_, dtype=np.float64)
    among = _sampled(scaled, NEIGHBOURS_AMONG, seed)
    return -np.asarray(LocalOutlierFactor(novelty=True).fit(among).score_samples(scaled), dtype=np.float64)


def one_class_svm(matrix: Matrix, seed: int) -> Scores:
    """Score by a one-class SVM with its defaults, fitted on a sample of standardised rows."""
    from sklearn.svm import OneClassSVM

    scaled = _standardised(matrix)
    detector = OneClassSVM(gamma="scale").fit(_sampled(scaled, SAMPLE, seed))
    return -np.asarray(detector.score_samples(scaled), dtype=np.float64)


def tails(matrix: Matrix, _seed: int = 0) -> Scores:
    """Score by empirical tails, as ECOD does (Li et al. 2022): the rarest of three readings of each row.

    A column's two tail probabilities are summed as -log over columns: all left tails, all right tails, and for
    each column the tail its skewness points to; the largest sum is the score.
    """
    count = len(matrix)
    ordered = np.sort(matrix, axis=0)
    left, right = np.empty_like(matrix), np.empty_like(matrix)
    for at in range(matrix.shape[1]):
        left[:, at] = np.searchsorted(ordered[:, at], matrix[:, at], side="right") / count
        right[:, at] = 1 - np.searchsorted(ordered[:, at], matrix[:, at], side="left") / count
    rare_left, rare_right = -np.log(left), -np.log(right)
    centred = matrix - matrix.mean(axis=0)
    skewed_left = (centred**3).sum(axis=0) < 0
    by_skewness = np.where(skewed_left, rare_left, rare_right)
    read = np.stack([part.sum(axis=1) for part in (rare_left, rare_right, by_skewness)])
    rarest: Scores = read.max(axis=0)
    return rarest


def gradient_boosting(taught: Matrix, positive: NDArray[np.bool_], ranked: Matrix, seed: int) -> Scores:
    """Score by gradient boosting with scikit-learn's defaults on raw columns: what anyone would learn first."""
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(random_state=seed).fit(filled(taught), positive)
    return np.asarray(model.predict_proba(filled(ranked))[:, 1], dtype=np.float64)


def best_column(matrix: Matrix, positive: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return the column and side (1 high, -1 low) with the highest AP, and that AP."""
    from sklearn.metrics import average_precision_score

    found = (
        (at, sign, float(average_precision_score(positive, matrix[:, at] * sign)))
        for at in range(matrix.shape[1])
        for sign in (1, -1)
    )
    return max(found, key=lambda one: one[2])


class Detector(NamedTuple):
    """What scores partners without labels."""

    score: Callable[[Matrix, int], Scores]
    exact: float
    """Partners up to which it draws nothing, so that all seeds say the same."""


DETECTORS: Final[dict[str, Detector]] = {
    "isolation_forest_defaults": Detector(isolation_forest, 0),
    "local_outlier_factor": Detector(local_outlier_factor, NEIGHBOURS_AMONG),
    "ecod_tails": Detector(tails, float("inf")),
    "one_class_svm": Detector(one_class_svm, SAMPLE),
}


@contextmanager
def as_they_are() -> Iterator[None]:
    """Keep detectors from warning: partners of one click are each other's duplicates, and a baseline shows it.

    To be entered in one thread alone: warnings are the process's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _standardised(matrix: Matrix) -> Matrix:
    deviation = matrix.std(axis=0)
    scaled: Matrix = (matrix - matrix.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return scaled


def _sampled(matrix: Matrix, many: int, seed: int) -> Matrix:
    if len(matrix) <= many:
        return matrix
    return matrix[np.random.default_rng(seed).choice(len(matrix), many, replace=False)]
