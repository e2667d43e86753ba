"""The stage of a simulation: draws people, and takes down what they and everybody else do.

Invariants: every part of a simulation has a random stream of its own, named after it, so that adding one changes
none of the others; events are numbered in the order they are taken down.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from fraud.simulation import places, shape
from fraud.simulation.browsers import Browsers
from fraud.simulation.events import Plan, SimulatedClick, SimulatedConversion, Visitor

_PAGES = ("reviews.example", "bargains.example", "news.example", "video.example", "forum.example")
"""Where ordinary clicks come from."""
PLACEMENTS = 12
"""Assumption: sub ids an ordinary partner uses, its pages and places on them."""
_REMEMBERED = 500
"""Addresses of earlier people, of which one may be shared."""


class Stage:
    """What scenarios draw from and write down on."""

    def __init__(self, browsers: Browsers) -> None:
        self.browsers = browsers
        self.clicks: list[SimulatedClick] = []
        self.conversions: list[SimulatedConversion] = []
        self.partners: dict[str, None] = {}
        self.offers: dict[str, None] = {}
        self.coupons: dict[tuple[str, str, str], None] = {}
        self._seen: list[tuple[str, str]] = []

    def plan(self) -> Plan:
        """Return what was taken down."""
        return Plan(
            tuple(self.clicks),
            tuple(sorted(self.conversions, key=lambda one: one.at)),
            tuple(self.partners),
            tuple(self.offers),
            tuple(self.coupons),
        )

    def person(self, random: Random, country: str = "") -> Visitor:
        """Draw somebody ordinary, of a country or of any."""
        if not country and self._seen and random.random() < shape.SHARED_ADDRESS:
            code, ip = random.choice(self._seen)
        else:
            code = country or places.country(random)
            ip = places.address(random, code)
        self._seen = [*self._seen[-_REMEMBERED:], (code, ip)]
        browser = self.browsers.draw(random)
        return Visitor(
            code,
            ip,
            browser.user_agent,
            places.accept_language(random, code),
            browser.headers,
        )

    def own(self, coupon: str, partner: str, offer: str) -> None:
        """Give a partner a coupon of its own."""
        self.partners.setdefault(partner)
        self.coupons.setdefault((coupon, partner, offer))


class Part:
    """One scenario at one partner: its random stream, its time, and its ways to write events down."""

    def __init__(
        self, stage: Stage, scenario: str, partner: str, offers: Sequence[str], seed: int, over_ms: int
    ) -> None:
        """Set a scene.

        Args:
            stage: Where events are written down.
            scenario: The truth about them.
            partner: Whose links are clicked.
            offers: Offers that visitors are sent to, each as often.
            seed: Of the simulation.
            over_ms: Milliseconds that clicks are spread over.

        """
        self.stage = stage
        self.offers = offers
        self.scenario = scenario
        self.partner = partner
        self.over_ms = over_ms
        # The same on every machine and in every version of Python, unlike a hash.
        self.random = Random(f"{seed}/{scenario}/{partner}")  # noqa: S311 - reproducible, not secret
        stage.partners.setdefault(partner)
        for offer in offers:
            stage.offers.setdefault(offer)

    def person(self, country: str = "") -> Visitor:
        """Draw somebody ordinary."""
        return self.stage.person(self.random, country)

    def moment(self) -> int:
        """Draw a moment by the hours' shares."""
        return shape.moment(self.random, self.over_ms)

    def click(
        self,
        at: int,
        visitor: Visitor,
        labels: tuple[tuple[str, str], ...] | None = None,
        *,
        referrer: str | None = None,
        method: str = "GET",
        offer: str = "",
        seen_ms: int = 0,
    ) -> SimulatedClick:
        """Write a click down; labels and referrer are those of an ordinary one unless given."""
        if labels is None:
            labels = (("sub1", f"place-{self.random.randrange(PLACEMENTS)}"),)
        if referrer is None:
            known = self.random.random() < shape.REFERRED
            referrer = f"https://{self.random.choice(_PAGES)}/" if known else ""
        number = len(self.stage.clicks)
        click = SimulatedClick(
            number,
            self.scenario,
            self.partner,
            offer or self.random.choice(self.offers),
            at,
            visitor,
            labels,
            referrer=referrer,
            method=method,
            seen_ms=seen_ms,
        )
        self.stage.clicks.append(click)
        return click

    def convert(
        self,
        click: SimulatedClick,
        at: int,
        *,
        amount: str = "",
        txn_id: str = "",
        customer_id: str = "",
        conversion_ip: str = "",
        coupon: str = "",
    ) -> None:
        """Write a conversion down; what isn't given is an ordinary buyer's."""
        self.stage.conversions.append(
            SimulatedConversion(
                self.scenario,
                click.number,
                at,
                txn_id or f"{self.random.getrandbits(48):012x}",
                amount or shape.amount(self.random),
                customer_id or f"c{self.random.getrandbits(40):010x}",
                conversion_ip or click.visitor.ip,
                coupon,
            )
        )
