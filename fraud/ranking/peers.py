"""What is usual among partners of a like size, and how far from it each partner is.

Nearly every raw feature of a partner grows or shrinks with its number of clicks: ten clicks can't come from a
hundred addresses, and a hundred thousand clicks can't all have different ones. So a partner is held against the
PEERS partners nearest in clicks: a line through them (on logarithmic scales, Cleveland 1979) takes what is left of
size away, and the distance from their median is counted in units of their interquartile range, both of which
extreme partners can't move (Rousseeuw & Croux 1993). Few clicks prove little, so that distance is shrunk by
clicks / (clicks + HALF_EVIDENCE): the weight that n observations have beside a prior worth HALF_EVIDENCE of them.

Invariants: the order of the rows changes nothing; a value that is missing is as usual (distance 0); labels play
no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

PEERS: Final = 150
"""Partners of a like size that make the usual: enough for quartiles (their standard error is then a tenth of the
spread), few enough that a line is all that size still does among them."""
HALF_EVIDENCE: Final = 100.0
"""Clicks at which half of a distance is believed: a share of 100 clicks is known to within 5 points."""
FARTHEST: Final = 8.0
"""Distances end here: beyond it more is no more suspicious, and one wild column mustn't outvote all others."""
QUARTILES: Final = (0.25, 0.5, 0.75)
QUARTILES_TO_SIGMA: Final = 1.349
"""Interquartile range of a normal distribution, in standard deviations."""
LEAST_SCALE: Final = 0.25
"""Share of a column's typical scale below which no group of peers goes: partners of one click are all alike."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Each partner's peers, and how far from them it is."""

    distance: Matrix
    """Partners x columns: robust standard deviations from the peers' median, shrunk where clicks are few."""
    median: Matrix
    """Partners x columns: the peers' median at the partner's own size, in the column's own unit."""
    evidence: NDArray[np.float64]
    """Per partner, 0 to 1: how much of a distance its clicks can prove."""
    groups: list[NDArray[np.intp]]
    """Rows of each group of peers."""
    group: NDArray[np.intp]
    """Per partner: which of ``groups`` holds its peers."""
    sizes: NDArray[np.float64]
    """Per partner: its clicks on a logarithmic scale."""
    slopes: Matrix
    """Groups x columns: how a column grows with size among the peers, both on logarithmic scales."""

    def quantile(self, matrix: Matrix, row: int, column: int) -> float:
        """Return the share of the partner's peers whose value, at its size, is lower; equal ones count half."""
        group = self.group[row]
        rows = self.groups[group]
        values = spread(matrix[rows, column]) - self.slopes[group, column] * (self.sizes[rows] - self.sizes[row])
        values = values[~np.isnan(values)]
        own = spread(matrix[row, column])
        if not len(values) or np.isnan(own):
            return 0.5
        equal = np.isclose(values, own)
        return float((((values < own) & ~equal).sum() + equal.sum() / 2) / len(values))


def spread(matrix: Matrix) -> Matrix:
    """Return values on a logarithmic scale with their sign: counts span five orders of magnitude."""
    logarithms: Matrix = np.sign(matrix) * np.log1p(np.abs(matrix))
    return logarithms


def usual(matrix: Matrix, clicks: NDArray[np.float64] | None, peers: int = PEERS) -> Usual:
    """Hold every partner against its peers.

    Args:
        matrix: Partners x columns; NaN is a missing value.
        clicks: Per partner; None: all partners are each other's peers and all evidence counts in full.
        peers: How many partners of a like size to hold one against; all of exactly its size are always among them.

    """
    count = len(matrix)
    values = spread(matrix)
    if not count:
        return Usual(values, values, np.zeros(0), [], np.zeros(0, dtype=np.intp), np.zeros(0), values)
    if clicks is None:
        groups, group = [np.arange(count)], np.zeros(count, dtype=np.intp)
        sizes, evidence = np.zeros(count), np.ones(count)
    else:
        known = np.maximum(np.nan_to_num(clicks), 0)
        groups, group = _groups(known, peers)
        sizes, evidence = np.log1p(known), known / (known + HALF_EVIDENCE)
    middle, scale, slopes = (np.empty((len(groups), matrix.shape[1])) for _ in range(3))
    own = np.empty(len(groups))
    own[group] = sizes
    for at, rows in enumerate(groups):
        middle[at], scale[at], slopes[at] = _line(values[rows], sizes[rows] - own[at])
    # The typical scale is that of partners, not of groups, so that it doesn't depend on how groups are cut.
    typical = np.median(scale[group], axis=0)
    least = np.maximum(LEAST_SCALE * typical, 1e-3)
    distance = (values - middle[group]) / np.maximum(scale, least)[group]
    distance = np.clip(np.nan_to_num(distance), -FARTHEST, FARTHEST) * evidence[:, None]
    median = np.sign(middle) * np.expm1(np.abs(middle))
    return Usual(distance, median[group], evidence, groups, group, sizes, slopes)


def _groups(clicks: NDArray[np.float64], peers: int) -> tuple[list[NDArray[np.intp]], NDArray[np.intp]]:
    """Return the peers of each distinct size, and which of them is whose."""
    order = np.argsort(clicks, kind="stable")
    sizes, first, group, equal = np.unique(clicks, return_index=True, return_inverse=True, return_counts=True)
    first = np.searchsorted(clicks[order], sizes, side="left")
    groups = []
    for begin, many in zip(first, equal, strict=True):
        middle = begin + many // 2
        start = max(0, min(middle - peers // 2, len(clicks) - peers))
        # Partners of one size stay together: which of them come first is chance.
        low = np.searchsorted(clicks[order], clicks[order[start]], side="left")
        last = clicks[order[min(start + peers, len(clicks)) - 1]]
        high = np.searchsorted(clicks[order], last, side="right")
        groups.append(order[min(low, begin) : max(high, begin + many)])
    return groups, group


def _line(values: Matrix, sizes: NDArray[np.float64]) -> tuple[Matrix, Matrix, Matrix]:
    """Return median and robust standard deviation about the peers' line, and its slope, for each column.

    Args:
        values: Peers x columns on a logarithmic scale.
        sizes: Theirs, as distances from the size that is asked for.

    """
    missing = np.isnan(values)
    gaps = bool(missing.any())
    if gaps:
        # A column nobody has is 0 here, and a missing value's distance from anything is 0 again.
        middle = np.nanmedian(np.where(missing.all(axis=0), 0.0, values), axis=0)
        values = np.where(missing, middle, values)
    centred = sizes - sizes.mean()
    width = float(centred @ centred)
    # Equal sizes have no line; what is left of their differences is rounding.
    slopes = centred @ values / width if width > 1e-9 else np.zeros(values.shape[1])
    level = values - sizes[:, None] * slopes
    if gaps:
        level[missing & ~missing.all(axis=0)] = np.nan
        low, middle, high = _known_quartiles(level)
    else:
        low, middle, high = np.quantile(level, QUARTILES, axis=0)
    return middle, (high - low) / QUARTILES_TO_SIGMA, slopes


def _known_quartiles(values: Matrix) -> Matrix:
    """Return each column's quartiles of what is known, as ``np.nanquantile`` does, which takes many times as long.

    Every column knows something.
    """
    ordered = np.sort(values, axis=0)  # what isn't known comes last
    places = np.outer(QUARTILES, (~np.isnan(values)).sum(axis=0) - 1)
    below = np.floor(places).astype(np.intp)
    columns = np.arange(values.shape[1])
    lower = ordered[below, columns]
    upper = ordered[np.ceil(places).astype(np.intp), columns]
    quartiles: Matrix = lower + (upper - lower) * (places - below)
    return quartiles
