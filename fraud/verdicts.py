"""From a click's reasons to its verdict, its category and its score.

- *invalid*: one general reason (GIVT), or two sophisticated ones (SIVT) of different kinds, so that no
  single suspicion takes a partner's money;
- *suspect*: one sophisticated reason;
- *duplicate*: nothing but the same visitor's repeated click;
- *valid*: no reason that counts.

The score is the chance, in percent, that not all reasons are mistaken when each is right with its
severity's chance and they err independently: ``100 · (1 - Π(1 - severity/100))``. It comes from rules
alone; ``model_version`` is '' beside it.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Literal, NamedTuple

from fraud.reasons import DUPLICATE_CLICK, REASONS

Verdict = Literal["valid", "duplicate", "suspect", "invalid"]

_REMEMBERED = 4096
"""Combinations of reasons whose judgement is kept; a few dozen occur."""


class Judgement(NamedTuple):
    """What is stored of a click's quality."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Reason codes, the most severe first."""
    category: str
    """GIVT or SIVT, '' when nothing counts."""
    score: int
    """0 (ordinary) to 100."""


ACCEPTED = Judgement("valid", (), "", 0)
"""The judgement of a click without any reason."""


@lru_cache(maxsize=_REMEMBERED)
def judge(codes: tuple[str, ...]) -> Judgement:
    """Judge a click by its reason codes; ``duplicate_click`` is among them when the visitor is not new.

    Raises:
        KeyError: a code that is not in the table of reasons.

    """
    reasons = sorted({REASONS[code] for code in codes}, key=lambda reason: (-reason.severity, reason.code))
    counting = [reason for reason in reasons if reason.counts]
    sophisticated = [reason for reason in counting if reason.category == "SIVT"]
    general = len(counting) > len(sophisticated)
    verdict: Verdict
    if general or len({reason.kind for reason in sophisticated}) > 1:
        verdict = "invalid"
    elif not counting:
        verdict = "valid"
    elif all(reason.code == DUPLICATE_CLICK for reason in counting):
        verdict = "duplicate"
    else:
        verdict = "suspect"
    return Judgement(
        verdict,
        tuple(reason.code for reason in reasons),
        "GIVT" if general else "SIVT" if sophisticated else "",
        round(100 * (1 - prod(1 - reason.severity / 100 for reason in counting))),
    )
