"""Saved reports: kept, seen, changed, and turned into the query that is run.

Invariants: a query is checked when it is saved and again when it is run; only its owner (or an administrator)
changes one; whoever runs one that is a partner's or an advertiser's sees that one's rows alone, and never more
than their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.auth import Principal
from kernel.settings import Settings
from partners import audit, service
from partners.errors import REFERENCE_UNKNOWN
from partners.models import SavedReport, SavedReportReader, User, now
from partners.resources import Caller
from partners.resources.work import need_match
from reports.errors import UNKNOWN_TIMEZONE, unknown
from reports.names import Names
from reports.query import Query
from reports.saved import entries
from reports.saved.errors import NOT_YOUR_ROWS, RANGE_INCOMPLETE
from reports.saved.metrics import with_metrics
from reports.saved.owners import owned_by, owner_of, runs_as, visible
from reports.saved.ranges import resolve
from reports.saved.schemas import ReportChange, ReportCreate, RunBody, SavedQuery
from reports.span import zones
from reports.validate import validate
from reports.visibility import refuse_hidden

_UNSAVED = {"id"}
"""Fields of a query that are about one run of it."""


def create(session: Session, wanted: ReportCreate, caller: Caller, names: Names) -> SavedReport:
    """Save a report.

    Raises:
        ClickledgerError: ``conflict``, ``too_many_saved``, ``reference_unknown``, or what the query would be
            refused with.

    """
    service.the_program(session, to_change=True)
    _refuse_taken(session, wanted.name, owner_of(caller.who))
    query = stored(wanted.query)
    prepared(session, query, caller.who, names, caller.settings, now())
    values = {"name": wanted.name, "description": wanted.description, "query": query}
    report = entries.make(session, SavedReport, values, caller)
    _share(session, report, [*_of_roles(wanted.shared_roles), *_of_users(session, wanted.shared_users)], caller)
    return report


def get(session: Session, report_id: int, who: Principal) -> SavedReport:
    """Return a report that somebody may see.

    Raises:
        ClickledgerError: ``not_found``.

    """
    return entries.find(session, SavedReport, report_id, visible(who))


def change(
    session: Session, report_id: int, wanted: ReportChange, caller: Caller, names: Names, if_match: str = ""
) -> SavedReport:
    """Change what is named of a report.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, and as ``create``.

    """
    service.the_program(session, to_change=True)
    report = entries.find(session, SavedReport, report_id, owned_by(SavedReport, caller.who))
    need_match(report, if_match)
    values: dict[str, Any] = {
        name: getattr(wanted, name) for name in ("name", "description") if name in wanted.model_fields_set
    }
    if values.get("name", report.name) != report.name:
        _refuse_taken(session, wanted.name, report.owner)
    if "query" in wanted.model_fields_set:
        values["query"] = stored(wanted.query)
        prepared(session, values["query"], caller.who, names, caller.settings, now(), report)
    readers = readers_of(session, [report.id])[report.id]
    kept = list(readers)
    if "shared_roles" in wanted.model_fields_set:
        kept = [one for one in kept if not one.startswith("role:")] + _of_roles(wanted.shared_roles)
    if "shared_users" in wanted.model_fields_set:
        kept = [one for one in kept if not one.startswith("user:")] + _of_users(session, wanted.shared_users)
    entries.change(session, report, values, caller)
    if sorted(kept) != sorted(readers):
        _share(session, report, kept, caller, before=readers)
    return report


def delete(session: Session, report_id: int, caller: Caller, if_match: str = "") -> None:
    """Delete a report, and its links and schedules with it.

    Raises:
        ClickledgerError: ``not_found`` or ``changed_meanwhile``.

    """
    service.the_program(session, to_change=True)
    report = entries.find(session, SavedReport, report_id, owned_by(SavedReport, caller.who))
    need_match(report, if_match)
    entries.delete(session, report, caller)


def to_run(
    session: Session,
    report: SavedReport,
    who: Principal,
    names: Names,
    chosen: Settings,
    moment: datetime,
    different: RunBody | None = None,
) -> tuple[Query, Principal]:
    """Return what to ask, and as whom, when somebody runs a report.

    Raises:
        ClickledgerError: ``report_not_for_you``, or what the query is refused with today.

    """
    narrowed = runs_as(who, report)
    if narrowed is None:
        raise NOT_YOUR_ROWS.error()
    given = dict(report.query)
    if different is not None and different.model_fields_set - _UNSAVED:
        given = {name: value for name, value in given.items() if name not in {"from", "to", "range"}}
        given |= different.model_dump(by_alias=True, exclude_defaults=True, exclude=_UNSAVED)
    return prepared(session, given, narrowed, names, chosen, moment, report), narrowed


def prepared(
    session: Session,
    given: Mapping[str, Any],
    who: Principal,
    names: Names,
    chosen: Settings,
    moment: datetime,
    report: SavedReport | None = None,
) -> Query:
    """Return a saved query as one that can be run now, checked for somebody.

    Raises:
        ClickledgerError: ``range_incomplete``, or what the query is refused with.

    """
    asked = dict(given)
    name = asked.pop("range", None)
    if (name is None) != bool(asked.get("from") and asked.get("to")) or (
        name and ("from" in asked or "to" in asked)
    ):
        raise RANGE_INCOMPLETE.error()
    zone = asked.get("timezone", "UTC")
    if zone not in zones():
        raise unknown(UNKNOWN_TIMEZONE, "time zone", zone, zones())
    if name is not None:
        first, end = resolve(name, zone, moment)
        asked |= {"from": first.isoformat(), "to": end.isoformat()}
    try:
        query = Query.model_validate(asked)
    except ValidationError as why:
        # It was saved when queries looked otherwise.
        raise RANGE_INCOMPLETE.error("This query can't be read any more; save it anew.") from why
    query = with_metrics(session, query, *([report] if report is not None else []), who)
    refuse_hidden(who, validate(query, names, chosen).computed)
    return query


def stored(query: SavedQuery) -> dict[str, Any]:
    """Return a query as it is kept: what differs from the defaults."""
    return query.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_UNSAVED)


def readers_of(session: Session, report_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return who reads these reports beside their owners: ``role:analyst``, ``user:3``."""
    found: dict[int, list[str]] = {report_id: [] for report_id in report_ids}
    query = select(SavedReportReader).where(SavedReportReader.report_id.in_(report_ids))
    for one in session.scalars(query.order_by(SavedReportReader.reader)):
        found[one.report_id].append(one.reader)
    return found


def _refuse_taken(session: Session, name: str, owner: str) -> None:
    taken = session.scalar(select(SavedReport.id).where(SavedReport.owner == owner, SavedReport.name == name))
    entries.refuse_taken(taken, name, "saved report")


def _of_roles(roles: Sequence[str]) -> list[str]:
    return [f"role:{role}" for role in roles]


def _of_users(session: Session, ids: Sequence[int]) -> list[str]:
    known = set(session.scalars(select(User.id).where(User.id.in_(ids))))
    for user_id in ids:
        if user_id not in known:
            raise REFERENCE_UNKNOWN.error(
                f"There is no user {user_id}; ask an administrator for the ids of users."
            )
    return [f"user:{user_id}" for user_id in ids]


def _share(
    session: Session, report: SavedReport, readers: Sequence[str], caller: Caller, before: Sequence[str] = ()
) -> None:
    """Set who reads a report."""
    if not readers and not before:
        return
    session.execute(delete_rows(SavedReportReader).where(SavedReportReader.report_id == report.id))
    session.add_all(SavedReportReader(report_id=report.id, reader=one) for one in readers)
    report.revision += bool(before)
    entries.tell(
        session, caller, "share", report, audit.changes({"readers": sorted(before)}, {"readers": sorted(readers)})
    )
    session.flush()
