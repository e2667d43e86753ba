"""Reasons as they are stored, facts in one text, and as people read them.

Invariants: a reason names a behaviour, the partner's own value, its peers' median and how many peers there are;
what is stored are numbers, sentences are made when they are read; a text nobody understands is shown as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from fraud.findings import facts_of, facts_text
from fraud.ranking import Ranking
from fraud.risk.behaviours import BEHAVIOURS, Behaviour, Unit

TOO_FEW: Final = "too_few"
MOST_REASONS: Final = 3
"""More would hide the one that matters."""
LEAST_DISTANCE: Final = 2.0
"""Robust standard deviations from the peers' median: one ordinary partner in twenty is so far off on one
behaviour."""
_UNTOLD: Final = frozenset({"volume"})
"""Groups that are no reason: peers are alike in them by choice."""


def reasons_of(ranking: Ranking, row: int) -> list[str]:
    """Return what sets a ranked partner apart, the strongest first; [] when nothing does."""
    found: list[str] = []
    groups = set(_UNTOLD)
    stands_out = {
        one.column: one
        for one in ranking.contributions(row, len(ranking.names))
        if ranking.tails[row, ranking.names.index(one.column)] >= LEAST_DISTANCE and not np.isnan(one.value)
    }
    for strongest in list(stands_out):
        group = BEHAVIOURS[strongest].group
        if len(found) == MOST_REASONS:
            break
        if group in groups:
            continue
        groups.add(group)
        # Of one kind, "35 % come from one address" is understood by everybody, and variety by few.
        one = stands_out.get(f"{group}_share_day", stands_out[strongest])
        # The partner itself is among those it was held against.
        found.append(
            facts_text(
                code=one.column,
                value=_digits(one.value),
                median=_digits(one.median),
                quantile=_digits(one.quantile),
                peers=one.peers - 1,
            )
        )
    return found


def too_few(clicks: int, least: int) -> str:
    """Return the reason of a partner that isn't judged."""
    return facts_text(code=TOO_FEW, clicks=clicks, minimum=least)


def code_of(reason: str) -> str:
    """Return the behaviour a reason names."""
    return facts_of(reason).get("code", "")


def sentence(reason: str) -> str:
    """Return a reason for a person to read."""
    facts = facts_of(reason)
    try:
        if facts["code"] == TOO_FEW:
            return (
                f"Too few to judge: {int(facts['clicks']):,} clicks; partners are judged from "
                f"{int(facts['minimum']):,} on."
            )
        behaviour = BEHAVIOURS[facts["code"]]
        value, peers = float(facts["value"]), int(facts["peers"])
        median = possible(behaviour, float(facts["median"]))
    except (KeyError, ValueError):
        return reason
    return f"{behaviour_sentence(behaviour, value)}; {_peers(behaviour.unit, value, median, peers)}."


def behaviour_sentence(behaviour: Behaviour, value: float) -> str:
    """Return what a partner did, without a full stop."""
    return behaviour.sentence.format(value=worded(behaviour.unit, value))


def possible(behaviour: Behaviour, usual: float) -> float:
    """Return what is usual as a value that a partner can have.

    What is usual at a partner's size lies on a line through its peers, which with few of them leaves what is
    possible: no share is below nothing or above all.
    """
    if behaviour.unit == "degree" and behaviour.group == "velocity":
        return usual  # clicks may vary less than by chance
    most = 1.0 if behaviour.unit in {"share", "degree"} else usual
    return max(0.0, min(usual, most))


def _peers(unit: Unit, value: float, median: float, peers: int) -> str:
    whom = "the one other partner" if peers == 1 else f"half of {peers:,} partners"
    have = f"{whom} with similar volume {'has' if peers == 1 else 'have'}"
    usual, own = worded(unit, median), worded(unit, value)
    if usual == own:
        return f"{have} about as much"
    if value > median and median == 0:
        return f"{have} none at all"
    if unit == "share" and usual == "100 %":
        # Nobody has over all of it.
        return f"{have} {usual}" if median == 1 else f"{have} nearly {usual}"
    return f"{have} {'under' if value > median else 'over'} {usual}"


def worded(unit: Unit, value: float) -> str:
    """Return a value as a person writes it."""
    match unit:
        case "share":
            percent = value * 100
            return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"
        case "seconds":
            return _time(value)
        case "number":
            return f"{value:,.0f}"
        case _:
            return f"{value:.2g}" if abs(value) < 10 else f"{value:,.0f}"


def _time(seconds: float) -> str:
    for length, name in ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name}"
    return f"{seconds:.0f} seconds" if seconds >= 10 else f"{seconds:.1f} seconds"


def _digits(value: float) -> str:
    return f"{value:.4g}"


def sentences(reasons: Sequence[str]) -> list[dict[str, str]]:
    """Return reasons as the API shows them."""
    return [{"code": code_of(one), "sentence": sentence(one), "facts": one} for one in reasons]
