"""From what partners did to how risky they are: scores, places and reasons of all of one day.

Without labels partners are ranked by how unlike their peers they are, a little in many behaviours or far in one.
As soon as analysts' marks suffice, the ranker that learns from them takes over; reasons always come from the
comparison with peers, because "your trees said so" is none. A score is a percentile of the partners judged that
day: 97 says that 97 of 100 are less suspicious, whatever the method, so scores of different days and methods can
be held against each other.

Invariants: labels play no part where there are too few; a partner of too few clicks is not judged, and never
changes how others are; a marked partner teaches once, whatever the number of its days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fraud.ranking import Supervised, Unsupervised
from fraud.risk.behaviours import BEHAVIOURS, NAMES, RANKED
from fraud.risk.measuring import Measured
from fraud.risk.telling import reasons_of, too_few

Method: TypeAlias = Literal["peers", "marks", "too_few"]
Matrix = NDArray[np.float64]

_RANKED_AT: Final = np.array([NAMES.index(name) for name in RANKED])
_SIDES: Final = {behaviour.name: behaviour.side for behaviour in BEHAVIOURS.values()}


@dataclass(frozen=True, slots=True)
class Judged:
    """All partners of one day."""

    method: Method
    """Of the ranking."""
    note: str
    """Why this method, for people."""
    judged: int
    """Partners with enough clicks."""
    methods: list[Method]
    """Per partner, as the rest: in the order of what was measured."""
    scores: list[int]
    """Percentile, 0 to 100; 0 for one that isn't judged."""
    places: list[int]
    """1 for the riskiest; 0 for one that isn't judged."""
    reasons: list[list[str]]
    """As ``telling`` writes them."""
    usual: Matrix
    """Partners x ``NAMES``: medians of peers, NaN where they weren't compared."""


def judge(
    measured: Measured,
    marks: Mapping[int, bool],
    remembered: Mapping[int, Matrix],
    *,
    min_clicks: int,
    seed: int = 0,
) -> Judged:
    """Judge the partners of a day.

    Args:
        measured: What they did.
        marks: Partner id -> whether an analyst marked it as fraud; others aren't marked.
        remembered: Marked partners' behaviours (``NAMES``) of an earlier day: those who are blocked click no more.
        min_clicks: Fewer are too few to judge.
        seed: Of the methods' draws.

    """
    count = len(measured.partners)
    enough = np.flatnonzero(measured.clicks >= min_clicks)
    values = measured.matrix[enough][:, _RANKED_AT]
    ranking = Unsupervised(seed, clicks="clicks", directions=_SIDES).fit_score(values, RANKED)
    scores = ranking.scores
    teaching, labels = _lessons(measured.partners[enough], values, marks, remembered)
    lacking = Supervised.enough(labels)
    method: Method = "peers"
    if not len(enough):
        note = f"No partner had enough clicks to be judged; it takes {min_clicks:,}."
    elif lacking:
        note = f"Ranked without labels, by how unlike their peers partners are: {lacking}"
    else:
        method = "marks"
        fraud, fine = int((labels == 1).sum()), int((labels == 0).sum())
        scores = Supervised(seed).fit(teaching, RANKED, labels).score(values, RANKED, scores)
        note = f"Ranked by what analysts' marks teach: {fraud} partners marked as fraud, {fine} as fine."
    judged = Judged(
        method,
        note,
        len(enough),
        ["too_few"] * count,
        [0] * count,
        [0] * count,
        [[too_few(int(clicks), min_clicks)] for clicks in measured.clicks],
        np.full((count, len(NAMES)), np.nan),
    )
    ordered = np.sort(scores)
    # Of partners equally risky, the one with more clicks first: it costs more.
    order = np.lexsort((-measured.clicks[enough].astype(np.float64), -scores))
    for place, at in enumerate(order, start=1):
        row = int(enough[at])
        judged.methods[row] = method
        judged.scores[row] = _percentile(ordered, float(scores[at]))
        judged.places[row] = place
        judged.reasons[row] = reasons_of(ranking, int(at))
    # What nobody has, as conversion times where nothing converts, has no median.
    known = ~np.isnan(values).all(axis=0)
    judged.usual[np.ix_(enough, _RANKED_AT[known])] = ranking.usual.median[:, known]
    return judged


def _percentile(ordered: Matrix, score: float) -> int:
    """Return the share of the other partners with a lower score, 0 to 100; alone, one is in the middle."""
    if len(ordered) == 1:
        return 50
    return round(int(np.searchsorted(ordered, score, side="left")) / (len(ordered) - 1) * 100)


def _lessons(
    partners: NDArray[np.uint32], values: Matrix, marks: Mapping[int, bool], remembered: Mapping[int, Matrix]
) -> tuple[Matrix, Matrix]:
    """Return the behaviours and labels of all marked partners: of this day, else as they are remembered."""
    rows, labels = [], []
    at = {int(partner): number for number, partner in enumerate(partners)}
    for partner, is_fraud in sorted(marks.items()):
        if partner in at:
            rows.append(values[at[partner]])
        elif partner in remembered:
            rows.append(remembered[partner][_RANKED_AT])
        else:
            continue
        labels.append(float(is_fraud))
    return np.array(rows).reshape(len(rows), len(RANKED)), np.array(labels)
