"""What a fraud reason is: its code, how it weighs and how a person reads it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from fraud.findings import facts_of

Category = Literal["GIVT", "SIVT"]

Kind = Literal[
    "agent",
    "request",
    "network",
    "repetition",
    "timing",
    "label",
    "target",
    "baseline",
    "amount",
    "coupon",
    "model",
]
"""What a reason looks at. Two SIVT reasons corroborate each other only when their kinds differ, so reasons with
one cause have one kind: whoever uses a VPN has both another address and another time zone than expected."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a click or a conversion is not an ordinary one."""

    code: str
    category: Category
    kind: Kind
    severity: int
    """0 to 100: how sure the reason alone makes us that nobody interested in the offer clicked."""
    sentence: str
    """What happened, for a partner manager."""
    help: str
    """Why it matters and what to do about it."""
    template: str = ""
    """The same with the numbers found, as ``str.format`` takes it; used when all of them are there."""
    more_templates: tuple[str, ...] = ()
    """For findings with other numbers; the first that has all of its is used."""
    counts: bool = True
    """False: recorded beside the click, but without weight in its verdict, unless its rule is set otherwise."""

    def told(self, facts: str = "") -> str:
        """Return what happened, with the numbers of a finding where it has them.

        Args:
            facts: As ``fraud.findings.facts_text`` writes them and ``fraud_facts`` keeps them.

        """
        if not facts or not self.template:
            return self.sentence
        known = facts_of(facts)
        for template in (self.template, *self.more_templates):
            with suppress(KeyError):
                return template.format_map(known)
        return self.sentence  # written by a version that knew other facts
