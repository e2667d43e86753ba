"""What a replay counts. Every click and conversion that was sent ends in exactly one of the outcomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tally:
    """The counts of one replay.

    ``clicks_sent`` = ``redirected`` + clicks refused + clicks unanswered, and likewise for conversions.
    """

    clicks_sent: int = 0
    redirected: int = 0
    """Clicks answered with a redirect that carries a click id."""
    conversions_sent: int = 0
    """Conversions whose postback was sent, however often."""
    conversions_accepted: int = 0
    refused: int = 0
    """Clicks and postbacks answered with anything else."""
    unanswered: int = 0
    """Clicks and postbacks whose answer never came; such a click may have been counted, so it isn't sent again."""
    unsent_conversions: int = 0
    """Conversions with no click id to send, because their click was refused or unanswered."""
    bad_lines: int = 0
    interrupted: bool = False
    refusals: Counter[str] = field(default_factory=Counter)
    """What was answered instead, such as ``click 404``, and how often."""

    def refuse(self, what: str) -> None:
        """Count an answer that is a refusal."""
        self.refused += 1
        self.refusals[what] += 1

    def as_json(self, elapsed_s: float) -> dict[str, Any]:
        """Return the object a replay ends with."""
        counted: dict[str, Any] = {
            "clicks_sent": self.clicks_sent,
            "redirected": self.redirected,
            "conversions_sent": self.conversions_sent,
            "conversions_accepted": self.conversions_accepted,
            "refused": self.refused,
            "elapsed_s": round(elapsed_s, 3),
            "unanswered": self.unanswered,
            "unsent_conversions": self.unsent_conversions,
            "bad_lines": self.bad_lines,
        }
        if self.refusals:
            counted["refusals"] = dict(self.refusals.most_common())
        if self.interrupted:
            counted["interrupted"] = True
        return counted
