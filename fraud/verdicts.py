"""From a click's reasons to its verdict, its category and its score.

- *invalid*: one general reason (GIVT), or two sophisticated ones (SIVT) of different kinds, so that no
  single suspicion takes a partner's money;
- *suspect*: one sophisticated reason;
- *duplicate*: nothing but the same visitor's repeated click;
- *valid*: no reason that counts.

What the model finds never corroborates another reason, since it is made of the same facts.

The score of the reasons is the chance, in percent, that not all are mistaken when each is right with its
severity's chance and they err independently: ``100 · (1 - Π(1 - severity/100))``. Reasons of one kind look at the
same thing and err together, so the most severe of each kind stands for them. The larger of that and the model's
percentile is the score.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Literal, NamedTuple

from fraud.reasons import DUPLICATE_CLICK, REASONS

Verdict = Literal["valid", "duplicate", "suspect", "invalid"]

_REMEMBERED = 16_384
"""Combinations of reasons and percentiles whose judgement is kept; a few hundred occur."""


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
def judge(codes: tuple[str, ...], percentile: int = 0, aside: frozenset[str] | None = None) -> Judgement:
    """Judge a click by its reason codes; ``duplicate_click`` is among them when the visitor is not new.

    Args:
        codes: The reasons found.
        percentile: The model's score, 0 without one.
        aside: Those of the reasons that don't weigh, as ``Rulebook.aside`` says; None for those that don't by
        default.

    Raises:
        KeyError: a code that is not in the table of reasons.

    """
    reasons = sorted({REASONS[code] for code in codes}, key=lambda reason: (-reason.severity, reason.code))
    if aside is None:
        counting = [reason for reason in reasons if reason.counts]
    else:
        counting = [reason for reason in reasons if reason.code not in aside]
    sophisticated = [reason for reason in counting if reason.category == "SIVT"]
    general = len(counting) > len(sophisticated)
    corroborating = {reason.kind for reason in sophisticated if reason.kind != "model"}
    verdict: Verdict
    if general or len(corroborating) > 1:
        verdict = "invalid"
    elif not counting:
        verdict = "valid"
    elif all(reason.code == DUPLICATE_CLICK for reason in counting):
        verdict = "duplicate"
    else:
        verdict = "suspect"
    # The most severe come first, so the last of each kind here is its most severe.
    of_kinds = {reason.kind: reason.severity for reason in reversed(counting)}
    of_reasons = round(100 * (1 - prod(1 - severity / 100 for severity in of_kinds.values())))
    return Judgement(
        verdict,
        tuple(reason.code for reason in reasons),
        "GIVT" if general else "SIVT" if sophisticated else "",
        max(of_reasons, percentile),
    )
