"""Counts in this process's memory; forgotten with the process."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fraud.counts.keys import Keys
from fraud.counts.port import COUNTS, Count, Counted, Whole
from fraud.counts.window import ENTRIES_KEPT, Window, entries_of
from fraud.traffic import Traffic

BATCHES_REMEMBERED: Final = 16
"""Named batches whose counts are kept, in case they are tried again: 13 MB of full ones."""


class MemoryCounts:
    """Counts of one process."""

    def __init__(self, entries: int = ENTRIES_KEPT) -> None:
        """Begin with nothing counted.

        Args:
            entries: Most entries kept per window.

        """
        self._windows = {count.name: Window(entries=entries) for count in COUNTS}
        self._seen = {count.name: Window(entries=entries) for count in COUNTS if count.distinct}
        self._named: OrderedDict[str, Counted] = OrderedDict()

    def count(self, traffic: Traffic, name: str = "") -> Counted:
        """Count a batch; see ``Counts``."""
        known = self._named.get(name) if name else None
        if known is not None:
            return known
        counted = self._count(traffic)
        if name:
            self._named[name] = counted
            if len(self._named) > BATCHES_REMEMBERED:
                self._named.popitem(last=False)
        return counted

    def _count(self, traffic: Traffic) -> Counted:
        rows = counted_rows(traffic)
        keys = Keys(traffic, rows)
        ts = np.asarray(traffic.ts, np.int64)[rows]
        values: dict[str, Whole] = {}
        for count in COUNTS:
            values[count.name] = spread = np.zeros(len(traffic), np.int32)
            spread[rows] = self._one(count, keys, ts)
        return Counted(values)

    def _one(self, count: Count, keys: Keys, ts: NDArray[np.int64]) -> NDArray[np.int64]:
        entries = entries_of(keys.of(count), ts, count.step_ms)
        if not count.distinct:
            return self._windows[count.name].count(entries)
        # A value adds to its key when it is the first of its kind in the window.
        seen = self._seen[count.name].count(entries_of(keys.with_value(count), ts, count.step_ms))
        return self._windows[count.name].count(entries, (seen == 1).astype(np.int64))


def counted_rows(traffic: Traffic) -> NDArray[np.int64]:
    """Return the rows that are counted: clicks, no impressions, no self-tests."""
    left_out = np.asarray(traffic.is_impression, np.bool_) | np.asarray(traffic.is_test, np.bool_)
    return np.flatnonzero(~left_out)
