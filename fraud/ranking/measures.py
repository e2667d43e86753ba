"""How good a ranking is, judged by labels: average precision first, then what happens at a flag rate.

Average precision (AP) is the mean, over the fraudulent partners, of the precision at each one's place. With a few
fraudulent partners in a hundred it is what an analyst feels who works from the top down; AUC is near 0.9 already
for a ranking whose top is nearly all innocent, because it counts the pairs at the far end too.

Invariants: equal scores are one step (scikit-learn's ``average_precision_score``), so ties win nothing; at a flag
rate ties are broken by the order the scores' owner gives, never by labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FLAG_RATES: Final = (0.01, 0.03, 0.05)
"""Shares of partners an analyst may have time for."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """What flagging the top of a ranking means."""

    partners: int
    precision: float
    """Share of the flagged that are positive."""
    recall: float
    """Share of the positive that are flagged."""
    false_positives: int


@dataclass(frozen=True, slots=True)
class Measures:
    """How good one ranking is."""

    ap: float
    auc: float
    flagged: tuple[Flagged, ...]
    """One for each of FLAG_RATES."""


def measure(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> Measures:
    """Judge a ranking.

    Args:
        scores: Per partner, higher is more suspicious.
        positive: Per partner; both kinds must be there.

    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(positive[order])
    flagged = []
    for rate in FLAG_RATES:
        # At least one is flagged: a rate of nobody measures nothing.
        many = max(1, round(rate * len(scores)))
        hits = int(found[many - 1])
        flagged.append(Flagged(many, hits / many, hits / int(positive.sum()), many - hits))
    return Measures(
        float(average_precision_score(positive, scores)), float(roc_auc_score(positive, scores)), tuple(flagged)
    )


def bootstrap_sd(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], draws: int = 200, seed: int = 0
) -> float:
    """Return how far AP would stray with other partners of the same kind: its standard deviation over resamples.

    Seeds only say how much the method's own dice matter; with a few dozen fraudulent partners, which ones happened
    to be in the table matters several times more.
    """
    from sklearn.metrics import average_precision_score

    dice = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        rows = dice.integers(0, len(scores), len(scores))
        if positive[rows].any() and not positive[rows].all():
            found.append(average_precision_score(positive[rows], scores[rows]))
    return float(np.std(found)) if found else 0.0
