"""What the API answers about itself and about saved reports, as types.

A field that a newer service adds is passed over; one that this client needs and doesn't get is an error.
"""

from __future__ import annotations

import difflib
from typing import Any

import msgspec


class Dimension(msgspec.Struct, frozen=True):
    """Something a report can be sliced by."""

    name: str
    label: str
    help: str
    group: str
    kind: str
    """text, number, bool, time, id or labels."""
    conversions_only: bool
    operators: list[str]
    values: list[Any] | None = None
    """Of some: the values it has at present."""


class Metric(msgspec.Struct, frozen=True):
    """Something a report can measure."""

    name: str
    label: str
    help: str
    group: str
    unit: str
    """count, ratio, money, score, seconds, number or time."""
    formula: str
    operators: list[str]


class Operator(msgspec.Struct, frozen=True):
    """A comparison; ``values`` says how many it takes: none, one, two or many."""

    name: str
    label: str
    values: str
    symbol: str = ""


class _Answer(msgspec.Struct, frozen=True):
    dimensions: list[Dimension]
    metrics: list[Metric]
    operators: list[Operator]
    limits: dict[str, int]
    currency: str
    currencies: list[str]


class Schema(msgspec.Struct, frozen=True):
    """Everything the key may ask for, by name."""

    dimensions: dict[str, Dimension]
    metrics: dict[str, Metric]
    operators: dict[str, Operator]
    limits: dict[str, int]
    currency: str
    currencies: list[str]

    def search(self, text: str) -> list[Dimension | Metric]:
        """Return what has the text in its name, label or help; else what is named most like it."""
        everything: dict[str, Dimension | Metric] = {**self.dimensions, **self.metrics}
        wanted = text.casefold()
        found = [
            one
            for one in everything.values()
            if any(wanted in told.casefold() for told in (one.name, one.label, one.help))
        ]
        return found or [everything[name] for name in difflib.get_close_matches(wanted, list(everything))]


class SavedReport(msgspec.Struct, frozen=True):
    """A report that is kept."""

    id: int
    name: str
    description: str
    owner: str
    query: dict[str, Any]


class SavedReports(msgspec.Struct, frozen=True):
    """A page of them."""

    items: list[SavedReport]
    next_cursor: str | None


def schema(body: bytes) -> Schema:
    """Read the answer of ``GET /api/v1/reports/schema``."""
    told = msgspec.json.decode(body, type=_Answer)
    return Schema(
        {one.name: one for one in told.dimensions},
        {one.name: one for one in told.metrics},
        {one.name: one for one in told.operators},
        told.limits,
        told.currency,
        told.currencies,
    )
