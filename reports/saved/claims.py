"""Claims: which host runs a schedule, and what is written down of what came of it.

A claim is one conditional UPDATE that puts a lease on the schedule's row; only the holder of that lease settles
when it runs again. Invariants: a schedule is never claimed twice at once, on whatever hosts, unless a run outlasts
its lease; occurrences that were missed are made up for by one run, the latest's; a failed run is tried again after
a growing pause until its tries are used up or the next occurrence takes its place; each try is a row of
``report_runs``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from kernel.sql import Sessions
from partners.models import ReportRun, ReportSchedule
from reports.saved.schedules import rhythm

MOST_TRIES = 8
FIRST_PAUSE = timedelta(minutes=1)
"""Before the second try; each further pause is twice as long, the last about an hour."""
REMEMBERED_RUNS = 500
"""Kept of each schedule."""
_GIVEN_UP = "The process that ran it ended in the middle of it."


@dataclass(frozen=True, slots=True)
class Claim:
    """A schedule that is ours to run."""

    schedule: ReportSchedule
    due_at: datetime
    token: str
    run_id: int


class Claims:
    """The schedules' rows, as the hosts that run them share them. Everything here blocks."""

    def __init__(self, programs: Sessions, lease: timedelta, clock: Callable[[], datetime]) -> None:
        """Prepare.

        Args:
            programs: The program's database.
            lease: How long a claim holds.
            clock: The present, in UTC.

        """
        self._programs = programs
        self._lease = lease
        self._clock = clock

    def due(self) -> list[int]:
        """Return the schedules to run now, the longest due first."""
        with self._programs.reading() as session:
            query = select(ReportSchedule.id).where(self._is_free()).order_by(ReportSchedule.next_at)
            return list(session.scalars(query))

    def take(self, schedule_id: int) -> Claim | None:
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

    def renew(self, claim: Claim) -> bool:
        """Renew our lease; return whether it was still ours."""
        with self._programs.writing() as session:
            kept = session.execute(
                update(ReportSchedule)
                .where(ReportSchedule.id == claim.schedule.id, ReportSchedule.lease == claim.token)
                .values(lease_until=self._clock() + self._lease)
            )
            return bool(kept.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE's result has it

    def write_down(
        self, claim: Claim, rows: int | None, result: str, error: str, *, is_cancelled: bool = False
    ) -> None:
        """Write down what came of a run, and when its schedule is looked at next.

        Args:
            claim: Which run.
            rows: Of the report, if there was one.
            result: What was delivered.
            error: Why it wasn't; '' when it was.
            is_cancelled: Somebody ended it, so it isn't tried again.

        """
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
                _settle(schedule, moment, failed=bool(error) and not is_cancelled)
            schedule.lease, schedule.lease_until = "", None
            old = select(ReportRun.id).where(ReportRun.schedule_id == schedule.id)
            oldest = session.scalar(old.order_by(ReportRun.id.desc()).offset(REMEMBERED_RUNS).limit(1))
            if oldest is not None:
                gone = (ReportRun.schedule_id == schedule.id) & (ReportRun.id <= oldest)
                session.execute(delete(ReportRun).where(gone))

    def _is_free(self) -> Any:
        moment = self._clock()
        idle = or_(ReportSchedule.lease == "", ReportSchedule.lease_until <= moment)
        return and_(ReportSchedule.enabled.is_(True), ReportSchedule.next_at <= moment, idle)


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
