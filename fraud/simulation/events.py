"""Simulated events: clicks and conversions with the truth about each, before anybody stored them.

Invariants: the truth (``scenario``) is known to the simulation alone; nothing that is sent or journalled repeats
it. Times are milliseconds since the simulation's beginning, so that a seed makes the same events on any day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

ORDINARY = "ordinary"
"""The scenario of people who were interested in the offer."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever, or whatever, sits behind a click."""

    country: str
    """ISO 3166-1 alpha-2 code of the address."""
    ip: str
    user_agent: str
    accept_language: str
    headers: dict[str, str] = field(default_factory=dict)
    """Client hints and the like, lower case, as the edge keeps them."""


@dataclass(frozen=True, slots=True)
class SimulatedClick:
    """A click, and what it truly is."""

    number: int
    """Place in the plan, from 0: what a conversion refers to."""
    scenario: str
    partner: str
    """Name of a partner of the plan."""
    offer: str
    """Name of an offer of the plan."""
    at: int
    visitor: Visitor
    labels: tuple[tuple[str, str], ...] = ()
    """Parameters of the link, such as sub1."""
    referrer: str = ""
    method: str = "GET"
    seen_ms: int = 0
    """How long before it the visitor saw the offer's banner; 0: no impression was recorded."""


@dataclass(frozen=True, slots=True)
class SimulatedConversion:
    """A conversion somebody reports, and what it truly is."""

    scenario: str
    click: int
    """Number of the click it names."""
    at: int
    txn_id: str
    amount: str
    """Decimal digits."""
    customer_id: str
    conversion_ip: str
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All events of a simulation: clicks by number, conversions by time."""

    clicks: tuple[SimulatedClick, ...]
    conversions: tuple[SimulatedConversion, ...]
    partners: tuple[str, ...]
    """Names in the order they were first needed; the same for ``offers``."""
    offers: tuple[str, ...]
    coupons: tuple[tuple[str, str, str], ...] = ()
    """Coupon code, and the partner it belongs to and the offer it is for."""

    @property
    def length_ms(self) -> int:
        """Milliseconds from the beginning to the last event."""
        clicks = max((click.at for click in self.clicks), default=0)
        return max(clicks, max((conversion.at for conversion in self.conversions), default=0))


@dataclass(frozen=True, slots=True)
class Impression:
    """A banner is shown to a visitor who will click it."""

    click: SimulatedClick

    @property
    def at(self) -> int:
        """When."""
        return self.click.at - self.click.seen_ms


SimulatedEvent: TypeAlias = SimulatedClick | SimulatedConversion | Impression


def by_time(clicks: Iterable[SimulatedClick], conversions: Iterable[SimulatedConversion]) -> list[SimulatedEvent]:
    """Return events by time, with impressions; a click stands before a conversion of the same millisecond."""
    known = list(clicks)
    shown = (Impression(click) for click in known if click.seen_ms)
    events: list[SimulatedEvent] = [*shown, *known, *conversions]
    # The sort is stable.
    events.sort(key=lambda event: event.at)
    return events
