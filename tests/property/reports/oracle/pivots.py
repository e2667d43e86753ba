"""The columns of a pivot, as docs/reports.md has them under "Pivots"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.property.reports.oracle.clocks import TIMES
from tests.property.reports.oracle.values import NAMED, shown

OTHER = "(other)"
"""The column of all values that have none of their own."""


@dataclass
class Columns:
    """A dimension's values that have a column of their own, those with the most first."""

    name: str
    own: list[Any]
    has_other: bool = False

    def keys(self, role: str) -> list[tuple[Any, str]]:
        """Return the columns in order, with how each is called; two of one name are told apart by the id."""
        ordered = sorted(self.own) if self.name in TIMES else self.own
        texts = [_text(shown(self.name, value, role)) for value in ordered]
        found = [
            (value, f"{text} #{value}" if self.name in NAMED and texts.count(text) > 1 else text)
            for value, text in zip(ordered, texts, strict=True)
        ]
        return [*found, *([(OTHER, OTHER)] if self.has_other else [])]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
