"""What came of a simulation: per scenario how much was caught and why, and whom of the ordinary it harmed.

*Caught* is a verdict of suspect or invalid, *named* an event with a reason that is meant for its scenario, also
one that is only recorded. *Harmed* is an ordinary visitor's event with such a verdict; a
duplicate is what it says, and harms nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fraud.simulation.events import ORDINARY
from fraud.simulation.scenarios import SCENARIOS

BAD = frozenset({"suspect", "invalid"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored event: the truth about it, and what the service thinks of it."""

    scenario: str
    partner: str
    """Name of the plan's partner."""
    kind: str
    """clicks or conversions."""
    verdict: str
    reasons: Sequence[str]


@dataclass(slots=True)
class Count:
    """Events of one kind and truth."""

    events: int = 0
    suspect: int = 0
    invalid: int = 0
    duplicate: int = 0
    named: int = 0
    """With a reason that is meant for the scenario, whatever it weighs."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Of all of them; of ordinary people's only where they did harm."""

    def add(self, event: Judged) -> None:
        """Count an event."""
        self.events += 1
        self.suspect += event.verdict == "suspect"
        self.invalid += event.verdict == "invalid"
        self.duplicate += event.verdict == "duplicate"
        if event.scenario != ORDINARY:
            self.named += not set(event.reasons).isdisjoint(SCENARIOS[event.scenario].meant_for)
            self.reasons.update(event.reasons)
        elif event.verdict in BAD:
            # What was no harm needs no reason: a repeated click, or a remark beside it.
            self.reasons.update(event.reasons)

    @property
    def caught(self) -> float:
        """Share that is suspect or invalid; 0 of nothing."""
        return self.share(self.suspect + self.invalid)

    def share(self, part: int) -> float:
        """Return a part of the events as a share; 0 of nothing."""
        return part / self.events if self.events else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "events": self.events,
            "caught": round(self.caught, 4),
            "invalid": round(self.share(self.invalid), 4),
            "duplicate": round(self.share(self.duplicate), 4),
            "named": round(self.share(self.named), 4),
            "reasons": dict(self.reasons.most_common()),
        }


@dataclass(slots=True)
class Measured:
    """Everything counted."""

    scenarios: dict[str, dict[str, Count]] = field(default_factory=dict)
    """Scenario -> clicks or conversions -> count."""
    ordinary: dict[str, Count] = field(default_factory=dict)
    """Ordinary visitors of ordinary partners: clicks or conversions -> count."""
    beside: dict[str, Count] = field(default_factory=dict)
    """Ordinary visitors at a scenario's partner."""

    @classmethod
    def of(cls, events: Iterable[Judged]) -> Measured:
        """Count events."""
        found = cls()
        for event in events:
            if event.scenario != ORDINARY:
                place = found.scenarios.setdefault(event.scenario, {})
            else:
                place = found.beside if event.partner in SCENARIOS else found.ordinary
            place.setdefault(event.kind, Count()).add(event)
        found.scenarios = {name: found.scenarios[name] for name in SCENARIOS if name in found.scenarios}
        return found

    def of_scenario(self, name: str) -> Count:
        """Return what a scenario is judged by."""
        return self.scenarios.get(name, {}).get(SCENARIOS[name].judged, Count())

    def as_json(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "scenarios": {
                name: {
                    "judged": SCENARIOS[name].judged,
                    **self.of_scenario(name).as_json(),
                    "all": {kind: count.as_json() for kind, count in kinds.items()},
                }
                for name, kinds in self.scenarios.items()
            },
            "ordinary": {kind: count.as_json() for kind, count in self.ordinary.items()},
            "ordinary_beside": {kind: count.as_json() for kind, count in self.beside.items()},
        }
