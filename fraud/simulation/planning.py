"""From what was asked to a plan: the scenarios' events, mixed with ordinary visitors.

Ordinary visitors come by partners of their own, and some by each scenario's partner too, for the honest share of a
dishonest partner's traffic is where a rule does its harm.

Invariants: bounded in events and time; the same request gives the same plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from fraud.simulation.browsers import Browsers, TemplateBrowsers
from fraud.simulation.errors import SCENARIO_UNKNOWN, SIMULATION_SIZE
from fraud.simulation.events import ORDINARY, Plan
from fraud.simulation.ordinary import visit
from fraud.simulation.scenarios import SCENARIOS
from fraud.simulation.stage import Part, Stage

ALL = "all"
MAX_CLICKS: Final = 20_000
"""Of one scenario: with all of them half a million events, which a laptop stores in some minutes."""
MAX_VISITORS: Final = 200_000
MAX_OVER_S: Final = 14 * 86_400
ORDINARY_PARTNERS: Final = 4
OFFER: Final = "sale"
BESIDE: Final = 0.2
"""Ordinary visitors at a scenario's own partner, for each of its clicks."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, checked."""

    scenarios: tuple[str, ...]
    seed: int
    clicks: int
    """Clicks, or conversions, of each scenario; some have more or fewer, see ``Scenario.times``."""
    visitors: int
    """Ordinary visitors of partners that have no others."""
    over_s: int
    """Seconds the clicks are spread over."""
    browsers: Browsers = field(default_factory=TemplateBrowsers)

    def __post_init__(self) -> None:
        """Refuse what is too much, or nothing.

        Raises:
            ClickledgerError: ``simulation_size``.

        """
        for what, value, least, most in (
            ("clicks", self.clicks, 1, MAX_CLICKS),
            ("visitors", self.visitors, 0, MAX_VISITORS),
            ("seconds", self.over_s, 1, MAX_OVER_S),
            ("the seed", self.seed, 0, 2**63 - 1),
        ):
            if not least <= value <= most:
                raise SIMULATION_SIZE.error(
                    f"A simulation can't have {value:,} as {what}: give {least:,} to {most:,}."
                )
        if not self.scenarios and not self.visitors:
            raise SIMULATION_SIZE.error("Nobody would come: name a scenario, or give --visitors above 0.")


def scenario_names(text: str) -> tuple[str, ...]:
    """Read names separated by commas; ``all`` is every scenario, ``ordinary`` none.

    Raises:
        ClickledgerError: ``scenario_unknown``.

    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise SCENARIO_UNKNOWN.error()
    for name in names:
        if name not in SCENARIOS and name not in {ALL, ORDINARY}:
            near = get_close_matches(name, SCENARIOS, 1)
            hint = f" Did you mean {near[0]}?" if near else " --list shows them."
            raise SCENARIO_UNKNOWN.error(f"There is no scenario '{name[:64]}'.{hint}")
    if ALL in names:
        return tuple(SCENARIOS)
    return tuple(dict.fromkeys(name for name in names if name != ORDINARY))


def make_plan(wanted: Wanted) -> Plan:
    """Make a simulation's events."""
    stage = Stage(wanted.browsers)
    over_ms = wanted.over_s * 1000
    offers = tuple(dict.fromkeys((OFFER, *(_offer(name) for name in wanted.scenarios))))
    for name, visitors in _shared(wanted.visitors):
        visit(Part(stage, ORDINARY, name, offers, wanted.seed, over_ms), visitors)
    for name in wanted.scenarios:
        own = (_offer(name),)
        scenario = SCENARIOS[name]
        events = max(1, round(wanted.clicks * scenario.times))
        scenario.run(Part(stage, name, name, own, wanted.seed, over_ms), events)
        beside = round(wanted.clicks * BESIDE) if wanted.visitors else 0
        visit(Part(stage, ORDINARY, name, own, wanted.seed, over_ms), beside)
    return stage.plan()


def _offer(scenario: str) -> str:
    """Return a scenario's offer: one of its own if conversions are faked: what is usual is an offer's."""
    return f"{OFFER} {scenario}" if SCENARIOS[scenario].judged == "conversions" else OFFER


def _shared(visitors: int) -> Sequence[tuple[str, int]]:
    """Return the ordinary partners and how many people come by each."""
    share, rest = divmod(visitors, ORDINARY_PARTNERS)
    return [
        (f"{ORDINARY} {number + 1}", share + (number < rest))
        for number in range(ORDINARY_PARTNERS)
        if share + (number < rest)
    ]
