"""How far live traffic has moved from what the model learnt.

The population stability index (PSI) of a feature is ``sum((live - trained) * ln(live / trained))`` over the bins
of its training window's deciles. By the convention of credit scoring (Siddiqi, *Credit Risk Scorecards*, 2006)
below 0.1 nothing has changed, and from 0.2 on it is time to look and to train anew.

Invariants: watching never changes a score and costs a fixed amount per batch, whatever its size; what is older
than a day is forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from fraud.forest.card import Card, FeatureBaseline
from fraud.forest.features import Matrix
from fraud.forest.vocabulary import Numbers

ALARMING: Final = 0.2
"""PSI from which a feature has drifted; see the module."""
FLAGGED_TIMES: Final = 3.0
"""The share flagged has drifted when it is this many times what it was, or as many times less."""
BINS: Final = 10
LEAST_CLICKS: Final = 1_000
"""Before that a quiet night looks odd; chance alone makes an index of about (bins - 1) / clicks."""
MOST_SAMPLED: Final = 1_000
"""Clicks of a batch whose features are binned, evenly spread."""
HOURS_KEPT: Final = 24
_HOUR_SECONDS: Final = 3_600


def baseline_of(names: Sequence[str], rows: Matrix) -> list[FeatureBaseline]:
    """Return how each feature is distributed."""
    found = []
    for name, column in zip(names, rows.T, strict=True):
        # A value that fills several deciles is one bin; beyond the last is one, even if nothing is there yet.
        edges = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
        shares = np.bincount(np.searchsorted(edges, column, "left"), minlength=len(edges) + 1) / len(column)
        found.append(
            FeatureBaseline(name, float(np.median(column)), [float(edge) for edge in edges], shares.tolist())
        )
    return found


def stability_index(trained: Numbers, live: Numbers) -> float:
    """Return the PSI of two rows of counts or shares; an empty bin counts as half a click in a thousand."""
    floor = 0.5 / LEAST_CLICKS
    expected = np.maximum(trained / max(trained.sum(), 1e-12), floor)
    found = np.maximum(live / max(live.sum(), 1e-12), floor)
    return float(np.sum((found - expected) * np.log(found / expected)))


class Seen(msgspec.Struct):
    """What one process saw under one model, hour by hour."""

    version: str
    clicks: dict[int, int] = {}
    """Clicks by hour since 1970, as the process's clock had it."""
    flagged: dict[int, int] = {}
    bins: dict[int, list[list[float]]] = {}
    """Features x bins."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """Live traffic beside the training window."""

    clicks: int
    """Clicks of the last day that were scored."""
    flagged_share: float | None
    """Share of them at or above the card's ``flag_at``; None before there are enough."""
    flagged_share_trained: float
    index: Mapping[str, float | None]
    """PSI by feature."""

    @property
    def alarming(self) -> tuple[str, ...]:
        """Features that have drifted, the furthest first."""
        far = {name: value for name, value in self.index.items() if value is not None and value >= ALARMING}
        return tuple(sorted(far, key=lambda name: -far[name]))

    @property
    def flags_differ(self) -> bool:
        """Whether far more or fewer clicks are flagged than in the training window."""
        share, before = self.flagged_share, max(self.flagged_share_trained, 1e-4)
        return share is not None and not before / FLAGGED_TIMES <= share <= before * FLAGGED_TIMES


class Drift:
    """Adds up scored batches. One thread observes; others may read."""

    def __init__(self, card: Card, seen: Seen | None = None, clock: Callable[[], float] = time.time) -> None:
        """Begin, or go on where this process's predecessor was.

        Args:
            card: Of the model that scores.
            seen: What was seen under it before; of another model it is forgotten.
            clock: Seconds since 1970.

        """
        self._card = card
        self._clock = clock
        widest = max(1, *(len(feature.edges) for feature in card.baseline))
        self._edges = np.full((len(card.baseline), widest), np.inf, np.float32)
        for place, feature in enumerate(card.baseline):
            self._edges[place, : len(feature.edges)] = feature.edges
        self._shape = (len(card.baseline), widest + 1)
        self._clicks: dict[int, int] = {}
        self._flagged: dict[int, int] = {}
        self._bins: dict[int, Numbers] = {}
        if seen is not None and seen.version == card.version:
            bins = {hour: np.array(found, np.float64) for hour, found in seen.bins.items()}
            if all(found.shape == self._shape for found in bins.values()):
                self._clicks, self._flagged, self._bins = dict(seen.clicks), dict(seen.flagged), bins

    def observe(self, rows: Matrix, scores: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Add a scored batch."""
        if not len(rows):
            return
        hour = int(self._clock()) // _HOUR_SECONDS
        if hour not in self._bins:
            self._begin(hour)
        step = -(-len(rows) // MOST_SAMPLED)
        sampled = rows[::step]
        bins = (sampled[:, :, None] > self._edges).sum(axis=2) + np.arange(self._shape[0]) * self._shape[1]
        self._bins[hour] += step * np.bincount(bins.ravel(), minlength=self._bins[hour].size).reshape(self._shape)
        self._flagged[hour] += int(np.count_nonzero(scores >= self._card.flag_at))
        self._clicks[hour] += len(rows)

    def _begin(self, hour: int) -> None:
        # Made anew and not changed in place, because another thread may be reading.
        def latest(hours: Mapping[int, object]) -> set[int]:
            return {known for known in hours if hour - HOURS_KEPT < known < hour}

        kept = latest(self._bins)
        self._bins = {known: self._bins[known] for known in kept} | {hour: np.zeros(self._shape)}
        self._flagged = {known: self._flagged.get(known, 0) for known in kept} | {hour: 0}
        self._clicks = {known: self._clicks.get(known, 0) for known in kept} | {hour: 0}

    def seen(self) -> Seen:
        """Return what was seen, to be kept."""
        bins = {hour: found.tolist() for hour, found in self._bins.items()}
        return Seen(self._card.version, dict(self._clicks), dict(self._flagged), bins)

    def drifted(self) -> Drifted:
        """Compare what this process saw with the training window."""
        return drifted(self._card, [self.seen()], self._clock())


def drifted(card: Card, everything: Iterable[Seen], now: float) -> Drifted:
    """Compare what several processes saw in the last day under a model with its training window."""
    oldest = int(now) // _HOUR_SECONDS - HOURS_KEPT
    clicks = flagged = 0
    bins: list[Numbers] = [np.zeros(len(feature.shares)) for feature in card.baseline]
    for seen in everything:
        if seen.version != card.version:
            continue
        for hour in (hour for hour in seen.bins if hour > oldest):
            found = [row[: len(one)] for row, one in zip(seen.bins[hour], bins, strict=False)]
            if [len(row) for row in found] != [len(one) for one in bins]:
                continue
            bins = [one + row for one, row in zip(bins, found, strict=True)]
            clicks += seen.clicks.get(hour, 0)
            flagged += seen.flagged.get(hour, 0)
    enough = clicks >= LEAST_CLICKS
    index = {
        feature.name: stability_index(np.array(feature.shares), live) if enough else None
        for feature, live in zip(card.baseline, bins, strict=True)
    }
    total = max(1, sum(card.quality.clicks.values()))
    trained = sum(card.quality.flagged[v] * n for v, n in card.quality.clicks.items()) / total
    return Drifted(clicks, flagged / clicks if enough else None, trained, index)
