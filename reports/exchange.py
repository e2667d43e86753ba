"""What one unit of each currency was worth in the report's currency, by UTC day.

Rates are quoted as worth in the program's base currency from a day on; a cross rate goes through the base.
Invariants: a factor is exact or rounded half to even at eighteen digits; a currency has none before its first
rate, nor before the first of the report's own currency; only what the report's range can need is kept, so
that a statement carries a few dozen numbers and not a table of rates.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from reports.names import Rates
from reports.span import Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_PLACE = Decimal("1e-18")
_EXACT = Context(prec=76, rounding=ROUND_HALF_EVEN)
"""As many digits as the store's widest decimal."""

_DAYS = 2**32
"""Numbers between two currencies: more than there are days."""

_ALWAYS = 0
"""The day from which the base currency has been worth itself."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Factors as the statements look them up: by currency number * ``_DAYS`` + days since 1970."""

    currencies: tuple[str, ...]
    numbers: tuple[int, ...]
    steps: tuple[int, ...]
    """Ascending; each holds until the next."""
    factors: tuple[Decimal, ...]
    """One for each step; 0 where there is no rate."""


def exchange(currency: str, base: str, rates: Rates, spans: Collection[Span]) -> Exchange | None:
    """Return the factors into a currency that events of some ranges can need; None if there are none.

    Args:
        currency: The report's.
        base: What the rates are quoted in.
        rates: By currency, oldest first.
        spans: The ranges the report reads.

    """
    first = min((span.start - _EPOCH).days for span in spans)
    last = max((span.end - _EPOCH).days for span in spans)
    quoted = {**rates, base: ((_ALWAYS, Decimal(1)),)}
    own = quoted.get(currency, ())
    # Number 0 is for currencies without any rate.
    codes: list[str] = []
    numbers: list[int] = []
    steps, factors = [0], [Decimal(0)]
    for code, quotes in sorted(quoted.items()):
        if code == currency:
            continue
        known = [(day, factor) for day, factor in _steps(quotes, own, first, last) if factor]
        if not known:
            continue
        number = (len(codes) + 1) * _DAYS
        codes.append(code)
        numbers.append(number)
        begins = () if known[0][0] <= _ALWAYS else ((_ALWAYS, Decimal(0)),)
        for day, factor in (*begins, *known):
            steps.append(number + day)
            factors.append(factor)
    return Exchange(tuple(codes), tuple(numbers), tuple(steps), tuple(factors)) if codes else None


def _steps(
    quotes: tuple[tuple[int, Decimal], ...], own: tuple[tuple[int, Decimal], ...], first: int, last: int
) -> list[tuple[int, Decimal]]:
    """Return (day, factor) from each day on which it changes; of those before the range the last alone."""
    days = sorted({max(day, _ALWAYS) for day, _ in (*quotes, *own) if day <= last})
    before = [day for day in days if day <= first][-1:]
    found: list[tuple[int, Decimal]] = []
    for day in (*before, *(day for day in days if day > first)):
        worth, per = _on(quotes, day), _on(own, day)
        factor = _EXACT.quantize(_EXACT.divide(worth, per), _PLACE) if worth and per else Decimal(0)
        if not found or found[-1][1] != factor:
            found.append((day, factor))
    return found


def _on(quotes: tuple[tuple[int, Decimal], ...], day: int) -> Decimal:
    """Return the worth on a day; 0 before the first quote."""
    worth = Decimal(0)
    for since, rate in quotes:
        if since > day:
            break
        worth = rate
    return worth
