"""How many clicks come together: exact trailing windows, in memory and shared between hosts."""

from __future__ import annotations

from fraud.counts.memory import MemoryCounts
from fraud.counts.port import COUNT_NAMES, COUNTS, Count, Counted, Counts
from fraud.counts.shared import GuardedCounts, RedisCounts, guarded_counts

__all__ = [
    "COUNTS",
    "COUNT_NAMES",
    "Count",
    "Counted",
    "Counts",
    "GuardedCounts",
    "MemoryCounts",
    "RedisCounts",
    "guarded_counts",
]
