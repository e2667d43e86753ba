"""Running schedules: what is due is claimed, run, delivered and written down, by one host at a time.

A claim is one conditional UPDATE that puts a lease on the schedule's row; only the holder of that lease writes
what came of it. Invariants: a schedule never runs twice at once, on whatever hosts, unless a run outlasts its
lease, and then only the newer delivers; occurrences that were missed are made up for by one run, the latest's; a
failed run is tried again after a growing pause until its tries are used up or the next occurrence takes its
place; each try is a row of ``report_runs``; nothing that fails ends the loop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import anyio.to_thread
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from kernel.auth import Principal
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.settings import Settings
from kernel.sql import Sessions
from partners.models import ReportRun, ReportSchedule, SavedReport, now
from reports.execute import Readers
from reports.names import Names
from reports.query import Query
from reports.report import report
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
from reports.saved.schedules import rhythm
from reports.saved.service import to_run

MOST_TRIES = 8
FIRST_PAUSE = timedelta(minutes=1)
"""Before the second try; each further pause is twice as long, the last about an hour."""
DELIVERY_TIME = timedelta(minutes=10)
"""Beside the report itself, what a run may take before it is given up for dead."""
REMEMBERED_RUNS = 500
"""Kept of each schedule."""
_MOST_ERROR = 500
_UNEXPECTED = "Something unexpected happened; the log of the service has the details."
_GIVEN_UP = "The process that ran it ended in the middle of it."


_STOPPED = "The service was stopped in the middle of it."


@dataclass(frozen=True, slots=True)
class Claim:
    """A schedule that is ours to run."""

    schedule: ReportSchedule
    due_at: datetime
    token: str
    run_id: int


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
    ) -> None:
        """Prepare.

        Args:
            programs: The program's database.
            readers: Read-only handles of the event store.
            names: The program's names.
            chosen: The settings.
            webhooks: Sends them.
            clock: The present, in UTC.

        """
        self._programs = programs
        self._readers = readers
        self._names = names
        self._chosen = chosen
        self._webhooks = webhooks
        self._clock = clock
        self._lease = timedelta(seconds=4 * chosen.report_max_seconds) + DELIVERY_TIME

    async def run_due(self) -> int:
        """Run what is due, one after the other; return how many runs there were.

        Raises:
            ClickledgerError: ``store_away``.

        """
        count = 0
        for schedule_id in await run_in_threadpool(self._due):
            claim = await run_in_threadpool(self._claim, schedule_id)
            if claim is not None:
                await self._run(claim)
                count += 1
        return count

    def _due(self) -> list[int]:
        with self._programs.reading() as session:
            query = select(ReportSchedule.id).where(self._is_free()).order_by(ReportSchedule.next_at)
            return list(session.scalars(query))

    def _is_free(self) -> Any:
        moment = self._clock()
        idle = or_(ReportSchedule.lease == "", ReportSchedule.lease_until <= moment)
        return and_(ReportSchedule.enabled.is_(True), ReportSchedule.next_at <= moment, idle)

    def _claim(self, schedule_id: int) -> Claim | None:
        """Put our lease on a schedule; None when another was first."""
        token, moment = secrets.token_hex(16), self._clock()
        with self._programs.writing() as session:
            taken = session.execute(
                update(ReportSchedule)
                .where(ReportSchedule.id == schedule_id, self._is_free())
                .values(lease=token, lease_until=moment + self._lease)
            )
            if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
                return None
            schedule = session.get_one(ReportSchedule, schedule_id)
            dead = (ReportRun.schedule_id == schedule_id) & (ReportRun.outcome == "running")
            ended = session.execute(
                update(ReportRun).where(dead).values(outcome="failed", ended_at=moment, error=_GIVEN_UP)
            )
            # A report that takes its process with it counts as tried, or it would do so for ever.
            schedule.tries += ended.rowcount  # type: ignore[attr-defined]  # an UPDATE's result has it
            due_at = rhythm(schedule).latest(schedule.due_at or schedule.next_at, moment)
            if due_at != schedule.due_at:
                schedule.due_at, schedule.tries = due_at, 0
            if schedule.tries >= MOST_TRIES:
                _go_on(schedule, moment)
                return None
            run = ReportRun(schedule_id=schedule_id, due_at=due_at, attempt=schedule.tries + 1, started_at=moment)
            session.add(run)
            session.flush()
            return Claim(schedule, due_at, token, run.id)

    async def _run(self, claim: Claim) -> None:
        rows, result, error = None, "", ""
        try:
            # A service that ends doesn't wait for the report.
            made = await anyio.to_thread.run_sync(self._make, claim, abandon_on_cancel=True)
            rows = made.answer["meta"]["row_count"]
            if not await run_in_threadpool(self._still_ours, claim):
                error = "It took so long that another host took over."
            else:
                result = await self._deliver(claim, made)
        except asyncio.CancelledError:
            await run_in_threadpool(self._write_down, claim, rows, "", _STOPPED)
            raise
        except ClickledgerError as why:
            error = why.message
        except DeliveryError as why:
            error = str(why)
        except Exception as why:  # noqa: BLE001 - one schedule's fault is not the others'
            log("schedules").error("schedule_failed", schedule_id=claim.schedule.id, exc_info=why)
            error = _UNEXPECTED
        if error:
            log("schedules").warning("schedule_not_run", schedule_id=claim.schedule.id, why=error)
        await run_in_threadpool(self._write_down, claim, rows, result, error[:_MOST_ERROR])

    def _make(self, claim: Claim) -> Made:
        with self._programs.reading() as session:
            name, query, who = self._asked(session, claim)
        asked = whole(query, self._chosen)
        answer = report(asked, who, names=self._names, readers=self._readers, chosen=self._chosen)
        return Made(answer, written(answer, claim.schedule.format, query.limit), name)

    def _asked(self, session: Session, claim: Claim) -> tuple[str, Query, Principal]:
        owner = present(session, claim.schedule)
        if owner is None:
            raise DeliveryError("Its owner may not run reports any more; make a schedule of your own.")
        found = session.scalar(
            select(SavedReport).where(SavedReport.id == claim.schedule.report_id, visible(owner))
        )
        if found is None:
            raise DeliveryError("Its owner doesn't see the report any more.")
        query, who = to_run(session, found, owner, self._names, self._chosen, claim.due_at)
        return found.name, query, who

    def _still_ours(self, claim: Claim) -> bool:
        """Renew our lease for the delivery."""
        with self._programs.writing() as session:
            kept = session.execute(
                update(ReportSchedule)
                .where(ReportSchedule.id == claim.schedule.id, ReportSchedule.lease == claim.token)
                .values(lease_until=self._clock() + self._lease)
            )
            return bool(kept.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has it

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

    def _write_down(self, claim: Claim, rows: int | None, result: str, error: str) -> None:
        moment = self._clock()
        with self._programs.writing() as session:
            done = {"outcome": "failed" if error else "done", "ended_at": moment, "rows": rows}
            session.execute(
                update(ReportRun).where(ReportRun.id == claim.run_id).values(**done, result=result, error=error)
            )
            schedule = session.scalar(
                select(ReportSchedule)
                .where(ReportSchedule.id == claim.schedule.id, ReportSchedule.lease == claim.token)
                .with_for_update()
            )
            if schedule is None:
                return  # deleted meanwhile, or another's
            if schedule.due_at == claim.due_at:  # else somebody changed when it runs
                _settle(schedule, moment, failed=bool(error))
            schedule.lease, schedule.lease_until = "", None
            old = select(ReportRun.id).where(ReportRun.schedule_id == schedule.id)
            oldest = session.scalar(old.order_by(ReportRun.id.desc()).offset(REMEMBERED_RUNS).limit(1))
            if oldest is not None:
                gone = (ReportRun.schedule_id == schedule.id) & (ReportRun.id <= oldest)
                session.execute(delete(ReportRun).where(gone))


def _settle(schedule: ReportSchedule, moment: datetime, *, failed: bool) -> None:
    """Set when a schedule that was run is looked at next."""
    if failed:
        schedule.tries += 1
        again = moment + FIRST_PAUSE * 2 ** (schedule.tries - 1)
        if schedule.tries < MOST_TRIES and again < rhythm(schedule).after(moment):
            schedule.next_at = again
            return
    else:
        schedule.tries = 0
    _go_on(schedule, moment)


def _go_on(schedule: ReportSchedule, moment: datetime) -> None:
    """Go on with the next occurrence."""
    schedule.next_at, schedule.due_at = rhythm(schedule).after(moment), None
    schedule.lease, schedule.lease_until = "", None
