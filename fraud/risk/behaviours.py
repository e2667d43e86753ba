"""What is measured of every partner and day: the closed table of behaviours, and how a person reads each.

Invariants: a name is stored in history for years, so it is never renamed or reused; every column that ``sql``
makes is in ``BEHAVIOURS``, and nothing else; only those with ``ranked`` are given to the ranking. It weighs
columns alike, so six windows times three measures of each concentration would outvote all else: of each
dimension it gets the largest share of the day, which a person understands, and the entropy within an hour, which
rotating through values doesn't fool. The measures:

- *share*: of the clicks of a window beyond the first, how many are more of its commonest value: the sum of
  (largest count - 1) over the sum of (clicks - 1). 0: all different, 1: all the same, whatever the number of
  clicks.
- *entropy*: Shannon's, in units of the greatest possible (all clicks different), clicks of all windows together.
- *gini*: of the counts of the values present, Gini 1912; 0 is even. Windows weigh as they have clicks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["share", "degree", "number", "seconds", "times"]

WINDOWS: Final[dict[str, int]] = {"1m": 60, "5m": 300, "1h": 3600, "3h": 10_800, "6h": 21_600, "day": 86_400}
"""Name -> length in seconds."""
_SPOKEN: Final = {
    "1m": "one minute",
    "5m": "5 minutes",
    "1h": "one hour",
    "3h": "3 hours",
    "6h": "6 hours",
    "day": "the day",
}

DIMENSIONS: Final[dict[str, str]] = {
    "address": "ip",
    "prefix": "ip_prefix",
    "agent": "user_agent",
    "referrer": "referrer_host",
    "country": "country",
    "sub_id": "sub1",
}
"""What concentration is measured of, with its column; a click without a value is left out."""
_ONE: Final = {
    "address": "one address",
    "prefix": "one network",
    "agent": "one user agent",
    "referrer": "one referrer",
    "country": "one country",
    "sub_id": "one sub id",
}
_MANY: Final = {
    "address": "addresses",
    "prefix": "networks",
    "agent": "user agents",
    "referrer": "referrers",
    "country": "countries",
    "sub_id": "sub ids",
}
DAY_PARTS: Final[dict[str, int]] = {"night": 0, "morning": 6, "afternoon": 12, "evening": 18}
"""Name -> first hour, UTC; each is six hours long."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One number of a partner and day."""

    name: str
    group: str
    """Behaviours of one group say the same in other words: a partner's reasons name one of each."""
    side: Literal[-1, 0, 1]
    """1: much of it is suspicious, -1: little is, 0: both."""
    unit: Unit
    sentence: str
    """``{value}`` is the partner's own."""
    ranked: bool = True


def _concentration() -> list[Behaviour]:
    made = []
    for dimension, one in _ONE.items():
        for window, spoken in _SPOKEN.items():
            whole = window == "day"
            within = "" if whole else f"Within {spoken}, on average, "
            own = "of this partner's clicks"
            share = f"{{value}} {own} come from {one}" if whole else f"{within}{{value}} {own} share {one}"
            degrees = f"{_MANY[dimension]} {'over' if whole else 'within'} {spoken}"
            made += [
                Behaviour(
                    f"{dimension}_share_{window}",
                    dimension,
                    1,
                    "share",
                    share,
                    ranked=window == "day",
                ),
                Behaviour(
                    f"{dimension}_entropy_{window}",
                    dimension,
                    -1,
                    "share",
                    f"This partner's {degrees} have {{value}} of the greatest possible variety",
                    ranked=window == "1h",
                ),
                Behaviour(
                    f"{dimension}_gini_{window}",
                    dimension,
                    1,
                    "degree",
                    f"This partner's clicks are spread over {degrees} with an unevenness (Gini) of {{value}}",
                    ranked=False,
                ),
            ]
    return made


def _velocity() -> list[Behaviour]:
    made = []
    for window, spoken in list(_SPOKEN.items())[:-1]:
        length = spoken.removeprefix("one ")
        made += [
            Behaviour(
                f"velocity_{window}",
                "velocity",
                1,
                "times",
                f"This partner's busiest {length} had {{value}} times its average clicks",
                ranked=window in {"1m", "1h"},
            ),
            Behaviour(
                f"burst_{window}",
                "velocity",
                1,
                "degree",
                f"This partner's clicks vary from one {length} to the next by {{value}} beyond chance",
                ranked=window == "1h",
            ),
        ]
    return made


_REPEATS = [
    Behaviour(
        "repeat_share",
        "repeat",
        1,
        "share",
        "{value} of this partner's clicks repeat another of the same minute: same agent, country, address and "
        "referrer",
    ),
    Behaviour(
        "repeat_most",
        "repeat",
        1,
        "number",
        "{value} of this partner's clicks in one minute were identical",
        ranked=False,
    ),
    *(
        Behaviour(
            f"repeat_{part}",
            "repeat",
            1,
            "share",
            f"From {hour:02}:00 to {hour + 5:02}:59 UTC, {{value}} of this partner's clicks repeat another of the "
            "same minute",
            ranked=False,
        )
        for part, hour in DAY_PARTS.items()
    ),
    Behaviour(
        "repeat_spread",
        "repeat",
        1,
        "share",
        "Between parts of the day, the share of identical clicks in one minute differs by {value} of clicks",
    ),
]

_QUALITY = [
    Behaviour("invalid_share", "invalid", 1, "share", "{value} of this partner's clicks are invalid"),
    Behaviour("suspect_share", "suspect", 1, "share", "{value} of this partner's clicks are suspect"),
    Behaviour(
        "duplicate_share",
        "duplicate",
        1,
        "share",
        "{value} of this partner's clicks are duplicates of a visitor's",
    ),
    Behaviour("bot_share", "invalid", 1, "share", "{value} of this partner's clicks name a bot", ranked=False),
    Behaviour("night_share", "night", 1, "share", "{value} of this partner's clicks come from 00:00 to 05:59 UTC"),
    Behaviour("clicks", "volume", 0, "number", "This partner had {value} clicks"),
]

_CONVERSIONS = [
    Behaviour("conversions", "volume", 0, "number", "This partner had {value} conversions", ranked=False),
    Behaviour("conversion_rate", "conversion_rate", 0, "share", "{value} of this partner's clicks convert"),
    Behaviour(
        "fast_share",
        "ctit",
        1,
        "share",
        "{value} of this partner's conversions come within 10 seconds of the click",
    ),
    Behaviour(
        "late_share",
        "ctit",
        1,
        "share",
        "{value} of this partner's conversions come a day or more after the click",
    ),
    Behaviour(
        "ctit_p05",
        "ctit",
        -1,
        "seconds",
        "A twentieth of this partner's conversions come within {value}",
        ranked=False,
    ),
    Behaviour("ctit_p50", "ctit", 0, "seconds", "Half of this partner's conversions come within {value}"),
    Behaviour(
        "ctit_p95",
        "ctit",
        1,
        "seconds",
        "A twentieth of this partner's conversions take {value} or longer",
        ranked=False,
    ),
]

BEHAVIOURS: Final[dict[str, Behaviour]] = {
    one.name: one for one in [*_QUALITY, *_REPEATS, *_velocity(), *_CONVERSIONS, *_concentration()]
}
"""By name, in the order in which they are stored."""

NAMES: Final = tuple(BEHAVIOURS)
RANKED: Final = tuple(one.name for one in BEHAVIOURS.values() if one.ranked)
VERSION: Final = "1"
"""Grows when what a name means changes; rows of another version teach nothing."""
