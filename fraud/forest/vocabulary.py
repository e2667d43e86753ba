"""Texts turned into numbers, each distinct one once: what makes features quick.

Invariants: a text's number is the same in every process and for ever, because learnt tables are stored by it; no
text raises; memory is bounded, whatever visitors send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
"""64-bit numbers that stand for texts: two of a million texts share one with a chance of 3·10⁻⁸."""
Numbers: TypeAlias = npt.NDArray[np.float64]

MOST_KEPT: Final = 65_536
"""Texts remembered per column across batches; then it begins anew. User agents of that many take 20 MB."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
"""Constants of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014)."""


def key_of(text: str) -> int:
    """Return the number that stands for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def mixed(first: Keys, second: Keys) -> Keys:
    """Return keys that stand for pairs; the order of a pair matters."""
    with np.errstate(over="ignore"):
        bits = first * _ODD + second
        bits = (bits ^ (bits >> _SHIFTS[0])) * _FIRST
        bits = (bits ^ (bits >> _SHIFTS[1])) * _SECOND
        return np.asarray(bits ^ (bits >> _SHIFTS[2]), np.uint64)


def keys_of_numbers(numbers: Iterable[int], count: int) -> Keys:
    """Return keys that stand for whole numbers such as ids."""
    plain = np.fromiter(numbers, np.int64, count).astype(np.uint64)
    return mixed(plain, np.full(count, 1, np.uint64))


class _Places(dict[str, int]):
    """Place of each text; those not met before are listed in ``new``."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, text: str) -> int:
        """Give a new text the next place."""
        place = self[text] = len(self)
        self.new.append(text)
        return place


class Vocabulary:
    """The texts of one column and what is known of each. Not for two threads at once."""

    def __init__(self, measure: Callable[[str], float] | None = None, most: int = MOST_KEPT) -> None:
        """Begin with no text.

        Args:
            measure: What to note of a text beside its key.
            most: Texts remembered.

        """
        self._measure = measure
        self._most = most
        self._begin()

    def _begin(self) -> None:
        self._places = _Places()
        self._keys: Keys = np.empty(0, np.uint64)
        self._numbers: Numbers = np.empty(0)

    def look_up(self, texts: Iterable[str], count: int) -> tuple[Keys, Numbers]:
        """Return each text's key, and its measure (nothing without one)."""
        if len(self._places) > self._most:
            self._begin()
        places = np.fromiter(map(self._places.__getitem__, texts), np.int64, count)
        if self._places.new:
            new, self._places.new = self._places.new, []
            self._keys = np.append(self._keys, np.fromiter(map(key_of, new), np.uint64, len(new)))
            if self._measure is not None:
                measured = np.fromiter(map(self._measure, new), np.float64, len(new))
                self._numbers = np.append(self._numbers, measured)
        keys = self._keys[places]
        return keys, self._numbers[places] if self._measure is not None else self._numbers[:0]
