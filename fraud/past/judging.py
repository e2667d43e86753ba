"""What judging the past needs of those who judge: batches of stored events in, the columns they would have out.

Invariants: events come in the order they were received, first those before the range, of which only counts are
kept, so that the range's first click is judged as its last one; what isn't stored of an event (headers of the
request) can't be found again, so a reason that came of it stays while its rule is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol, TypeAlias

import pyarrow as pa

from fraud.entries import RuleEntry

WARM_UP_MS = 60 * 60 * 1000
"""Read before the range: the longest window that counts are made over."""

Money: TypeAlias = tuple[Decimal, Decimal, str]
"""Payout, revenue and their currency."""
NOTHING: Money = (Decimal(0), Decimal(0), "")

Prices: TypeAlias = Callable[[str, int, int, str], Money]
"""What a click or impression (its kind, offer, partner and country) earns by itself now; ``NOTHING`` mostly."""


class Judging(Protocol):
    """Rules and model at one moment, with counts of their own."""

    @property
    def rules_version(self) -> str:
        """Which rules judge."""
        ...

    @property
    def model_version(self) -> str:
        """Which model, '' for none."""
        ...

    @property
    def facts(self) -> Sequence[str]:
        """Columns of ``clicks`` that are judged by."""
        ...

    def warm(self, events: pa.Table, kind: str) -> None:
        """Count events from before the range."""
        ...

    def judge(self, events: pa.Table, kind: str) -> Mapping[str, pa.Array]:
        """Return the columns of ``schema.JUDGED`` by name; ``kind`` says whether clicks or impressions come."""
        ...

    def judge_conversions(self, conversions: pa.Table) -> Mapping[str, pa.Array]:
        """Return the carried columns of conversions, and ``follows``: hold, reject or ''.

        Args:
            conversions: ``old_`` columns as they are stored, ``click_`` columns as their clicks are judged now
                (those that stay as they are: as they are stored).

        """
        ...


Begin: TypeAlias = Callable[[], Judging]
"""Begins to judge, with nothing counted."""
Judges: TypeAlias = Callable[[Sequence[RuleEntry], int | None], Begin]
"""Takes what is in force now: rules changed by some entries, the model, and what was usual before a moment
(milliseconds since 1970; None: it doesn't matter)."""
