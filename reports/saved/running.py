"""Running schedules: what is claimed is asked, delivered and written down, by one host at a time.

Invariants: a run that outlasts its lease delivers nothing when another host took over; nothing that fails ends the
loop; a run that somebody cancels, or whose service stops, ends in the event store too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings
from kernel.sql import Sessions
from kernel.tasks import undisturbed
from partners.models import SavedReport, now
from reports.errors import REPORT_CANCELLED
from reports.execute import Readers
from reports.names import Names
from reports.query import Query
from reports.report import report
from reports.running import Run, Running
from reports.saved.claims import Claim, Claims
from reports.saved.delivering import (
    DeliveryError,
    Webhooks,
    file_name,
    message_id,
    webhook_body,
    whole,
    write_file,
    written,
)
from reports.saved.owners import present, visible
from reports.saved.service import to_run
from reports.watching import ended

DELIVERY_TIME = timedelta(minutes=10)
"""Beside the report itself, what a run may take before it is given up for dead."""
_MOST_ERROR = 500
_UNEXPECTED = "Something unexpected happened; the log of the service has the details."
_STOPPED = "The service was stopped in the middle of it."
_ENDING_LOOKS = 10
"""How often a service that stops looks whether the store has ended its report: two seconds in all."""


def run_name(run_id: int) -> str:
    """Return what a run's report is called, for the one who wants to cancel it."""
    return f"schedule-run-{run_id}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a schedule asks, for whom, and as whom."""

    report_name: str
    query: Query
    owner: Principal
    who: Principal
    """The owner, narrowed to whose the report is."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was run, ready to be delivered."""

    answer: dict[str, Any]
    content: bytes
    report_name: str


class Schedules:
    """Runs what is due."""

    def __init__(
        self,
        programs: Sessions,
        readers: Readers,
        names: Names,
        chosen: Settings,
        webhooks: Webhooks,
        clock: Callable[[], datetime] = now,
        running: Running | None = None,
    ) -> None:
        """Prepare.

        Args:
            programs: The program's database.
            readers: Read-only handles of the event store.
            names: The program's names.
            chosen: The settings.
            webhooks: Sends them.
            clock: The present, in UTC.
            running: Where reports can be cancelled; None: nowhere.

        """
        self._programs = programs
        self._readers = readers
        self._names = names
        self._chosen = chosen
        self._webhooks = webhooks
        self._running = running or Running(chosen)
        lease = timedelta(seconds=4 * chosen.report_max_seconds) + DELIVERY_TIME
        self.claims = Claims(programs, lease, clock)

    async def run_due(self) -> int:
        """Run what is due, one after the other; return how many runs there were.

        Raises:
            ClickledgerError: ``store_away``.

        """
        count = 0
        for schedule_id in await run_in_threadpool(self.claims.due):
            claim = await run_in_threadpool(self.claims.take, schedule_id)
            if claim is not None:
                await self.run(claim)
                count += 1
        return count

    async def run(self, claim: Claim) -> None:
        """Run what was claimed, deliver it and write down what came of it."""
        rows, result, error, is_cancelled = None, "", "", False
        try:
            made = await self._made(claim)
            rows = made.answer["meta"]["row_count"]
            if not await run_in_threadpool(self.claims.renew, claim):
                error = "It took so long that another host took over."
            else:
                result = await self._deliver(claim, made)
        except asyncio.CancelledError:
            await undisturbed(run_in_threadpool(self.claims.write_down, claim, rows, "", _STOPPED))
            raise
        except ClickledgerError as why:
            error, is_cancelled = why.message, why.kind is REPORT_CANCELLED
        except DeliveryError as why:
            error = str(why)
        except Exception as why:  # noqa: BLE001 - one schedule's fault is not the others'
            log("schedules").error("schedule_failed", schedule_id=claim.schedule.id, exc_info=why)
            error = _UNEXPECTED
        if error:
            log("schedules").warning("schedule_not_run", schedule_id=claim.schedule.id, why=error)
        await run_in_threadpool(
            self.claims.write_down, claim, rows, result, error[:_MOST_ERROR], is_cancelled=is_cancelled
        )

    async def _made(self, claim: Claim) -> Made:
        """Run the report; a service that is stopped meanwhile has it ended, and waits a moment for that."""
        asked = await run_in_threadpool(self._looked_up, claim)
        with self._running.run(asked.owner, run_name(claim.run_id)) as run:
            task = asyncio.ensure_future(run_in_threadpool(self._make, claim, asked, run))
            # What it fails with when nobody waits for it any more is nobody's business.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await undisturbed(self._end(run, task))
                raise

    async def _end(self, run: Run, task: asyncio.Future[Made]) -> None:
        for _ in range(_ENDING_LOOKS):
            if await ended(self._running, run, task):
                return

    def _make(self, claim: Claim, asked: Asked, run: Run) -> Made:
        query = whole(asked.query, self._chosen)
        answer = report(query, asked.who, names=self._names, readers=self._readers, chosen=self._chosen, run=run)
        return Made(answer, written(answer, claim.schedule.format, asked.query.limit), asked.report_name)

    def _looked_up(self, claim: Claim) -> Asked:
        with self._programs.reading() as session:
            return self._asked(session, claim)

    def _asked(self, session: Session, claim: Claim) -> Asked:
        owner = present(session, claim.schedule)
        if owner is None:
            raise DeliveryError("Its owner may not run reports any more; make a schedule of your own.")
        found = session.scalar(
            select(SavedReport).where(SavedReport.id == claim.schedule.report_id, visible(owner))
        )
        if found is None:
            raise DeliveryError("Its owner doesn't see the report any more.")
        query, who = to_run(session, found, owner, self._names, self._chosen, claim.due_at)
        return Asked(found.name, query, owner, who)

    async def _deliver(self, claim: Claim, made: Made) -> str:
        schedule = claim.schedule
        if schedule.target == "file":
            name = file_name(schedule, claim.due_at)
            await run_in_threadpool(write_file, self._chosen.data_dir, name, made.content)
            return name
        body = webhook_body(schedule, made.report_name, claim.due_at, made.answer, made.content)
        message = message_id(schedule, claim.due_at)
        why = await self._webhooks.send(message, schedule.url or "", schedule.secret, body)
        if why:
            raise DeliveryError(why)
        return message
