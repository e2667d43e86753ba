"""How ordinary visitors behave: aggregates measured from real logs, written down with where they come from.

Sources, of which nothing but these aggregates is kept (``python -m benchmarks.visitor_shape DIRECTORY`` measures
them anew, and a test under the mark ``realdata`` compares the generator with them):

- *web log*: 10,000 lines of an Apache access log of May 2015 (Elastic's examples, Apache-2.0), without programs
  that name themselves and without images, styles and scripts: 2,478 pages of 1,041 visitors (address, agent);
- *install log*: a random sample of 100,000 mobile ad clicks over four days of November 2017 (TalkingData), of
  which 227 led to an install;
- *browser log*: 10,000 browser profiles with weights (Intoli, BSD-2), without two devices that are a browser's own
  emulation of a phone (Nexus 5, Pixel 2) and iPhones that claim to run Chrome with its own engine.

What isn't in any of them is an assumption, and says so.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random
from typing import Final, Generic, TypeVar

CLICKS_PER_VISITOR: Final = (
    *((1, 0.6811), (2, 0.2008), (3, 0.0519), (4, 0.0240), (5, 0.0067)),
    *((8, 0.0163), (14, 0.0096)),
)
"""Web log: clicks of a visitor -> share; 8 stands for 6 to 10, 14 for 11 to 20. The 1 % with more (up to 364) are
left out: they behave like programs, and whether they are is what nobody knows."""

GAPS_S: Final = (
    *((0.0, 0.4), (0.1, 1.0), (0.2, 3.0), (0.3, 4.0), (0.4, 7.0), (0.5, 11.0), (0.6, 17.0), (0.7, 30.2)),
    *((0.8, 3_565.0), (0.9, 7_188.0), (0.95, 25_191.0), (0.99, 97_210.0), (1.0, 273_605.0)),
)
"""Web log: part of a visitor's clicks -> seconds after the one before, at most. The log has whole seconds: 0 is
written 0.4."""

HOURS: Final = (
    *(0.0383, 0.0174, 0.0319, 0.0343, 0.0444, 0.0533, 0.0408, 0.0569, 0.0174, 0.0246, 0.0404, 0.0444),
    *(0.0492, 0.0517, 0.0504, 0.0500, 0.0504, 0.0391, 0.0500, 0.0529, 0.0404, 0.0464, 0.0343, 0.0412),
)
"""Web log: share of clicks by hour, UTC, of visitors from everywhere."""

COUNTRIES: Final = (
    *(("US", 0.3147), ("DE", 0.0727), ("FR", 0.0627), ("GB", 0.0548), ("CN", 0.0508), ("IN", 0.0388)),
    *(("RU", 0.0299), ("ES", 0.0259), ("CA", 0.0249), ("PL", 0.0249), ("NL", 0.0189), ("UA", 0.0159)),
    *(("AU", 0.0159), ("BR", 0.0139), ("IT", 0.0129), ("SE", 0.0129), ("AT", 0.0110), ("RO", 0.0110)),
    *(("JP", 0.0110), ("BE", 0.0100)),
)
"""Web log: share of addresses by country, of the twenty most frequent, which are 83 % of all."""

SHARED_ADDRESS: Final = 0.029
"""Web log: addresses with visitors of more than one user agent."""

CONVERSION_DELAYS_S: Final = (
    *((0.0, 2.0), (0.01, 5.3), (0.02, 9.5), (0.05, 15.0), (0.1, 28.0), (0.2, 36.0), (0.3, 64.0), (0.4, 102.0)),
    *((0.5, 198.0), (0.6, 751.0), (0.7, 2_437.0), (0.8, 6_678.0), (0.9, 14_957.0), (0.95, 27_549.0)),
    *((0.99, 36_355.0), (1.0, 46_341.0)),
)
"""Install log: part of the conversions -> seconds after the click, at most. Five of 227 came within 10 s; whether
those were honest, nobody knows."""

CONVERSION_RATE: Final = 0.12
"""Assumption: a generous offer's, so that a small simulation has enough honest conversions to compare with. The
install log has 0.0023 of all clicks, most of which nobody meant."""
MEDIAN_AMOUNT, AMOUNT_SPREAD = 48.0, 0.55
"""Assumption: a basket's amount, log-normal; the spread is that of the amount's logarithm."""
MOVED, ABROAD = 0.15, 0.005
"""Assumption: buyers who are in another network of their country by then, and those who are in another country."""
TO_MOVE_MS: Final = 60_000
"""Assumption: nobody has changed the network sooner after a click."""
ENGLISH_ELSEWHERE: Final = 0.12
"""Assumption: people outside English-speaking countries whose browser asks for English first."""
TRAVELLERS: Final = 0.004
"""Assumption: people whose browser asks for a language of another country than the one they are in."""
REFERRED: Final = 0.55
"""Assumption: clicks that carry a referrer; the others come from apps, mails and pages that withhold it."""

BANNERS: Final = 0.15
"""Assumption: clicks on a banner whose showing was recorded as an impression."""
BANNER_MEDIAN_S, BANNER_SPREAD, BANNER_LEAST_S = 6.0, 1.0, 0.9
"""Assumption: seconds from seeing a banner to clicking it, log-normal; nobody looks, decides and clicks sooner."""

Thing = TypeVar("Thing")


class Shares(Generic[Thing]):
    """Things with shares, drawn at random; the shares need not add up to 1."""

    def __init__(self, shares: Iterable[tuple[Thing, float]]) -> None:
        known = list(shares)
        self._things = [thing for thing, _ in known]
        self._sums = list(accumulate(share for _, share in known))

    def draw(self, random: Random) -> Thing:
        """Draw one."""
        place = bisect(self._sums, random.random() * self._sums[-1])
        return self._things[min(place, len(self._things) - 1)]


_CLICKS = Shares(CLICKS_PER_VISITOR)
_HOURS = Shares(enumerate(HOURS))
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


def clicks_of_visitor(random: Random) -> int:
    """Return how many clicks a visitor makes in all."""
    return _CLICKS.draw(random)


def gap_ms(random: Random) -> int:
    """Return the milliseconds between two clicks of a visitor."""
    return round(1000 * _quantile(GAPS_S, random))


def conversion_delay_ms(random: Random) -> int:
    """Return the milliseconds from a click to its conversion."""
    return round(1000 * _quantile(CONVERSION_DELAYS_S, random))


def banner_ms(random: Random) -> int:
    """Return the milliseconds from seeing a banner to clicking it."""
    return round(1000 * max(BANNER_LEAST_S, BANNER_MEDIAN_S * math.exp(random.gauss(0, BANNER_SPREAD))))


def amount(random: Random) -> str:
    """Return a basket's amount with two digits after the point."""
    return f"{MEDIAN_AMOUNT * math.exp(random.gauss(0, AMOUNT_SPREAD)):.2f}"


def moment(random: Random, over_ms: int) -> int:
    """Return a moment within ``over_ms`` from midnight UTC: by the hours' shares when a day fits in, else any."""
    days = over_ms // _DAY_MS
    if days == 0:
        return int(random.random() * over_ms)
    at = random.randrange(days) * _DAY_MS + _HOURS.draw(random) * _HOUR_MS
    return at + int(random.random() * _HOUR_MS)


def _quantile(known: Sequence[tuple[float, float]], random: Random) -> float:
    """Draw from a distribution of which some quantiles are known; between two of them evenly in the logarithm."""
    drawn = random.random()
    place = bisect(known, drawn, key=lambda pair: pair[0])
    (low, begin), (high, end) = known[place - 1], known[place]
    return begin * math.pow(end / begin, (drawn - low) / (high - low))
