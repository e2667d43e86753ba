"""Hashed keys of what is counted: Python hashes the texts, numpy mixes the facts of a key.

Python's own hash of a text differs from process to process and is kept inside the text; so these keys are this
process's own, and cost 50 ns each. What processes share is keyed by ``shared_key``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fraud.counts.port import Count
from fraud.traffic import Traffic

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ divided by the golden ratio: Fibonacci hashing spreads neighbours (Knuth, TAOCP 3, 6.4)."""
_ALL: Final = 2**64 - 1
_FOLD: Final = np.uint64(31)
KEY_BYTES: Final = 10
"""Of a shared key."""


def shared_key(traffic: Traffic, count: Count, row: int) -> bytes:
    """Return a click's key for a count, the same in every process."""
    facts = "\n".join(str(getattr(traffic, fact)[row]) for fact in count.facts)
    return blake2b(f"{count.name}\n{facts}".encode("utf-8", "replace"), digest_size=KEY_BYTES).digest()


class Keys:
    """The keys of one batch; a fact that several counts share is hashed once."""

    def __init__(self, traffic: Traffic, rows: NDArray[np.int64]) -> None:
        """Read some rows of a batch."""
        self._traffic = traffic
        self._rows = rows
        self._facts: dict[str, NDArray[np.uint64]] = {}

    def of(self, count: Count) -> NDArray[np.uint64]:
        """Return the key of each row for a count."""
        return self._mixed(count.name, count.facts)

    def with_value(self, count: Count) -> NDArray[np.uint64]:
        """Return the key of each row together with the value whose differences are counted."""
        return self._mixed(count.name, (*count.facts, count.distinct))

    def _mixed(self, name: str, facts: Sequence[str]) -> NDArray[np.uint64]:
        mixed = np.full(len(self._rows), hash(name) & _ALL, np.uint64)
        for fact in facts:
            mixed = (mixed ^ self._fact(fact)) * _MIX
            mixed ^= mixed >> _FOLD
        return mixed

    def _fact(self, name: str) -> NDArray[np.uint64]:
        hashed = self._facts.get(name)
        if hashed is None:
            values = getattr(self._traffic, name)
            if name.endswith("_ids"):
                hashed = np.asarray(values, np.int64).astype(np.uint64)[self._rows]
            else:
                hashed = np.fromiter(map(hash, values), np.int64, len(values)).view(np.uint64)[self._rows]
            self._facts[name] = hashed
        return hashed
