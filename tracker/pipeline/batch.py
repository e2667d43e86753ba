"""A batch of clicks on its way to the ``clicks`` table: columns that grow step by step.

Invariants: every column has one entry per click, in the order of the journal; ``columns`` holds only
columns of the ``clicks`` table; a column that no step writes stays at its type's empty value.

What repeats across clicks is looked up once per distinct value and spread over the rows by Arrow, which
costs a third of building the same column from Python objects.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pyarrow as pa

from fraud.engine import Assessment
from kernel.clickhouse.arrow import arrow_schema
from tracker.events import Click

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value", bound=Sequence[Any])


@dataclass(frozen=True, slots=True)
class Distinct(Generic[Value]):
    """A value per row, with each distinct one kept once."""

    values: Sequence[Value]
    places: Sequence[int]
    """For each row, the place of its value in ``values``."""

    def each(self, part: Callable[[Value], Any]) -> list[Any]:
        """Return a part of each row's value, taking it once per distinct value."""
        parts = [part(value) for value in self.values]
        return [parts[place] for place in self.places]


def look_up(keys: Sequence[Key], find: Callable[[Key], Value]) -> Distinct[Value]:
    """Return ``find(key)`` for every key, asking once for each distinct one."""
    places = dict.fromkeys(keys, 0)
    for place, key in enumerate(places):
        places[key] = place
    return Distinct([find(key) for key in places], [places[key] for key in keys])


@dataclass(slots=True)
class ClickBatch:
    """Clicks, the columns made of them so far, and what steps leave for later ones."""

    clicks: Sequence[Click]
    edge: str
    """Name of the edge worker that took them."""
    columns: dict[str, Any] = field(default_factory=dict)
    """Column name -> Python values or an Arrow array of the column's type."""
    parameters: Sequence[Mapping[str, str]] = ()
    """Canonical parameters of each click; left by ``parameters``."""
    facts: dict[str, Sequence[Any]] = field(default_factory=dict)
    """Facts that rules and model look at, by their names in ``fraud.traffic.Traffic``; left by the steps
    that find them."""
    assessment: Assessment | None = None
    """What is thought of the clicks so far; left by ``rules``."""

    @property
    def length(self) -> int:
        """How many clicks there are."""
        return len(self.clicks)

    def spread(self, names: Iterable[str], found: Distinct[Any]) -> None:
        """Write columns from looked-up values; ``names`` are those of a value's first parts, in order."""
        schema, places = arrow_schema("clicks"), pa.array(found.places, pa.int32())
        for part, name in enumerate(names):
            values = pa.array([value[part] for value in found.values], schema.field(name).type)
            self.columns[name] = values.take(places)

    def repeat(self, name: str, value: Any) -> None:
        """Write one value into every row of a column."""
        self.columns[name] = pa.repeat(pa.scalar(value, arrow_schema("clicks").field(name).type), self.length)
