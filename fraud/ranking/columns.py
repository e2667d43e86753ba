"""What a column's name and shape say: which side of it is suspicious, and which column is a partner's size.

The side is a prior, stated before any label is seen: traffic made by few sources is concentrated, bursty and
nameless, so few distinct values, low entropy, high shares, maxima and variances point at fraud (the features of
Oentaryo et al., JMLR 15, 2014, are built on it). A name that follows no convention has no side: both of its
tails count. Names are cut at underscores, digits and capitals: ``NoOfUniqueIp`` is no·of·unique·ip.

Invariants: labels play no part here; the same names give the same sides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

LOW: Final = frozenset({"unique", "uniques", "distinct", "entropy", "diversity", "evenness"})
"""Few different values are suspicious: one machine makes the clicks of many."""
HIGH: Final = frozenset(
    {
        *("max", "same", "top", "identical", "duplicate", "duplicates", "repeated", "gini", "concentration"),
        *("variance", "var", "std", "deviation", "burst", "bursts", "velocity", "peak", "avg", "mean"),
        *(
            "missing",
            "empty",
            "non",
            "without",
            "unknown",
            "invalid",
            "suspect",
            "bot",
            "bots",
            "proxy",
            "refused",
        ),
    }
)
"""Much of it is suspicious: repetition, bursts, and what hides where it comes from."""
PER_CLICK: Final = frozenset({"ratio", "share", "rate"})
"""``IpClickRatio``: so many different addresses for a click. Together with "click" this is a LOW name."""
CLICKS: Final = frozenset({"click", "clicks", "events", "visits", "impressions"})
TOTAL: Final = frozenset({"total", "count", "counts", "number", "num", "no", "nb", "n", "of", "all", "sum"})
COUNT_SHARE: Final = 0.95
"""Share of partners in which clicks must be at least any other count; the rest may count other things."""
MOST_AMOUNTS: Final = 30
"""Numbers of events that ratios are made of; their pairs grow with the square."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(name: str) -> list[str]:
    """Return a column name's words in lower case, without digits."""
    return [word.lower() for word in _WORDS.findall(name)]


def side(name: str) -> int:
    """Return 1 when high values are suspicious, -1 when low ones are, 0 when the name doesn't say."""
    said = set(words(name))
    if said & LOW:
        return -1
    if said & HIGH:
        return 1
    return -1 if said & PER_CLICK and said & CLICKS else 0


def sides(names: Sequence[str], declared: Mapping[str, int] | None = None) -> NDArray[np.int8]:
    """Return each column's side; what is ``declared`` comes before what the name says."""
    known = declared or {}
    return np.array([known.get(name, side(name)) for name in names], dtype=np.int8)


def size_column(names: Sequence[str], matrix: NDArray[np.float64]) -> str | None:
    """Return the column that counts a partner's clicks, or None when nothing looks like one.

    First by name (``clicks``, ``TotalClicks``, ``click_count``); else the counting column that is at least every
    other in nearly all partners, as a number of clicks is at least its number of addresses.

    Args:
        names: The columns' names.
        matrix: Their values, partners x columns; NaN is a missing value.

    """
    for name in names:
        said = words(name)
        if set(said) & CLICKS and set(said) <= CLICKS | TOTAL:
            return name
    counts = [at for at in range(len(names)) if _counts(matrix[:, at])]
    if len(counts) < 2:
        return None
    values = np.nan_to_num(matrix[:, counts])
    largest = values.max(axis=1)
    dominant = (values >= largest[:, None]).mean(axis=0)
    best = int(np.argmax(dominant))
    return names[counts[best]] if dominant[best] >= COUNT_SHARE else None


def amounts(matrix: NDArray[np.float64]) -> list[int]:
    """Return the columns that are numbers of events: totals, maxima, means per active minute, distinct values.

    They are known by shape: each value is 0 or at least 1, and some are above 1. Shares and entropies have values
    between 0 and 1, and so have variances, whose unit is another: their ratio to a number would depend on size.
    Of equal columns the first is taken, and at most MOST_AMOUNTS.

    Args:
        matrix: Partners x columns; NaN is a missing value.

    """
    found: list[int] = []
    for at in range(matrix.shape[1]):
        known = matrix[~np.isnan(matrix[:, at]), at]
        if not len(known) or not ((known == 0) | (known >= 1)).all() or known.max() <= 1:
            continue
        if not any(np.array_equal(matrix[:, at], matrix[:, other], equal_nan=True) for other in found):
            found.append(at)
    return found[:MOST_AMOUNTS]


def _counts(column: NDArray[np.float64]) -> bool:
    """Return whether the values are whole numbers, none negative, and more than a flag's two."""
    known = column[~np.isnan(column)]
    return bool(len(known) and (known >= 0).all() and (known == np.floor(known)).all() and known.max() > 1)
