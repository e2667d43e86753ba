"""Schedules as people make and change them; ``running`` runs them.

Invariants: a schedule has what its rhythm and its target need and nothing else; files are written for the
network's own people alone, and no two schedules write the same ones; changing when it runs begins anew.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kernel.auth import Principal
from kernel.errors import CONFLICT
from partners import service
from partners.errors import REFERENCE_UNKNOWN
from partners.models import ReportRun, ReportSchedule, SavedReport, now
from partners.resources import Caller
from partners.resources.refusals import refusal
from partners.resources.work import need_match
from reports.saved import entries
from reports.saved.errors import TARGET_NOT_ALLOWED
from reports.saved.owners import is_staff, owned_by, visible
from reports.saved.rhythm import Rhythm
from reports.saved.schemas import ScheduleChange, ScheduleCreate, ScheduleQuery

SECRET_BYTES = 24
"""Of a webhook's key, as Standard Webhooks recommends."""

_WHEN = frozenset({"every", "at", "weekday", "day", "timezone", "enabled"})


def rhythm(schedule: ReportSchedule) -> Rhythm:
    """Return how often and when a schedule runs."""
    return Rhythm(schedule.every, schedule.at, schedule.timezone, schedule.weekday or 1, schedule.day or 1)


def create(session: Session, wanted: ScheduleCreate, caller: Caller) -> ReportSchedule:
    """Make a schedule for a report that the caller sees.

    Raises:
        ClickledgerError: ``reference_unknown``, ``body_invalid``, ``target_not_allowed``, ``conflict`` or
            ``too_many_saved``.

    """
    service.the_program(session, to_change=True)
    seen = select(SavedReport.id).where(SavedReport.id == wanted.report_id, visible(caller.who))
    if session.scalar(seen) is None:
        raise REFERENCE_UNKNOWN.error(
            f"There is no saved report {wanted.report_id} that you see; create it first."
        )
    if wanted.target == "file" and not is_staff(caller.who):
        raise TARGET_NOT_ALLOWED.error()
    values = wanted.whole()
    _check_target(session, values)
    _check_rhythm(values)
    if wanted.target == "webhook":
        values["secret"] = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
    values["next_at"] = _first(values)
    return entries.make(session, ReportSchedule, values, caller)


def get(session: Session, schedule_id: int, who: Principal) -> ReportSchedule:
    """Return a schedule of the caller's.

    Raises:
        ClickledgerError: ``not_found``.

    """
    return entries.find(session, ReportSchedule, schedule_id, owned_by(ReportSchedule, who))


def listing(session: Session, who: Principal, wanted: ScheduleQuery) -> list[ReportSchedule]:
    """Return a page of the caller's schedules."""
    query: Select[Any] = select(ReportSchedule).where(owned_by(ReportSchedule, who))
    if wanted.report_id is not None:
        query = query.where(ReportSchedule.report_id == wanted.report_id)
    return entries.page(session, query, ReportSchedule, wanted.limit, wanted.cursor)


def change(
    session: Session, schedule_id: int, wanted: ScheduleChange, caller: Caller, if_match: str = ""
) -> ReportSchedule:
    """Change what is named of a schedule.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile`` or ``body_invalid``.

    """
    service.the_program(session, to_change=True)
    schedule = get(session, schedule_id, caller.who)
    need_match(schedule, if_match)
    given = wanted.given()
    if "url" in given and schedule.target != "webhook":
        raise refusal("url", "a schedule that writes files calls nobody")
    if given.get("every", schedule.every) != schedule.every:
        # What the old rhythm needed isn't asked to be taken away by hand.
        given = {"weekday": None, "day": None} | given
    values = {name: getattr(schedule, name) for name in _WHEN} | given
    _check_rhythm(values)
    if any(getattr(schedule, name) != values[name] for name in _WHEN):
        given |= {"next_at": _first(values), "due_at": None, "tries": 0}
    return entries.change(session, schedule, given, caller)


def delete(session: Session, schedule_id: int, caller: Caller, if_match: str = "") -> None:
    """Delete a schedule and the history of its runs; files it wrote stay.

    Raises:
        ClickledgerError: ``not_found`` or ``changed_meanwhile``.

    """
    service.the_program(session, to_change=True)
    schedule = get(session, schedule_id, caller.who)
    need_match(schedule, if_match)
    entries.delete(session, schedule, caller)


def runs(session: Session, schedule_id: int, who: Principal, limit: int, before: int) -> list[ReportRun]:
    """Return a page of a schedule's runs, newest first; ``before`` 0 begins with the newest.

    Raises:
        ClickledgerError: ``not_found``.

    """
    schedule = get(session, schedule_id, who)
    query = select(ReportRun).where(ReportRun.schedule_id == schedule.id)
    if before:
        query = query.where(ReportRun.id < before)
    return list(session.scalars(query.order_by(ReportRun.id.desc()).limit(limit + 1)))


def _first(values: dict[str, Any]) -> Any:
    weekday, day = values["weekday"] or 1, values["day"] or 1
    return Rhythm(values["every"], values["at"], values["timezone"], weekday, day).after(now())


def _check_rhythm(values: dict[str, Any]) -> None:
    for field, every, example in (("weekday", "week", "1 for Monday"), ("day", "month", "1 for the first")):
        if values["every"] == every and values[field] is None:
            raise refusal(field, f"say on which {field} of the {every}: {example}")
        if values["every"] != every and values[field] is not None:
            raise refusal(field, f"only a schedule of every {every} has one")


def _check_target(session: Session, values: dict[str, Any]) -> None:
    needed, other = ("file_name", "url") if values["target"] == "file" else ("url", "file_name")
    if values[needed] is None:
        raise refusal(needed, f"a schedule whose target is a {values['target']} needs it")
    if values[other] is not None:
        raise refusal(other, f"a schedule whose target is a {values['target']} has none")
    if values["file_name"] is not None:
        # Some file systems know no capitals: two names that differ in those alone would be one file.
        names = session.scalars(select(ReportSchedule.file_name).where(ReportSchedule.file_name.is_not(None)))
        if values["file_name"].lower() in {name.lower() for name in names if name}:
            raise CONFLICT.error(
                f"Another schedule writes the files {values['file_name']}-…; choose another name."
            )
