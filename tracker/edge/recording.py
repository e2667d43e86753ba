"""Visits that are written down without a redirect: impressions, clicks of a page's script, clicks of a server.

One road for all of them: the router decides as it does for a redirect, an id is minted, the event waits for the
disk. Invariant: what ``wait`` returns for is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker import test_mode
from tracker.click_id import ClickIdKeys
from tracker.edge.decision import TRAFFICBACK_REASONS, Decision
from tracker.edge.facts import VisitorFacts
from tracker.edge.routing import Router
from tracker.edge.visit import Visit, as_event, given_token, render
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.events import Event, encode_event
from tracker.journal import JournalWriter


class Recorded(msgspec.Struct):
    """A visit that was decided on, with the event to be written down."""

    event: Event
    click_id: str
    destination: str
    decision: Decision

    def as_json(self) -> dict[str, Any]:
        """Return the answer: status accepted, trafficback (leads elsewhere) or page (leads nowhere)."""
        reason = self.decision.reason
        taken = self.decision.reached
        answer = {
            "status": ("accepted" if taken else "trafficback") if self.destination else "page",
            "click_id": self.click_id,
            "destination": self.destination,
        }
        if reason:
            answer["reason"] = reason
        return answer


class Recorder:
    """Decides on visits and writes them down."""

    def __init__(self, router: Router, journal: JournalWriter, keys: ClickIdKeys, facts: VisitorFacts) -> None:
        self._router = router
        self._journal = journal
        self._keys = keys
        self._facts = facts
        self._outcomes = {
            outcome: counter("clickledger_clicks_total", outcome=outcome)
            for outcome in ("redirected", "trafficback", "page")
        }
        self._reasons = {r: counter("clickledger_trafficback_total", reason=r) for r in TRAFFICBACK_REASONS}
        self._impressions = counter("clickledger_impressions_total")
        self._not_durable = counter("clickledger_not_durable_total")

    async def decide(
        self,
        visit: Visit,
        source: Literal["redirect", "js", "server"] = "redirect",
        page: Mapping[str, str] | None = None,
    ) -> Recorded:
        """Decide on a visit and make its event, which is not written yet.

        Args:
            visit: The visit; a valid test token in its query makes it a test.
            source: How it is recorded.
            page: What only the page's script knows.

        """
        token = given_token(visit.query)
        if token:
            visit.is_test = test_mode.is_test(self._keys, token, visit.ts)
        decision = await self._router.route(visit)
        click_id = self._keys.mint(visit.ts, decision.offer.route.id if decision.offer else 0)
        destination = render(decision.template, visit, decision, click_id, self._facts, self._keys.secret)
        event = as_event(visit, decision, click_id, destination, source, dict(page or {}))
        return Recorded(event, click_id, destination, decision)

    async def write(self, events: Sequence[Event]) -> None:
        """Write events down together.

        Raises:
            ClickledgerError: ``journal_unavailable``; then none of them was accepted.

        """
        # All in one turn of the loop, so that they share a frame and a sync of the disk.
        writing: list[Awaitable[None]] = [self._journal.append(encode_event(event)) for event in events]
        failed = [why for why in await asyncio.gather(*writing, return_exceptions=True) if why is not None]
        if failed:
            self._not_durable.n += len(failed)
            why = failed[0]
            raise why if isinstance(why, ClickledgerError) else JOURNAL_UNAVAILABLE.error()

    def count(self, recorded: Recorded) -> None:
        """Count a click that was written down in the metrics."""
        reason = recorded.decision.reason
        if reason:
            self._reasons[reason].n += 1
        elsewhere = "trafficback" if reason else "redirected"
        self._outcomes[elsewhere if recorded.destination else "page"].n += 1

    async def see(self, visit: Visit) -> Recorded:
        """Record an impression.

        Raises:
            ClickledgerError: ``journal_unavailable``.

        """
        visit.is_impression = True
        recorded = await self.decide(visit)
        await self.write([recorded.event])
        self._impressions.n += 1
        return recorded
