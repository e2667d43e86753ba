"""The metrics a query can name: the registry's as its view of the money makes them, and its own formulas.

Expected money is approved and pending; earned money is approved alone. Names that say which they mean
(approved_payout, expected_payout, held_payout) mean the same in both views. Invariants: a metric in another view
has its name and unit; only what it is made of differs; a query's own formula never takes a known name.

Where a report is compared with another range, ``<metric>_before`` and ``<metric>_change`` can be filtered and
sorted by as well as the metric itself; ``measure`` finds which is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Literal

from kernel.errors import ErrorKind
from reports.errors import FORMULA_INVALID, unknown
from reports.query import Formula, MoneyView
from reports.registry import METRICS, PARTS, Metric, custom, formula

MAX_FORMULAS = 50

Range = Literal["now", "before", "change"]
"""Of which range a metric's value is: the report's, the one it is compared with, or the change between the two."""

_ENDINGS: Mapping[str, Range] = MappingProxyType({"_before": "before", "_change": "change"})
"""Of names in rows; no metric's own name ends so."""

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


def measure(
    name: str,
    known: Mapping[str, Metric],
    kind: ErrorKind,
    *,
    is_compared: bool,
    what: str = "metric",
    others: Iterable[str] = (),
) -> tuple[Metric, Range]:
    """Return the metric that a filter or a sort key names, and of which range its value is meant.

    Args:
        name: As it was asked for.
        known: Every metric the query can name.
        kind: What it is refused with.
        is_compared: Whether the report is compared with another range.
        what: What the name could be of.
        others: What else could have been meant.

    Raises:
        ClickledgerError: of ``kind``, with the nearest names.

    """
    if name in known:
        return known[name], "now"
    stem = stem_of(name)
    of_range = _ENDINGS.get(name[len(stem) :])
    if of_range is None or stem not in known:
        compared = [f"{one}{ending}" for one in known for ending in _ENDINGS] if is_compared else []
        raise unknown(kind, what, name, [*others, *known, *compared])
    if not is_compared:
        raise kind.error(
            f"'{name}' is there where the report is compared with another range: give 'compare', or use '{stem}'.",
            name=name,
            nearest=[stem],
        )
    if of_range == "change" and known[stem].unit == "time":
        raise kind.error(
            f"'{stem}' is a moment and has no change; use '{stem}' or '{stem}_before'.",
            name=name,
            nearest=[stem, f"{stem}_before"],
        )
    return known[stem], of_range


def stem_of(name: str) -> str:
    """Return the metric's name of ``<metric>_before`` and ``<metric>_change``, and any other name as it is."""
    return next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), name)


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
