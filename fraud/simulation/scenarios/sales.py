"""Conversions that nobody earned: claimed, rushed, bought with coupons, repeated or invented.

Each scenario writes its clicks and its conversions; which of the two it is judged by, the list of scenarios says.
"""

from __future__ import annotations

from fraud.simulation import places, shape
from fraud.simulation.events import SimulatedClick
from fraud.simulation.stage import Part

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_RUSH_MS = 180_000
"""Three minutes in which people who were promised a reward come."""
_REWARDED_THAT_BUY = 0.2
FLAT_DAYS = 5
"""Days over which claimed conversions are spread evenly."""
_FLOODED_THAT_BUY = 0.4
"""Share of flooded people who buy anyway: more than in real floods, so that a small simulation has enough."""


def flooding(part: Part, wanted: int) -> None:
    """Write flooding down."""
    for _ in range(wanted):
        click = part.click(part.moment(), part.person(), (("sub1", "app-feed"),), referrer="")
        if part.random.random() < _FLOODED_THAT_BUY:
            part.convert(click, click.at + int(part.random.random() * FLAT_DAYS * _DAY_MS))


def injection(part: Part, wanted: int) -> None:
    """Write injection down."""
    for _ in range(wanted):
        click = part.click(part.moment(), part.person(), (("sub1", "app-sdk"),), referrer="")
        part.convert(click, click.at + part.random.randrange(900, 6_000))


def incentivised(part: Part, wanted: int) -> None:
    """Write incentivised down."""
    # The web log's quietest hours are 1 and 8 UTC; a day or more of simulation has its last 8 o'clock in it.
    begin = part.over_ms // _DAY_MS * _DAY_MS - _DAY_MS + 8 * _HOUR_MS if part.over_ms >= _DAY_MS else 0
    country = places.country(part.random)
    for _ in range(wanted):
        at = begin + int(part.random.random() * min(_RUSH_MS, part.over_ms))
        click = part.click(at, part.person(country), (("sub1", "rewards"),), referrer="")
        if part.random.random() < _REWARDED_THAT_BUY:
            took = part.random.randrange(40_000, 150_000)
            part.convert(click, at + took, amount=f"{part.random.uniform(0.5, 2.0):.2f}")


def coupon_leak(part: Part, wanted: int) -> None:
    """Write coupon leak down."""
    part.stage.own("NEWSLETTER20", "newsletter", part.offers[0])
    for _ in range(wanted):
        click = part.click(part.moment(), part.person(), (("sub1", "deals"),))
        part.convert(click, click.at + shape.conversion_delay_ms(part.random), coupon="NEWSLETTER20")


def repeated_sales(part: Part, wanted: int) -> None:
    """Write repeated sales down."""
    random = part.random
    for number in range(wanted):
        click = part.click(part.moment(), part.person())
        at = click.at + shape.conversion_delay_ms(random)
        if number % 2:
            part.convert(click, at, txn_id=f"order-{number // 8}")
        else:
            part.convert(click, at, customer_id=f"customer-{number // 60}")


def replayed_clicks(part: Part, wanted: int) -> None:
    """Write replayed clicks down."""
    made = 0
    while made < wanted:
        click = part.click(part.moment(), part.person())
        at = click.at
        for _ in range(min(50, wanted - made)):
            at += part.random.randrange(20_000, 400_000)
            part.convert(click, at)
            made += 1


def same_second(part: Part, wanted: int) -> None:
    """Write same second down."""
    clicks = [part.click(part.moment(), part.person()) for _ in range(wanted)]
    for start in range(0, wanted, 40):
        batch: list[SimulatedClick] = clicks[start : start + 40]
        second = (max(click.at for click in batch) // 1000 + part.random.randrange(60, 3600)) * 1000
        for click in batch:
            part.convert(click, second + part.random.randrange(0, 900))


def amounts(part: Part, wanted: int) -> None:
    """Write amounts down."""
    for _ in range(wanted):
        click = part.click(part.moment(), part.person())
        amount = f"{100 * float(shape.amount(part.random)):.0f}"
        part.convert(click, click.at + shape.conversion_delay_ms(part.random), amount=amount)


def other_buyers(part: Part, wanted: int) -> None:
    """Write other buyers down."""
    for _ in range(wanted):
        click = part.click(part.moment(), part.person("IN"))
        buyer = places.address(part.random, "US")
        part.convert(click, click.at + shape.conversion_delay_ms(part.random), conversion_ip=buyer)
