"""Smart links: in which order the offers of one are tried.

- weight: each offer's share of the clicks is its weight's share.
- epc: the share is that of its earnings per click of the last days, drawn towards the average of all while the
  offer has few clicks, so that a new offer is tried and one that earns nothing fades.
- thompson: each offer draws a conversion rate from what its clicks tell (a Beta distribution around its own
  successes and failures, starting from the average rate) and the highest rate times average payout comes first.
  It explores as much as it is unsure and no more (Thompson 1933; Chapelle and Li 2011).

The router tries the offers in this order until one takes the click. For shares that is as right as drawing among
the eligible alone: drawing again without those that refused gives the rest the same odds among themselves, and
nobody's rules are judged but the drawn ones'. Without statistics both others fall back to weights. Invariants: an
offer of weight 0 is never tried; every other one is, once; the same random source gives the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import NamedTuple

import msgspec

from kernel.logging import log
from tracker import performance
from tracker.performance import Earned, Performance
from tracker.routes import SmartLinkRoute

POLL_SECONDS = 3.0
PRIOR_CLICKS = 100
"""Clicks of the average offer that every offer's earnings per click start with."""
PRIOR_CONVERSIONS = 1.0
"""Conversions of the average rate that every offer's rate starts with: it weighs as little as can be."""


class Standing(NamedTuple):
    """An offer's recent earnings as weights of a choice. Floats: they are compared, never paid."""

    clicks: int
    converted: int
    conversion_payout: float
    click_payout: float

    @classmethod
    def of(cls, earned: Earned) -> Standing:
        """Return what was published as numbers."""
        return cls(
            earned.clicks,
            # A click's conversions may come to the store before the click does.
            min(earned.converted, earned.clicks),
            float(Decimal(earned.conversion_payout)),
            float(Decimal(earned.click_payout)),
        )

    @property
    def earnings(self) -> float:
        """All it earned."""
        return self.conversion_payout + self.click_payout


NOTHING_KNOWN = Standing(0, 0, 0.0, 0.0)


class Standings:
    """The last known performance of every offer."""

    def __init__(self, known: Performance) -> None:
        self.computed_at = known.computed_at
        self._offers = {offer_id: Standing.of(earned) for offer_id, earned in known.offers.items()}
        self._countries = {
            offer_id: {country: Standing.of(earned) for country, earned in rows.items()}
            for offer_id, rows in known.countries.items()
        }

    def by_country(self, smart_link: SmartLinkRoute) -> bool:
        """Return whether the visitor's country matters to any of its offers."""
        return smart_link.strategy != "weight" and any(
            offer_id in self._countries for offer_id, _ in smart_link.members
        )

    def of(self, offer_id: int, country: str) -> Standing:
        """Return an offer's standing in a country that has enough clicks for it, else everywhere."""
        own = self._countries.get(offer_id)
        found = own.get(country) if own else None
        return found or self._offers.get(offer_id, NOTHING_KNOWN)


def order(smart_link: SmartLinkRoute, standings: Standings, country: str, draw: Random) -> Iterator[int]:
    """Yield the ids of its offers in the order in which to try them.

    Args:
        smart_link: The smart link.
        standings: What its offers earned lately.
        country: The visitor's, '' for unknown or when it doesn't matter.
        draw: Source of randomness.

    """
    members = [(offer_id, float(weight)) for offer_id, weight in smart_link.members if weight > 0]
    if smart_link.strategy != "weight" and len(members) > 1:
        known = [standings.of(offer_id, country) for offer_id, _ in members]
        if any(standing.earnings > 0 for standing in known):
            if smart_link.strategy == "thompson":
                return iter(_by_sampling([offer_id for offer_id, _ in members], known, draw))
            members = [(offer_id, epc) for (offer_id, _), epc in zip(members, _earnings(known), strict=True)]
    return _by_share(members, draw)


def _by_share(members: Sequence[tuple[int, float]], draw: Random) -> Iterator[int]:
    left = list(members)
    total = sum(share for _, share in left)
    while left:
        mark = draw.random() * total
        place = 0
        for place, (_, share) in enumerate(left):  # noqa: B007 - used after the loop: rounding may leave none
            mark -= share
            if mark < 0:
                break
        offer_id, share = left.pop(place)
        total = sum(share for _, share in left)
        yield offer_id


def _earnings(known: Sequence[Standing]) -> list[float]:
    """Return each one's earnings per click, drawn towards the average of all; see ``PRIOR_CLICKS``."""
    average = sum(standing.earnings for standing in known) / max(1, sum(standing.clicks for standing in known))
    return [(standing.earnings + PRIOR_CLICKS * average) / (standing.clicks + PRIOR_CLICKS) for standing in known]


def _by_sampling(offer_ids: Sequence[int], known: Sequence[Standing], draw: Random) -> list[int]:
    clicks = max(1, sum(standing.clicks for standing in known))
    converted = sum(standing.converted for standing in known)
    rate = converted / clicks
    payout = sum(standing.conversion_payout for standing in known) / max(1, converted)
    drawn = []
    for offer_id, standing in zip(offer_ids, known, strict=True):
        worth = standing.conversion_payout / standing.converted if standing.converted else payout
        per_click = standing.click_payout / standing.clicks if standing.clicks else 0.0
        sampled = _sample(standing, rate, draw) if converted else 0.0
        drawn.append((sampled * worth + per_click, draw.random(), offer_id))
    # The second number decides between equals.
    drawn.sort(reverse=True)
    return [offer_id for _, _, offer_id in drawn]


def _sample(standing: Standing, rate: float, draw: Random) -> float:
    successes = standing.converted + PRIOR_CONVERSIONS
    failures = standing.clicks - standing.converted + PRIOR_CONVERSIONS * (1 - rate) / rate
    return draw.betavariate(successes, failures) if failures > 0 else 1.0


Fetch = Callable[[], Awaitable[bytes | None]]
"""Returns the published performance, None when there is none or Redis is away."""


class PerformanceFeed:
    """Keeps the standings fresh; the last known ones stay while Redis is away."""

    def __init__(self, fetch: Fetch, is_needed: Callable[[], bool]) -> None:
        """Start with nothing known.

        Args:
            fetch: Asks Redis.
            is_needed: Whether the program has smart links that choose by performance or may have.

        """
        self._fetch = fetch
        self._is_needed = is_needed
        self.standings = Standings(Performance())

    async def look(self) -> None:
        """Take what is published now, if it is readable and another than before."""
        body = await self._fetch()
        if body is None:
            return
        try:
            published = performance.decode(body)
            if published.computed_at != self.standings.computed_at:
                self.standings = Standings(published)
        except (msgspec.MsgspecError, ArithmeticError) as why:
            log("smart_links").error("performance_unreadable", why=str(why))

    async def keep_fresh(self) -> None:
        """Poll until cancelled."""
        while True:
            if self._is_needed():
                try:
                    await self.look()
                except Exception as why:  # noqa: BLE001 - or this edge would never hear of a change again
                    log("smart_links").error("performance_not_refreshed", why=str(why))
            await asyncio.sleep(POLL_SECONDS)
