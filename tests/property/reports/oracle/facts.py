"""Events as the oracle looks at them: where each lies, what it is worth to a question, and rows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tests.property.reports.oracle.clocks import TIMES, Range
from tests.property.reports.oracle.events import Events
from tests.property.reports.oracle.figures import PARTS, Figure
from tests.property.reports.oracle.values import valued

Key = tuple[Any, ...]
Place = tuple[str, int]
"""An event: its table and its row there."""


@dataclass(frozen=True)
class Caller:
    """Who asks; ``only`` are the columns and ids its rows are limited to."""

    role: str
    only: tuple[tuple[str, int], ...] = ()


@dataclass
class Group:
    """The events of one row, in the report's range and in the one it is compared with."""

    ranges: tuple[list[Place], list[Place]] = field(default_factory=lambda: ([], []))

    @staticmethod
    def of(groups: Iterable[Group]) -> Group:
        """Return several groups as one."""
        whole = Group()
        for group in groups:
            for all_of, places in zip(whole.ranges, group.ranges, strict=True):
                all_of.extend(places)
        return whole


Row = tuple[Key, dict[str, Figure], Group]


class Facts:
    """A fixed set of events; what is the same for many questions about them is remembered."""

    def __init__(self, events: Events) -> None:
        tables = {"clicks": events.clicks, "impressions": events.impressions, "conversions": events.conversions}
        self.frames = {
            name: frame[~frame["is_test"].astype(bool)].reset_index(drop=True) for name, frame in tables.items()
        }
        self._known: dict[Any, list[Any]] = {}

    def values(self, table: str, name: str, span: Range) -> list[Any]:
        """Return a dimension of all events of a table."""
        moved = span.moved.get(name) if name in TIMES else None
        key = (table, name, span.zone if name in TIMES else "", moved)
        if key not in self._known:
            self._known[key] = valued(self.frames[table], name, span).tolist()
        return self._known[key]

    def given(self, table: str, part: str, into: str) -> list[Any]:
        """Return what each event of a table gives to a part."""
        key = (table, part, into)
        if key not in self._known:
            found = PARTS[part].tables[table](self.frames[table], into)
            self._known[key] = [None if pd.isna(one) else one for one in found.tolist()]
        return self._known[key]
