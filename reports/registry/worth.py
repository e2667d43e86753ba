"""What an amount is worth in the report's currency: the expressions that sums of money are made of.

Rates travel as parameters, see ``reports.exchange``. Invariants: an amount in the report's currency is never
converted; one without a rate on the event's UTC day is worth nothing; products are exact to 24 digits.
"""

from __future__ import annotations

OF_REPORT = "= {currency:String}"
"""A currency column that is the report's currency."""

TIME = "$t"
"""Stands for the table's time column in what a table contributes when it is converted."""


def factor(currency: str, time: str) -> str:
    """Return what one unit of a currency was worth in the report's currency at a time; 0 without a rate.

    Every currency has a number and every day of it one after it; the day's own step, or the last before it,
    is looked up by that number.
    """
    code = f"transform({currency}, {{rate_currencies:Array(String)}}, {{rate_numbers:Array(Int64)}}, toInt64(0))"
    step = f"roundDown(toInt64({code}) + toInt64(toDate({time}, 'UTC')), {{rate_steps:Array(Int64)}})"
    place = (
        f"transform({step}, {{rate_steps:Array(Int64)}}, arrayEnumerate({{rate_steps:Array(Int64)}}), toUInt32(1))"
    )
    return f"{{rate_factors:Array(Decimal(76, 18))}}[{place}]"


def sum_of(of: str, currency: str, condition: str = "") -> tuple[str, str]:
    """Return the sum of an amount under a condition: in the report's currency alone, and converted."""
    kept = f"{condition} AND {currency} {OF_REPORT}" if condition else f"{currency} {OF_REPORT}"
    worth = _worth(of, currency)
    # Not sumIf: it would look the rates of every row up, also of those it leaves out.
    converted = f"sum(if({condition}, {worth}, toDecimal256(0, 24)))" if condition else f"sum({worth})"
    return f"sumIf({of}, {kept})", converted


def _worth(of: str, currency: str) -> str:
    """Return an amount in the report's currency; most are in it already and need no looking up."""
    return f"if({currency} {OF_REPORT}, toDecimal256({of}, 24), {of} * {factor(currency, TIME)})"
