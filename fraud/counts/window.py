"""One trailing window over hashed keys, in sorted arrays.

An entry is a key and a step of time in one 64-bit number, the key above: ``key << 24 | step``. So the entries of a
key's window lie side by side, and what is in it is the difference of two running sums, found by bisection. New
entries go to a small young table, which is merged into the old one when it has grown, so that a batch of a few
clicks never copies megabytes.

Invariants: keys are 40 bits of a hash: with a million keys in the window, one in a million shares its count with
another. Steps are kept modulo 2²⁴ (194 days of seconds). At most ``entries`` entries are kept, those of the latest
steps, and of one step those that count most.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Entries: TypeAlias = NDArray[np.uint64]
Whole: TypeAlias = NDArray[np.int64]

STEP_BITS: Final = np.uint64(24)
_STEP_MASK: Final = np.uint64(2**24 - 1)
_KEY_MASK: Final = np.uint64(2**64 - 2**24)

ENTRIES_KEPT: Final = 500_000
"""8 MB a window; at 8,000 clicks/s a minute has 480,000."""
_YOUNG: Final = 32_768
"""Entries of the young table before it is merged."""


def entries_of(keys: Entries, ts: Whole, step_ms: int) -> Entries:
    """Return each event's entry: the hash of its key above its step of time."""
    steps = (ts // step_ms).astype(np.uint64) & _STEP_MASK
    return (keys & _KEY_MASK) | steps


class _Table:
    """Sorted entries with running sums of their weights."""

    def __init__(self, entries: Entries, weights: Whole) -> None:
        self.entries = entries
        self.weights = weights
        self._sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(weights)))

    def between(self, first: Entries, last: Entries) -> Whole:
        """Return the weight from ``first`` to ``last``, both included."""
        if not len(self.entries):
            return np.zeros(len(last), np.int64)
        begin = np.searchsorted(self.entries, first, "left")
        end = np.searchsorted(self.entries, last, "right")
        found: Whole = self._sums[end] - self._sums[begin]
        return found

    def plus(self, entries: Entries, weights: Whole) -> _Table:
        """Return a table with more; ``entries`` are sorted and distinct."""
        if not len(self.entries):
            return _Table(entries, weights)
        places = np.searchsorted(self.entries, entries)
        known = self.entries[np.minimum(places, len(self.entries) - 1)] == entries
        merged = self.weights.copy()
        merged[places[known]] += weights[known]
        new = ~known
        return _Table(
            np.insert(self.entries, places[new], entries[new]), np.insert(merged, places[new], weights[new])
        )


_EMPTY: Final = _Table(np.empty(0, np.uint64), np.empty(0, np.int64))


class Window:
    """Counts events of each key over the last ``steps`` steps."""

    def __init__(self, steps: int = 60, entries: int = ENTRIES_KEPT) -> None:
        self._back = np.uint64(steps - 1)
        self._most = entries
        self._old = self._young = _EMPTY

    def __len__(self) -> int:
        """Return how many entries are kept."""
        return len(self._old.entries) + len(self._young.entries)

    def count(self, entries: Entries, weights: Whole | None = None, *, keep: bool = True) -> Whole:
        """Return, for each event, what its key's window holds up to it, itself included.

        Args:
            entries: As ``entries_of`` makes them, in the order they came in.
            weights: What each adds, 0 for one that only looks; None for 1 each.
            keep: False: nothing is remembered.

        """
        order = np.argsort(entries, kind="stable")
        ordered = entries[order]
        added = np.ones(len(entries), np.int64) if weights is None else weights[order]
        first = np.maximum(ordered, (ordered & _KEY_MASK) + self._back) - self._back
        sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(added)))
        found = sums[1:] - sums[np.searchsorted(ordered, first, "left")]
        found += self._old.between(first, ordered) + self._young.between(first, ordered)
        if keep and len(ordered):
            starts = np.flatnonzero(np.concatenate((np.ones(1, np.bool_), ordered[1:] != ordered[:-1])))
            self._remember(ordered[starts], np.add.reduceat(added, starts))
        counted = np.empty(len(entries), np.int64)
        counted[order] = found
        return counted

    def _remember(self, entries: Entries, weights: Whole) -> None:
        self._young = self._young.plus(entries, weights)
        if len(self._young.entries) < _YOUNG:
            return
        self._old, self._young = self._old.plus(self._young.entries, self._young.weights), _EMPTY
        if len(self._old.entries) > self._most:
            self._forget()

    def _forget(self) -> None:
        """Keep half as many as may be: those of the latest steps, and within a step those that count most."""
        # Steps wrap around once in half a year; then the oldest seem the latest for a moment.
        order = np.lexsort((self._old.weights, self._old.entries & _STEP_MASK))
        kept = np.sort(order[-(self._most // 2) :])
        self._old = _Table(self._old.entries[kept], self._old.weights[kept])
