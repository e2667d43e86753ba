"""What is done to every kind of saved thing: found, listed, made, changed, deleted, each told to the audit log.

Invariants: writers go one after another, by the program's row, as everywhere in the program; what somebody may not
see is not found; nobody keeps more of a kind than its limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from kernel.errors import CONFLICT, NOT_FOUND
from partners import audit, service
from partners.fields import MAX_ID
from partners.models import CustomMetric, ReportSchedule, ReportShare, SavedReport
from partners.resources import Caller
from reports.saved.errors import TOO_MANY_SAVED
from reports.saved.owners import owner_of, ownership

Kept = TypeVar("Kept", SavedReport, CustomMetric, ReportShare, ReportSchedule)

WORDS: dict[type[Any], str] = {
    SavedReport: "saved report",
    CustomMetric: "custom metric",
    ReportShare: "shared link",
    ReportSchedule: "schedule",
}

MOST: dict[type[Any], int] = {SavedReport: 1000, CustomMetric: 200, ReportShare: 1000, ReportSchedule: 100}
"""How many one owner may have; more of them are a program's mistake."""


def find(session: Session, kind: type[Kept], entry_id: int, condition: ColumnElement[bool]) -> Kept:
    """Return the entry of an id that meets a condition.

    Raises:
        ClickledgerError: ``not_found``.

    """
    entry = session.scalar(select(kind).where(kind.id == entry_id, condition)) if entry_id <= MAX_ID else None
    if entry is None:
        word = WORDS[kind]
        raise NOT_FOUND.error(f"There is no {word} {entry_id} that is yours; list them to see their ids.")
    return entry


def page(session: Session, query: Select[Any], kind: type[Kept], limit: int, after: int) -> list[Any]:
    """Return a page of entries and, if there is one, the first of the next page."""
    return list(session.scalars(query.where(kind.id > after).order_by(kind.id).limit(limit + 1)))


def cut(items: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """Return a page as it is answered, of items with one more than ``limit`` when there is another page."""
    shown = items[:limit]
    return {"items": shown, "next_cursor": str(shown[-1]["id"]) if len(items) > limit else None}


def make(session: Session, kind: type[Kept], values: Mapping[str, Any], caller: Caller) -> Kept:
    """Make an entry that belongs to the caller.

    Raises:
        ClickledgerError: ``too_many_saved``.

    """
    most = MOST[kind]
    count = session.scalar(select(func.count()).select_from(kind).where(kind.owner == owner_of(caller.who)))
    if (count or 0) >= most:
        raise TOO_MANY_SAVED.error(f"You have {most} of these already; delete some that nobody needs.", limit=most)
    entry = kind(**values, **ownership(caller.who))
    session.add(entry)
    session.flush()
    tell(session, caller, "create", entry, audit.changes({}, audit.values(entry)))
    return entry


def change(
    session: Session, entry: Kept, values: Mapping[str, Any], caller: Caller, action: str = "change"
) -> Kept:
    """Set values, and tell of those that differ."""
    before = audit.values(entry)
    if service.assign(entry, dict(values)):
        session.flush()
        tell(session, caller, action, entry, audit.changes(before, audit.values(entry)))
    return entry


def delete(session: Session, entry: Kept, caller: Caller) -> None:
    """Delete an entry with all that hangs on it."""
    tell(session, caller, "delete", entry, audit.changes(audit.values(entry), {}))
    session.delete(entry)
    session.flush()


def tell(session: Session, caller: Caller, action: str, entry: Kept, told: dict[str, list[Any]]) -> None:
    """Write down what somebody did."""
    whose = {"partner_id": entry.partner_id, "advertiser_id": entry.advertiser_id}
    kind = WORDS[type(entry)]
    audit.record(session, caller.who, caller.address, action, kind, entry.id, told, **whose)


def refuse_taken(taken: int | None, name: str, word: str) -> None:
    """Refuse a name that another entry has.

    Raises:
        ClickledgerError: ``conflict``.

    """
    if taken is not None:
        raise CONFLICT.error(
            f"{word.capitalize()} {taken} is called {name!r} already; choose another name.", id=taken
        )
