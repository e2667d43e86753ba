"""The demo's traffic: what each partner's day looks like, weeks of it in the past and a trickle from now on.

Ordinary visitors have the shape of real logs, frauds are the simulation's scenarios. A month shows what people
look for: a partner that grows, one whose offer sells less and less, one that began to cheat.

Invariants: a day is the same whenever it is made, but for what would be later than now; bounded in events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from clickledger.demo.program import APP, BRUNO, CARLA, HOTELS, NORA, SHOES, SIGN_UP, TOM, VIKTOR
from fraud.simulation import ORDINARY, SCENARIOS, Plan, SimulatedClick, SimulatedConversion, TemplateBrowsers
from fraud.simulation.ordinary import visit
from fraud.simulation.stage import Part, Stage

DAYS: Final = 28
"""Whole days of history, before today."""
DAY_MS: Final = 86_400_000
STRETCH: Final = 7
"""Days that are stored at once."""
_QUIET_DAYS: Final = {5: 0.8, 6: 0.7}
"""Saturdays and Sundays."""
_VISITORS: Final = (
    (NORA, (SHOES, SIGN_UP), 180, 1.9),
    (BRUNO, (SHOES, HOTELS), 240, 1.0),
    (CARLA, (SHOES,), 180, 0.8),
    (VIKTOR, (HOTELS, APP), 180, 1.2),
    (TOM, (APP, SIGN_UP), 120, 1.0),
)
"""Partner, its offers, visitors of a day, and how many times as many there are at the end of the month.

So many that each has the clicks of a day from which on partners are ranked by risk, weekends included.
"""
_FRAUDS: Final = (
    (VIKTOR, APP, "crawlers", 9, 0),
    (BRUNO, SHOES, "prefetches", 6, 0),
    (CARLA, SHOES, "link-checkers", 6, 0),
    (TOM, APP, "hosted-bots", 60, 22),
    (TOM, APP, "injection", 9, 22),
    (TOM, SIGN_UP, "http-libraries", 60, 22),
    (VIKTOR, APP, "fast-clicks", 12, 22),
)
"""Partner, offer, scenario, events of a day, and the day it began."""
_FADING: Final = HOTELS
"""The offer that sells less towards the end of the month."""
_FADES_FROM: Final = 21


def stretch(first: int, count: int, begin: date, until_ms: int) -> Plan:
    """Return the traffic of some days, one after the other.

    Args:
        first: Number of the first day, from 0 for the first of the history.
        count: Of days.
        begin: The first day.
        until_ms: Milliseconds from its beginning until now; what would be later isn't in it.

    """
    clicks: list[SimulatedClick] = []
    conversions: list[SimulatedConversion] = []
    partners: dict[str, None] = {}
    offers: dict[str, None] = {}
    for place in range(count):
        begin_ms, known = place * DAY_MS, len(clicks)
        plan = _day(first + place, begin + timedelta(days=place), until_ms - begin_ms)
        clicks += (replace(one, number=one.number + known, at=one.at + begin_ms) for one in plan.clicks)
        conversions += (replace(one, click=one.click + known, at=one.at + begin_ms) for one in plan.conversions)
        partners |= dict.fromkeys(plan.partners)
        offers |= dict.fromkeys(plan.offers)
    return Plan(tuple(clicks), tuple(conversions), tuple(partners), tuple(offers))


def _day(number: int, when: date, until_ms: int) -> Plan:
    """Return one day's traffic up to a moment of it or after it, in milliseconds."""
    stage = Stage(TemplateBrowsers())
    share = number / DAYS
    for partner, offers, visitors, growth in _VISITORS:
        part = Part(stage, ORDINARY, partner, offers, number, DAY_MS)
        visit(part, round(visitors * _QUIET_DAYS.get(when.weekday(), 1) * (1 + (growth - 1) * share)))
    for partner, offer, scenario, events, begins in _FRAUDS:
        if number >= begins:
            SCENARIOS[scenario].run(Part(stage, scenario, partner, (offer,), number, DAY_MS), events)
    fades = number >= _FADES_FROM
    return _until(stage.plan(), until_ms, fading=_FADING if fades else "")


def some(seed: int, over_ms: int, visitors: int) -> Plan:
    """Return a trickle: few people, and somebody who isn't one, from now on."""
    stage = Stage(TemplateBrowsers())
    for partner, offers, _, _ in _VISITORS:
        visit(Part(stage, ORDINARY, partner, offers, seed, over_ms), visitors)
    SCENARIOS["hosted-bots"].run(Part(stage, "hosted-bots", TOM, (APP,), seed, over_ms), visitors)
    return _until(stage.plan(), over_ms)


def _until(plan: Plan, until_ms: int, fading: str = "") -> Plan:
    """Return a plan up to a moment, numbered anew; of a fading offer two of three conversions never happened."""
    clicks: list[SimulatedClick] = []
    numbers: dict[int, int] = {}
    for click in plan.clicks:
        if click.at < until_ms:
            numbers[click.number] = len(clicks)
            clicks.append(replace(click, number=len(clicks)))
    conversions = [
        replace(one, click=numbers[one.click])
        for place, one in enumerate(plan.conversions)
        if one.click in numbers
        and one.at < until_ms
        and (place % 3 == 0 or clicks[numbers[one.click]].offer != fading)
    ]
    return Plan(tuple(clicks), tuple(conversions), plan.partners, plan.offers, plan.coupons)
