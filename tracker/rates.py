"""Money from one currency into another, at the rate of an event's day.

Invariants: a rate holds from 00:00 UTC of its day until the next one's; before the first there is none; money
is exact until the end and rounded once, half to even at six places (IEEE 754 roundTiesToEven, as banks round,
so that many roundings do not drift); without a rate there is no amount, never a guessed one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal

DAY_MS = 86_400_000
SIX_PLACES = Decimal("0.000001")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Eighteen digits of an amount by eighteen of a rate make thirty-six; the division's rest can't show."""


def rounded(amount: Decimal) -> Decimal:
    """Return an amount as it is stored: six places, half to even."""
    return amount.quantize(SIX_PLACES, context=EXACT)


def utc_day(ts: int) -> int:
    """Return the days since 1970 of a moment in milliseconds."""
    return ts // DAY_MS


@dataclass(frozen=True, slots=True)
class Rates:
    """What currencies are worth, by day; of the routing snapshot."""

    base: str = ""
    """What the rates are quoted in."""
    table: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """Currency -> (day since 1970 from which it holds, worth of one unit in ``base``), ascending."""

    def convert(self, amount: Decimal, source: str, target: str, day: int) -> Decimal | None:
        """Return an amount in another currency, unrounded; None without a rate on that day.

        Args:
            amount: In ``source``.
            source: ISO 4217 code.
            target: The same.
            day: Days since 1970, UTC.

        """
        if source == target:
            return amount
        ours, theirs = self._worth(source, day), self._worth(target, day)
        if ours is None or not theirs:
            return None
        return EXACT.divide(EXACT.multiply(amount, ours), theirs)

    def _worth(self, currency: str, day: int) -> Decimal | None:
        if currency == self.base:
            return Decimal(1)
        known = self.table.get(currency, ())
        place = bisect_right(known, day, key=lambda entry: entry[0])
        return Decimal(known[place - 1][1]) if place else None


NO_RATES = Rates()
