"""From a window of replayed clicks to a model and its card.

Who is learnt from: every click of the window but general invalid traffic (GIVT), which lists and plain facts of
the request tell for certain. Left in, a crawler that makes a third of the clicks would be what is usual, and
hide what is like it. Suspects stay: they are mostly people, and without them each model would forget the clicks
its predecessor doubted, so that the next would doubt more. The last hundredth is the last hundredth of what
counts or might.

How: small samples are what Liu, Ting and Zhou (2008) have against rare things hidden among their likes (masking)
and blamed on their neighbours (swamping); 512 instead of their 256 clicks a tree hold 26 of each feature's tail,
and placed planted causes two percentiles higher. Path lengths have settled by 100 trees, as they say; 200
changed no figure here. ``contamination`` stays unset: nothing here is decided by scikit-learn's threshold,
scores are percentiles. The seed is fixed, so that the same clicks give the same model.

Invariants: the same window gives the same bytes of facts, the same trees and the same scale; each click is left
out of its own counts (see ``tables``); no share of the window that a person named is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from fraud.forest.card import Card, Quality
from fraud.forest.drift import baseline_of
from fraud.forest.errors import TOO_FEW_CLICKS
from fraud.forest.facts import Facts
from fraud.forest.features import NAMES, TAIL, Matrix, Stretch, matrix
from fraud.forest.model import Model, libraries
from fraud.forest.scale import percentiles, scale_of
from fraud.forest.tables import Tables
from fraud.forest.trees import Trees
from fraud.forest.vocabulary import Numbers

TREES: Final = 100
MAX_SAMPLES: Final = 512
SEED: Final = 2012
FLAG_AT: Final = 99
"""Percentile from which figures call a click flagged: the last hundredth."""
LEAST_TAIL: Final = 0.01
"""Share of clicks in which a feature differs, at the least, for the trees; see ``_visited``."""
LEAST_CLICKS: Final = 2_000
"""Clicks to learn from: the last hundredth then is twenty, below which it is anybody."""
MOST_RANKED: Final = 200_000
"""Clicks, drawn evenly, that trees and scale are made of: a percentile is then exact to 0.05 at the median."""
COMPARED: Final = 20_000
"""Clicks on which the forests of either half are compared."""

Step: TypeAlias = Callable[[str, float], None]
"""Told what is being done and how much of it is, 0 to 1; may sleep."""

Labels: TypeAlias = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Window:
    """Replayed clicks, in the order of their time."""

    facts: Facts
    verdicts: Labels
    categories: Labels
    begin: datetime
    """Of the first and the last click."""
    end: datetime
    clicks: int
    """Clicks there were to read."""


def train(
    window: Window, *, step: Step = lambda *_: None, started: float | None = None
) -> tuple[Model, bytes, Card]:
    """Train a model.

    Args:
        window: What to learn from.
        step: Told how far it is.
        started: ``time.monotonic()`` when reading the window began.

    Returns:
        The model, the bytes of its file, and its card.

    Raises:
        ClickledgerError: ``model_too_few_clicks``.

    """
    begun = time.monotonic() if started is None else started
    learnt = window.categories != "GIVT"
    clicks = int(np.count_nonzero(learnt))
    if clicks < LEAST_CLICKS:
        raise TOO_FEW_CLICKS.error(
            f"The window holds {clicks:,} clicks to learn from, and a model needs {LEAST_CLICKS:,}; train when "
            "there are more, or over more days (CLICKLEDGER_MODEL_WINDOW_DAYS).",
            clicks=clicks,
            needed=LEAST_CLICKS,
        )
    step("frequencies", 0.0)
    tables = Tables.learnt(window.facts.take(learnt))
    step("features", 0.0)
    draw = np.random.default_rng(SEED)
    rows, own = _features(window.facts, tables, _drawn(draw, np.flatnonzero(learnt)), step)
    step("trees", 0.0)
    stretch = Stretch.learnt(rows)
    out = stretch.of(rows)
    forest = _grown(out)
    step("trees", 0.5)
    model = Model("", forest, tables, stretch, scale_of(_anomalies(forest, out, step)), np.median(rows, axis=0))
    step("quality", 0.0)
    everything = _drawn(draw, np.arange(len(learnt)))
    sample = matrix(window.facts.take(everything[~learnt[everything]]), tables)
    # As many of the others as are among all clicks: what live traffic is compared with holds both.
    others = rows[: np.count_nonzero(learnt[everything])]
    ranked = np.concatenate([others, sample])
    verdicts = np.concatenate(
        [window.verdicts[own[: len(others)]], window.verdicts[everything[~learnt[everything]]]]
    )
    quality = _quality(model.percentiles(ranked), verdicts, _instability(out, draw, step))
    step("writing", 0.0)
    stored = model.stored()
    digest = sha256(stored).hexdigest()
    made = datetime.now(UTC)
    model.version = f"{made:%Y%m%d-%H%M%S}-{digest[:6]}"
    card = Card(
        version=model.version,
        made_at=made,
        trained_from=window.begin,
        trained_to=window.end,
        clicks_read=len(window.facts),
        clicks_learnt=clicks,
        clicks_in_window=window.clicks,
        parameters={
            "n_estimators": TREES,
            "max_samples": MAX_SAMPLES,
            "random_state": SEED,
            "tail": TAIL,
            "learns": "not GIVT",
        },
        features=list(NAMES),
        libraries=libraries(),
        data_sha256=_digest(window.facts),
        file_sha256=digest,
        file_bytes=len(stored),
        flag_at=FLAG_AT,
        quality=quality,
        baseline=baseline_of(NAMES, ranked),
        seconds=round(time.monotonic() - begun, 2),
    )
    step("writing", 1.0)
    return model, stored, card


def _drawn(draw: np.random.Generator, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return at most ``MOST_RANKED`` of the rows, in a random order."""
    return np.asarray(draw.permutation(rows)[:MOST_RANKED], np.int64)


_PIECE: Final = 20_000
"""Clicks between two chances to rest."""


def _features(
    facts: Facts, tables: Tables, chosen: npt.NDArray[np.int64], step: Step
) -> tuple[Matrix, npt.NDArray[np.int64]]:
    found = []
    for begin in range(0, len(chosen), _PIECE):
        found.append(matrix(facts.take(chosen[begin : begin + _PIECE]), tables, own=1.0))
        step("features", min(1.0, (begin + _PIECE) / len(chosen)))
    return np.concatenate(found), chosen


def _grown(rows: Matrix, seed: int = SEED) -> Any:
    from sklearn.ensemble import IsolationForest

    # Threads gain nothing on trees of 256 clicks, and would take the other roles' cores.
    forest = IsolationForest(n_estimators=TREES, max_samples=MAX_SAMPLES, random_state=seed, n_jobs=1)
    return forest.fit(_visited(rows, np.random.default_rng(seed)))


def _visited(out: Matrix, draw: np.random.Generator) -> Matrix:
    """Return rows in which each feature leaves its median in ``LEAST_TAIL`` of the clicks at least.

    What no click of the window shows, no tree can ask about, and the first one that shows it would pass unseen:
    such a feature borrows clicks, with values like those few that are there, or the beginning of a tail. Only
    trees see them.
    """
    lent = out.copy()
    wanted = int(np.ceil(LEAST_TAIL * len(out)))
    for place in range(out.shape[1]):
        there = np.flatnonzero(out[:, place])
        missing = wanted - len(there)
        if missing > 0:
            values = out[there, place] if len(there) else np.ones(1, np.float32)
            lent[draw.integers(len(out), size=missing), place] = draw.choice(values, missing)
    return lent


def _anomalies(forest: Any, rows: Matrix, step: Step) -> Numbers:
    trees, found = Trees(forest), []
    for begin in range(0, len(rows), _PIECE):
        found.append(trees.anomalies(rows[begin : begin + _PIECE]))
        step("trees", 0.5 + min(0.5, (begin + _PIECE) / len(rows) / 2))
    return np.concatenate(found)


def _instability(rows: Matrix, draw: np.random.Generator, step: Step) -> float:
    """Return how far apart forests of either half place the same clicks: mean difference in percentiles."""
    halves = np.array_split(draw.permutation(len(rows)), 2)
    placed = []
    for number, half in enumerate(halves):
        trees = Trees(_grown(rows[half], SEED + 1 + number))
        step("quality", 0.2 + 0.4 * number)
        scale = scale_of(trees.anomalies(rows[half[:COMPARED]]))
        placed.append(percentiles(trees.anomalies(rows[:COMPARED]), scale).astype(np.float64))
        step("quality", 0.4 + 0.4 * number)
    return round(float(np.abs(placed[0] - placed[1]).mean()), 3)


def _quality(scores: npt.NDArray[np.uint8], verdicts: Labels, instability: float) -> Quality:
    flagged, clicks = {}, {}
    for verdict in np.unique(verdicts).tolist():
        of_verdict = scores[verdicts == verdict]
        clicks[verdict] = len(of_verdict)
        flagged[verdict] = round(float(np.mean(of_verdict >= FLAG_AT)), 5)
    return Quality(
        flagged=flagged,
        clicks=clicks,
        rule_agreement=_above(scores[verdicts == "invalid"], scores[verdicts == "valid"]),
        instability=instability,
    )


def _above(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> float | None:
    """Return the chance that one of the first scores above one of the second; ties count half."""
    if not len(first) or not len(second):
        return None
    ones, others = np.bincount(first, minlength=101), np.bincount(second, minlength=101)
    below = np.cumsum(others) - others
    return round(float(np.sum(ones * (below + others / 2)) / (len(first) * len(second))), 4)


def _digest(facts: Facts) -> str:
    found = sha256()
    for field in fields(Facts):
        found.update(field.name.encode())
        found.update(np.ascontiguousarray(getattr(facts, field.name)).tobytes())
    return found.hexdigest()
