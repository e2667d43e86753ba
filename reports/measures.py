"""The metrics a query can name: the registry's as its view of the money makes them, and its own formulas.

Expected money is approved and pending; earned money is approved alone. Names that say which they mean
(approved_payout, expected_payout, held_payout) mean the same in both views. Invariants: a metric in another view
has its name and unit; only what it is made of differs; a query's own formula never takes a known name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType

from reports.errors import FORMULA_INVALID
from reports.query import Formula, MoneyView
from reports.registry import METRICS, PARTS, Metric, custom, formula

MAX_FORMULAS = 50

_EARNED: Mapping[str, str] = MappingProxyType(
    {
        "revenue": "approved_revenue",
        "payout": "approved_payout",
        "amount": "approved_amount",
        "sales": "approved_sales",
        "payouts": "approved_payouts",
    }
)
"""What stands for the names that follow the view, by part."""


def measures(formulas: Sequence[Formula], view: MoneyView) -> Mapping[str, Metric]:
    """Return every metric a query can name.

    Raises:
        ClickledgerError: ``formula_invalid``, or what is wrong with a formula.

    """
    known = METRICS if view == "expected" else _earned()
    if not formulas:
        return known
    if len(formulas) > MAX_FORMULAS:
        raise FORMULA_INVALID.error(f"A query has at most {MAX_FORMULAS} formulas.", limit=MAX_FORMULAS)
    found = dict(known)
    for one in formulas:
        made = custom(one.name, one.formula, one.unit, one.label)
        if one.name in found:
            raise FORMULA_INVALID.error(
                f"Two formulas are named '{one.name}'; give one another name.", name=one.name
            )
        found[one.name] = made if view == "expected" else _in_earned(made)
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class Earned(Metric):
    """A metric made of what is approved."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts the formula needs, through other metrics too."""
        found: dict[str, None] = {}
        for name in formula.names(self.formula):
            found.update(dict.fromkeys([_part(name)] if _part(name) in PARTS else _earned()[name].parts))
        return tuple(found)

    def sql(self, part: dict[str, str]) -> str:
        """Return the metric as SQL, given the SQL of each part."""

        def resolve(name: str) -> str:
            return part[_part(name)] if _part(name) in PARTS else _earned()[name].sql(part)

        return formula.render(self.formula, resolve)


def _part(name: str) -> str:
    """Return the part that stands for a name in this view, or the name itself."""
    return _EARNED.get(name, name)


@cache
def _earned() -> Mapping[str, Metric]:
    return MappingProxyType({name: _in_earned(metric) for name, metric in METRICS.items()})


def _in_earned(metric: Metric) -> Metric:
    given = {one.name: getattr(metric, one.name) for one in fields(Metric)}
    return Earned(**{**given, "formula": _part(metric.name) if metric.name in _EARNED else metric.formula})
