"""The judgement of a conversion: its click's reasons and its own, and what follows from them.

Invariants: the reasons of a click and of its conversion corroborate each other as two of one event do; a repeated
click says nothing about the sale, so ``duplicate_click`` corroborates nothing here; of all actions that are set
for its reasons and its score the hardest follows: reject, hold, else none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Literal, NamedTuple, TypeAlias

from fraud.conversions.facts import Batch, Conversion, Shared
from fraud.conversions.rules import RULES, Rule
from fraud.findings import Finding
from fraud.reasons import DUPLICATE_CLICK, REASONS
from fraud.rules.book import Rulebook
from fraud.rules.settings import Settings
from fraud.usual.conversions import UsualConversions
from fraud.verdicts import Judgement, judge

Follows: TypeAlias = Literal["", "hold", "reject"]
"""What becomes of a conversion."""

_SCORE = "score"
_REMEMBERED = 1_024
"""Pairs of partner and offer whose rules are kept at hand; a batch has fewer."""
_HARDNESS: dict[str, int] = {"hold": 1, "reject": 2}


class Judged(NamedTuple):
    """A conversion's verdict, and what follows."""

    judgement: Judgement
    facts: tuple[str, ...]
    """Parallel to the judgement's reasons, '' where a reason has none."""
    follows: Follows

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The reasons with their facts."""
        return tuple(map(Finding._make, zip(self.judgement.reasons, self.facts, strict=True)))


def find(
    one: Conversion,
    shared: Shared,
    usual: UsualConversions,
    book: Rulebook,
    codes: Collection[str] = tuple(RULES),
) -> list[Finding]:
    """Return what the rules find on one conversion.

    Args:
        one: The conversion.
        shared: What it shares with others.
        usual: What is usual.
        book: The rules as they are set.
        codes: The rules to look at.

    """
    found = []
    for code, rule, settings in _in_place(book, tuple(codes), one.partner_id, one.offer_id):
        facts = rule(one, shared, usual, settings)
        if facts is not None:
            found.append(Finding(code, facts))
    return found


@lru_cache(maxsize=_REMEMBERED)
def _in_place(
    book: Rulebook, codes: tuple[str, ...], partner_id: int, offer_id: int
) -> tuple[tuple[str, Rule, Settings], ...]:
    """Return the rules that are on for a partner's conversions on an offer, as they are set there."""
    resolved = [(code, book.resolve(code, partner_id, offer_id)) for code in codes]
    return tuple((code, RULES[code], one.settings) for code, one in resolved if one.enabled)


def find_all(
    batch: Batch, shared: Sequence[Shared], usual: UsualConversions, book: Rulebook
) -> list[list[Finding]]:
    """Return what the rules find on each conversion of a batch."""
    return [find(one, with_, usual, book) for one, with_ in zip(batch, shared, strict=True)]


def weigh(
    findings: Sequence[Finding], book: Rulebook, partner_id: int, offer_id: int, percentile: int = 0
) -> Judged:
    """Judge a conversion by all that was found on its click and on itself.

    A reason this version doesn't know, written by another one, is left out.

    Args:
        findings: What was found.
        book: The rules as they are set.
        partner_id: Whose conversion it is.
        offer_id: What it converts on.
        percentile: The model's score of its click, 0 without one.

    """
    facts = {one.code: one.facts for one in findings if one.code in REASONS}
    aside = book.aside(facts, partner_id, offer_id)
    if len(facts.keys() - aside) > 1:
        aside |= {DUPLICATE_CLICK} & facts.keys()
    judgement = judge(tuple(sorted(facts)), percentile, aside)
    return Judged(
        judgement,
        tuple(facts[code] for code in judgement.reasons),
        _follows(judgement, book, partner_id, offer_id),
    )


def findings_of(reasons: Sequence[str], facts: Sequence[str]) -> list[Finding]:
    """Return stored findings; rows of an older version have no facts."""
    return [Finding(code, told) for code, told in zip_longest(reasons, facts, fillvalue="") if code]


def _follows(judgement: Judgement, book: Rulebook, partner_id: int, offer_id: int) -> Follows:
    score = book.resolve(_SCORE, partner_id, offer_id)
    actions = [book.action(code, partner_id, offer_id).action for code in judgement.reasons]
    # Of what nobody suspects, too, a tenth has a percentile of 90.
    doubted = judgement.verdict in {"suspect", "invalid"}
    if doubted and score.enabled and judgement.score >= getattr(score.settings, "threshold", 101):
        actions.append(score.action.action)
    hardest = max(actions, key=lambda action: _HARDNESS.get(action, 0), default="mark")
    return hardest if hardest in {"hold", "reject"} else ""  # type: ignore[return-value]  # one of the two
