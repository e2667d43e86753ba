"""A router over a program in memory, with counts a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from kernel.settings import Settings
from tests.support.visits import visit
from tracker.edge.counting import Admission, VisitorAsk
from tracker.edge.decision import Decision
from tracker.edge.facts import VisitorFacts
from tracker.edge.program import Program
from tracker.edge.routing import Router
from tracker.edge.smart_links import PerformanceFeed, Standings
from tracker.performance import Performance
from tracker.routes import OfferRoute, PartnerRoute
from tracker.snapshot import Snapshot

FACTS = VisitorFacts(Settings(data_dir=Path("unused")))
ADMITTED = Admission("", duplicate=False, over_cap=False)
PARTNER = 3


def refused(reason: str) -> Admission:
    """Return what counting says to a click that goes elsewhere for this reason."""
    return Admission(reason, duplicate=reason == "duplicate", over_cap=False)


class Holder:
    """Holds one program, or a newer one after the first miss."""

    def __init__(self, program: Program, newer: Program | None = None) -> None:
        self.program = program
        self._newer = newer

    def after_miss(self) -> bool:
        """Take the newer program, if there is one."""
        if self._newer is None:
            return False
        self.program, self._newer = self._newer, None
        return True


class Counts:
    """Says to each offer's clicks what a test says; remembers what it was asked and what was taken."""

    def __init__(self, answers: Mapping[int, Admission] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[int, bool]] = []
        self.taken: list[int] = []
        self.asks: list[VisitorAsk] = []

    async def admit(
        self, offer: OfferRoute, _partner_id: int, ask: VisitorAsk, _now_ms: int, *, count: bool
    ) -> Admission:
        """Answer, and take one when it is admitted and counts."""
        answer = self.answers.get(offer.id, ADMITTED)
        self.asked.append((offer.id, count))
        self.asks.append(ask)
        if count and not answer.reason:
            self.taken.append(offer.id)
        return answer


async def _nothing() -> None:
    return None


def snapshot_of(*offers: OfferRoute, **changes: Any) -> Snapshot:
    """Return a program of these offers with one approved partner."""
    fields: dict[str, Any] = {
        "offers": {o.id: o for o in offers},
        "partners": {PARTNER: PartnerRoute(PARTNER, "Blog", "approved")},
    }
    return Snapshot(version=1, **(fields | changes))


class Routed:
    """A router and a way to ask it."""

    def __init__(
        self,
        *offers: OfferRoute,
        counts: Counts | None = None,
        performance: Performance | None = None,
        newer: Snapshot | None = None,
        facts: VisitorFacts = FACTS,
        seed: int = 1,
        **changes: Any,
    ) -> None:
        self.counts = counts or Counts()
        feed = PerformanceFeed(_nothing, lambda: True)
        feed.standings = Standings(performance or Performance())
        holder: Any = Holder(Program(snapshot_of(*offers, **changes)), Program(newer) if newer else None)
        self.router = Router(holder, facts, self.counts, feed, Random(seed))

    def ask(self, query: str = "", code: str = "", **seen: Any) -> Decision:
        """Route one visit."""
        return asyncio.run(self.router.route(visit(query, code, **seen)))

    def click(self, offer_id: int, partner_id: int = PARTNER, more: str = "", **seen: Any) -> Decision:
        """Route a click on an offer."""
        return self.ask(f"offer_id={offer_id}&partner_id={partner_id}{more}", **seen)


def leads_to(decision: Decision) -> str | None:
    """Return where a decision leads, its macros by name in angle brackets."""
    show: Callable[[str], str] = "<{}>".format
    return decision.template.render(show) if decision.template else None
