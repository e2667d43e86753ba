"""What there is to ask for, as the API tells the one who looks: dimensions, metrics, operators, with their words.

Invariant: nothing is offered that the API doesn't list to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from reports.web.visit import Visit

SCHEMA: Final = "/api/v1/reports/schema"
GROUPS: Final = {
    "time": "Time",
    "who": "Who",
    "what": "What was promoted",
    "labels": "Labels and sub ids",
    "where": "Where",
    "network": "Network",
    "device": "Device",
    "origin": "Where they came from",
    "quality": "Quality",
    "conversion": "Conversion",
    "clicks": "Clicks",
    "conversions": "Conversions",
    "money": "Money",
    "activity": "Activity",
    "custom": "Made by you and your colleagues",
}
"""What people call the groups."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Entries of the schema by name."""

    dimensions: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, Any]]
    operators: Mapping[str, Mapping[str, Any]]
    limits: Mapping[str, int]
    units: tuple[str, ...]
    currency: str
    currencies: tuple[str, ...]

    @property
    def most_rows(self) -> int:
        """Rows that a report may have."""
        return self.limits["rows"]

    @property
    def most_columns(self) -> int:
        """Columns that a pivot may have."""
        return self.limits["pivot_columns"]

    def seen(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of some metrics that may be seen."""
        return tuple(name for name in names if name in self.metrics)

    def measured(self, own: Iterable[str] = ()) -> Iterable[str]:
        """Yield every name of a metric, of its value before and of its change.

        Args:
            own: Formulas of the report itself.

        """
        for name in (*self.metrics, *own):
            yield from (name, f"{name}_before", f"{name}_change")

    def label(self, name: str) -> str:
        """Return what people call a dimension or a metric, also where it is a part of one."""
        for end, said in (("_before", " before"), ("_change", ", change")):
            if name.endswith(end) and name.removesuffix(end) in self.metrics:
                return f"{self.metrics[name.removesuffix(end)]['label']}{said}"
        entry = (
            self.dimensions.get(name) or self.metrics.get(name) or self.dimensions.get(name.removesuffix("_id"))
        )
        return str(entry["label"]) if entry else name

    def told(self, op: str) -> str:
        """Return an operator in words."""
        entry = self.operators.get(op)
        return str(entry["label"]).partition(" (")[0].partition(",")[0] if entry else op

    def grouped(self, which: str) -> list[tuple[str, str, list[Mapping[str, Any]]]]:
        """Return dimensions or metrics by group: its name, what it is called, its entries."""
        entries = getattr(self, which).values()
        return [
            (name, GROUPS.get(name, name), list(some)) for name, some in groupby(entries, lambda one: one["group"])
        ]

    def times(self) -> list[str]:
        """Return the dimensions that a course in time is made of, the shortest first."""
        return [name for name, one in self.dimensions.items() if one["group"] == "time" and one["kind"] == "time"]


async def catalog(visit: Visit) -> Catalog:
    """Return what the one who looks may ask for."""
    told = await visit.api.get(SCHEMA, values="false")
    named = {kind: {one["name"]: one for one in told[kind]} for kind in ("dimensions", "metrics", "operators")}
    return Catalog(
        **named,
        limits=told["limits"],
        units=tuple(told["formulas"]["units"]),
        currency=told["currency"],
        currencies=tuple(told["currencies"]),
    )
