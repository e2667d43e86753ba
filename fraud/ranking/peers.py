"""What is usual among partners of a like size, and how far from it each partner is.

Nearly every raw feature of a partner grows or shrinks with its number of clicks: ten clicks can't come from a
hundred addresses, and a hundred thousand clicks can't all have different ones. So a partner is held against the
PEERS partners nearest in clicks: the distance from their median in units of their interquartile range, both of
which extreme partners can't move (Rousseeuw & Croux 1993). Few clicks prove little, so that distance is shrunk by
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

PEERS: Final = 100
"""Partners of a like size that make the usual: enough for quartiles (their standard error is then about a tenth of
the spread), few enough to be of one size."""
HALF_EVIDENCE: Final = 100.0
"""Clicks at which half of a distance is believed: a share of 100 clicks is known to within 5 points."""
FARTHEST: Final = 8.0
"""Distances end here: beyond it more is no more suspicious, and one wild column mustn't outvote all others."""
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
    """Partners x columns: the peers' median, in the column's own unit."""
    evidence: NDArray[np.float64]
    """Per partner, 0 to 1: how much of a distance its clicks can prove."""
    groups: list[NDArray[np.intp]]
    """Rows of each group of peers."""
    group: NDArray[np.intp]
    """Per partner: which of ``groups`` holds its peers."""

    def quantile(self, matrix: Matrix, row: int, column: int) -> float:
        """Return the share of the partner's peers whose value is lower; equal ones count half."""
        values = matrix[self.groups[self.group[row]], column]
        values = values[~np.isnan(values)]
        own = matrix[row, column]
        if not len(values) or np.isnan(own):
            return 0.5
        return float(((values < own).sum() + (values == own).sum() / 2) / len(values))


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
        return Usual(values, values, np.zeros(0), [], np.zeros(0, dtype=np.intp))
    if clicks is None:
        groups, group = [np.arange(count)], np.zeros(count, dtype=np.intp)
        evidence = np.ones(count)
    else:
        known = np.nan_to_num(clicks)
        groups, group = _groups(known, peers)
        evidence = np.maximum(known, 0) / (np.maximum(known, 0) + HALF_EVIDENCE)
    low, middle, high = _quartiles(values, groups)
    scale = (high - low) / QUARTILES_TO_SIGMA
    # The typical scale is that of partners, not of groups, so that it doesn't depend on how groups are cut.
    typical = np.median(scale[group], axis=0)
    least = np.maximum(LEAST_SCALE * typical, 1e-3)
    distance = (values - middle[group]) / np.maximum(scale, least)[group]
    distance = np.clip(np.nan_to_num(distance), -FARTHEST, FARTHEST) * evidence[:, None]
    median = np.sign(middle) * np.expm1(np.abs(middle))
    return Usual(distance, median[group], evidence, groups, group)


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


def _quartiles(values: Matrix, groups: list[NDArray[np.intp]]) -> tuple[Matrix, Matrix, Matrix]:
    """Return the quartiles of each group, groups x columns; 0 where nothing is known."""
    asked = [0.25, 0.5, 0.75]
    if np.isnan(values).any():
        # An all-missing group is filled with 0, whose distance from a missing value is 0 again.
        found = np.empty((3, len(groups), values.shape[1]))
        for at, rows in enumerate(groups):
            part = values[rows]
            empty = np.isnan(part).all(axis=0)
            found[:, at] = np.nanquantile(np.where(empty, 0.0, part), asked, axis=0)
    else:
        found = np.stack([np.quantile(values[rows], asked, axis=0) for rows in groups], axis=1)
    return found[0], found[1], found[2]
