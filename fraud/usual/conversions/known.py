"""What is usual of conversions: their timing, rates, amounts, pace and coupons, over the last 30 days.

Invariants: it is counted by the event store and never changes afterwards; the empty value knows nothing, and every
rule that needs a baseline is silent then. Whatever is judged by few cases leans on more of them: a partner on an
offer on the offer, an offer on the network. ``n`` cases weigh ``n`` and what is leaned on weighs ``PRIOR`` cases
(the mean of a posterior with a conjugate prior; Gelman et al., *Bayesian Data Analysis*, chapter 2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

PRIOR = 20
"""Cases that what is leaned on weighs."""
LATE_SHARE = 0.06
"""Conversions that come after 24 hours where nothing else is known: 94 % of installs come within a day, 75 %
within an hour (AppsFlyer, *Mobile fraud glossary*, "Click to install time")."""

Offer: TypeAlias = int
Partner: TypeAlias = int


class Timing(NamedTuple):
    """Click to conversion times of some conversions."""

    number: int
    late: int
    """How many came after 24 hours."""
    quantiles: tuple[float, ...]
    """5, 25, 50, 75 and 95 %, in seconds."""
    tail_median_s: float = 0.0
    tail_far_s: float = 0.0
    """Median and 95 % of those after 24 hours, in seconds; 0 when there are none."""

    @property
    def quarter_s(self) -> float:
        """A quarter of them come sooner."""
        return self.quantiles[1]

    @property
    def median_s(self) -> float:
        """Half of them come sooner."""
        return self.quantiles[2]


NO_TIMING = Timing(0, 0, (0.0,) * 5)


class Amounts(NamedTuple):
    """Sale amounts of an offer in a currency, on the scale of natural logarithms."""

    number: int
    median: float
    deviation: float
    """Median absolute deviation."""


class Pace(NamedTuple):
    """How many conversions of one partner an offer gets in a minute that has any; the median of those minutes."""

    in_second: float
    """In the busiest second of the minute."""
    in_minute: float
    minutes: int
    """How many it was counted over."""


class OfOneClick(NamedTuple):
    """How many conversions on a goal the clicks have that have any."""

    most: float
    """95 % of them have at most so many."""
    clicks: int


class CouponUse(NamedTuple):
    """Sales that a coupon gave its partner."""

    uses: int
    days: float
    """Days since its first use, at most those looked at."""


class Addresses(NamedTuple):
    """How the customers' addresses of an offer compare with the clicks'."""

    number: int
    differing: int


@dataclass(frozen=True, slots=True)
class UsualConversions:
    """What is usual; the empty value knows nothing."""

    network: Timing = NO_TIMING
    of_offers: Mapping[Offer, Timing] = field(default_factory=dict)
    of_goals: Mapping[tuple[Offer, str], Timing] = field(default_factory=dict)
    of_partners: Mapping[Partner, Timing] = field(default_factory=dict)
    of_pairs: Mapping[tuple[Offer, Partner], Timing] = field(default_factory=dict)
    clicks: Mapping[tuple[Offer, Partner], int] = field(default_factory=dict)
    """Clicks of people; 0 for a pair without."""
    converted: Mapping[tuple[Offer, Partner], int] = field(default_factory=dict)
    """Of those clicks."""
    offer_clicks: Mapping[Offer, int] = field(default_factory=dict)
    offer_converted: Mapping[Offer, int] = field(default_factory=dict)
    amounts: Mapping[tuple[Offer, str], Amounts] = field(default_factory=dict)
    """By offer and currency."""
    amount_deviation: float | None = None
    """The mean deviation of them all, weighed by their numbers; None when nothing is known."""
    paces: Mapping[Offer, Pace] = field(default_factory=dict)
    of_one_click: Mapping[tuple[Offer, str], OfOneClick] = field(default_factory=dict)
    """By offer and goal."""
    coupons: Mapping[tuple[Offer, str], CouponUse] = field(default_factory=dict)
    countries: Mapping[Offer, str] = field(default_factory=dict)
    """Where most of an offer's conversions come from."""
    addresses: Mapping[Offer, Addresses] = field(default_factory=dict)
    made_at: float = 0.0
    """Seconds since 1970; 0 for the empty value."""

    def median_s(self, offer_id: Offer, goal: str) -> float:
        """Return the median click to conversion time in seconds, on the scale of logarithms; 0 when unknown."""
        found = 0.0
        for timing in (self.network, self.of_offers.get(offer_id), self.of_goals.get((offer_id, goal))):
            if timing is None or not timing.number:
                continue
            own = math.log(max(timing.median_s, 0.001))
            before = math.log(found) if found else own
            found = math.exp(shrunk(own, timing.number, before))
        return found

    def late_share_of_others(self, offer_id: Offer, partner_id: Partner) -> float:
        """Return which share of the other partners' conversions on an offer comes after 24 hours."""
        own = self.of_pairs.get((offer_id, partner_id), NO_TIMING)
        offer = self.of_offers.get(offer_id, NO_TIMING)
        elsewhere = self.network.number - offer.number
        network = _share(self.network.late - offer.late, elsewhere, LATE_SHARE)
        return _share(offer.late - own.late, offer.number - own.number, network)

    def late_share(self, offer_id: Offer, partner_id: Partner) -> float:
        """Return which share of a partner's conversions on an offer is late, leaning on the others' share."""
        own = self.of_pairs.get((offer_id, partner_id), NO_TIMING)
        return _share(own.late, own.number, self.late_share_of_others(offer_id, partner_id))

    def expected(self, offer_id: Offer, partner_id: Partner) -> float:
        """Return how many of a partner's clicks on an offer would convert as the other partners' do."""
        pair = (offer_id, partner_id)
        clicks = self.offer_clicks.get(offer_id, 0) - self.clicks.get(pair, 0)
        converted = self.offer_converted.get(offer_id, 0) - self.converted.get(pair, 0)
        return self.clicks.get(pair, 0) * converted / clicks if clicks > 0 else 0.0

    def amount_scale(self, offer_id: Offer, currency: str) -> Amounts | None:
        """Return the amounts of an offer; their deviation leans on that of all offers'."""
        own = self.amounts.get((offer_id, currency))
        if own is None or self.amount_deviation is None:
            return own
        return own._replace(deviation=shrunk(own.deviation, own.number, self.amount_deviation))


NOTHING_USUAL = UsualConversions()


def shrunk(value: float, number: int, toward: float) -> float:
    """Return what few cases say, leaning on what more of them say."""
    return (value * number + toward * PRIOR) / (number + PRIOR)


def _share(part: int, whole: int, toward: float) -> float:
    return (part + toward * PRIOR) / (whole + PRIOR)
