"""How long before a click its visitor saw a banner of the offer.

Invariants: memory is bounded, the latest sightings are kept; a click is told the last sighting before it, never
one after it, and the same again when its batch is tried again; impressions of another edge's journal may come too
late to be known, and then the click has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracker.events import Click

LONGEST_MS: Final = 60_000
"""A sighting before that has nothing to do with how quickly somebody clicked."""
SIGHTINGS_KEPT: Final = 50_000
"""Visitors and offers remembered at least: about 10 MB."""
NONE: Final = -1


class Sightings:
    """Remembers who saw a banner when."""

    def __init__(self, kept: int = SIGHTINGS_KEPT) -> None:
        self._kept = kept
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def ages(self, clicks: Sequence[Click]) -> list[int]:
        """Return the milliseconds from sighting to click, -1 for none; impressions are remembered."""
        ages = [NONE] * len(clicks)
        for row, click in enumerate(clicks):
            if click.kind == "impression":
                self._remember(_visitor(click), click.ts)
            elif self._young or self._old:
                key = _visitor(click)
                seen = self._young.get(key) or self._old.get(key)
                if seen is not None and 0 <= click.ts - seen < LONGEST_MS:
                    ages[row] = click.ts - seen
        return ages

    def _remember(self, key: int, ts: int) -> None:
        self._young[key] = ts
        if len(self._young) > self._kept:
            self._old, self._young = self._young, {}


def _visitor(click: Click) -> int:
    return hash((click.partner_id, click.offer_id, click.ip, click.user_agent))
