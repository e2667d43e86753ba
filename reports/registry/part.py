"""What a part is: what each table contributes to it and how contributions meet.

Invariants: a fold merges what its part's contributions are, in any order and any number of times; ``empty`` is
of the same type as every contribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template


@dataclass(frozen=True, slots=True)
class Fold:
    """How contributions of one part meet; ``$p`` stands for the part's column."""

    again: str
    """Merge into a value that can be merged once more."""
    final: str
    """Merge into the final value."""
    peek: str
    """Read the final value of one merged contribution."""
    nothing: str = ""
    """The final value of no contribution at all; as ``peek`` reads ``empty`` where it isn't given."""


@dataclass(frozen=True, slots=True)
class Part:
    """One aggregate over clicks, over conversions, over impressions, or over several of them."""

    name: str
    help: str
    fold: Fold
    empty: str
    """What the other table contributes, in the same type."""
    columns: tuple[str, ...]
    """Columns the aggregates read."""
    clicks: str | None = None
    rollup: str | None = None
    conversions: str | None = None
    impressions: str | None = None
    currency: str = ""
    """The column that says which currency it is money of; rows in another one are left out."""
    exchanged: Part | None = None
    """The same with other currencies converted; in its contributions ``$t`` is the table's time column."""

    @property
    def nothing(self) -> str:
        """The final value where no row contributes."""
        return self.fold.nothing or Template(self.fold.peek).substitute(p=self.empty)
