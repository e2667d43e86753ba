"""What is done to entries of any resource, in a session: get, create, change, delete.

Invariants: a change, its audit entry and the growth of ``program.version`` are one transaction; what somebody
doesn't see is ``not_found`` to them, and can't be named by what they write; a deletion never leaves a reference
to nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.errors import BODY_INVALID, CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from partners import audit, service
from partners.errors import IN_USE, REFERENCE_UNKNOWN
from partners.fields import MAX_ID
from partners.models import Advertiser, Entry, Partner, Program, Table
from partners.resources.resource import Caller, Resource, Values
from partners.schemas import Request

NAMED_BLOCKERS = 5
"""Ids of entries that stand in the way of a deletion which its refusal names."""


def get(session: Session, resource: Resource, entry_id: int, caller: Caller) -> Any:
    """Return one entry and what its answer needs, as the database has it now.

    Raises:
        ClickledgerError: ``not_found``, also for what the caller may not see.

    """
    query = select(resource.kind).where(resource.kind.id == entry_id, resource.visible(caller.who))
    query = query.options(*resource.loads).execution_options(populate_existing=True)
    entry = session.scalar(query) if entry_id <= MAX_ID else None
    if entry is None:
        raise NOT_FOUND.error(
            f"There is no {resource.word} {entry_id}; list the {resource.plural} to see their ids."
        )
    return entry


def create(session: Session, resource: Resource, wanted: Request, caller: Caller) -> Any:
    """Make an entry.

    Raises:
        ClickledgerError: ``conflict``, ``reference_unknown``, or ``body_invalid`` for fields that don't fit
            together.

    """
    service.the_program(session, to_change=True)
    values = as_columns(resource, wanted.whole())
    if "partner_id" in values and values["partner_id"] is None:
        values["partner_id"] = caller.who.partner_id
    values = resource.complete(session, values, caller)
    _need_owner(resource, values)
    need_references(session, resource, values, caller)
    entry = resource.kind(**values)
    _check(session, resource, entry, caller)
    session.add(entry)
    _flush(session)
    _grow(session, resource)
    record(session, resource, caller, "create", entry, audit.changes({}, audit.values(entry)))
    session.flush()
    return get(session, resource, entry.id, caller)


def change(
    session: Session,
    resource: Resource,
    entry_id: int,
    wanted: Request,
    caller: Caller,
    if_match: str = "",
) -> Any:
    """Change the fields that ``wanted`` names.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, ``conflict``, ``reference_unknown`` or
            ``body_invalid``.

    """
    service.the_program(session, to_change=True)
    entry = get(session, resource, entry_id, caller)
    need_match(entry, if_match)
    values = resource.complete_change(session, as_columns(resource, wanted.given()), caller)
    return apply(session, resource, entry, values, caller, "change")


def apply(session: Session, resource: Resource, entry: Any, values: Values, caller: Caller, action: str) -> Any:
    """Set values on an entry of a transaction that holds the program's row; see ``change``."""
    need_references(session, resource, values, caller)
    before = audit.values(entry)
    with session.no_autoflush:
        changed = service.assign(entry, values)
        if changed:
            _check(session, resource, entry, caller)
    if changed:
        _flush(session)
        _grow(session, resource)
        record(session, resource, caller, action, entry, audit.changes(before, audit.values(entry)))
        session.flush()
    return get(session, resource, entry.id, caller)


def delete(session: Session, resource: Resource, entry_id: int, caller: Caller, if_match: str = "") -> None:
    """Delete an entry that nothing refers to.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile`` or ``in_use``.

    """
    service.the_program(session, to_change=True)
    entry = get(session, resource, entry_id, caller)
    need_match(entry, if_match)
    resource.check_deletion(session, entry, caller)
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table is resource.kind.__table__ for key in column.foreign_keys):
                refuse_in_use(session, resource, entry, table.name, table.c.id, column == entry.id)
    record(session, resource, caller, "delete", entry, audit.changes(audit.values(entry), {}))
    session.delete(entry)
    _grow(session, resource)
    session.flush()


def refuse_in_use(
    session: Session, resource: Resource, entry: Entry, by: str, ids: Any, condition: ColumnElement[bool]
) -> None:
    """Refuse to delete an entry while rows that name it exist.

    Raises:
        ClickledgerError: ``in_use``.

    """
    found = session.scalars(select(ids).where(condition).order_by(ids).limit(NAMED_BLOCKERS + 1)).all()
    if found:
        more = ", …" if len(found) > NAMED_BLOCKERS else ""
        named = ", ".join(str(entry_id) for entry_id in found[:NAMED_BLOCKERS])
        raise IN_USE.error(
            f"{resource.word.capitalize()} {entry.id} is still named by {by.replace('_', ' ')} {named}{more}; "
            "change or delete those first."
        )


def need_match(entry: Entry | Program, if_match: str) -> None:
    """Compare an If-Match header with an entry; '' asks for nothing.

    Raises:
        ClickledgerError: ``changed_meanwhile``.

    """
    # A proxy that compresses marks an ETag as weak; the revision in it is as exact as before.
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if if_match and "*" not in tags and etag(entry) not in tags:
        raise PRECONDITION_FAILED.error(revision=entry.revision)


def etag(entry: Entry | Program) -> str:
    """Return the entry's ETag."""
    return f'"{entry.revision}"'


def as_columns(resource: Resource, values: Mapping[str, Any]) -> Values:
    """Return values as their columns take them: no rule is an empty object where there must be one."""
    columns = resource.columns()
    read = {}
    for name, value in values.items():
        column = columns[name]
        read[name] = {} if value is None and isinstance(column.type, JSON) and not column.nullable else value
    return read


def _need_owner(resource: Resource, values: Values) -> None:
    if "partner_id" in values and values["partner_id"] is None and not resource.columns()["partner_id"].nullable:
        raise BODY_INVALID.error("partner_id: name the partner whose it is")


def need_references(session: Session, resource: Resource, values: Values, caller: Caller) -> None:
    """Refuse values that name an entry which isn't there, or which the caller doesn't see.

    Raises:
        ClickledgerError: ``reference_unknown``.

    """
    for name, reference in resource.references.items():
        entry_id = values.get(name)
        if entry_id is None:
            continue
        kind = reference.kind
        known = select(kind.id).where(kind.id == entry_id, reference.visible(caller.who))
        if session.scalar(known) is None:
            raise REFERENCE_UNKNOWN.error(f"There is no {reference.word} {entry_id}; create it first.", field=name)


def _check(session: Session, resource: Resource, entry: Any, caller: Caller) -> None:
    with session.no_autoflush:
        resource.check(session, entry, caller)
        for names in resource.unique:
            _refuse_taken(session, resource, entry, names, caller)


def _refuse_taken(
    session: Session, resource: Resource, entry: Any, names: tuple[str, ...], caller: Caller
) -> None:
    kind: Any = resource.kind
    query = select(kind.id, resource.visible(caller.who))
    for name in names:
        query = query.where(getattr(kind, name).is_not_distinct_from(getattr(entry, name)))
    if entry.id is not None:
        query = query.where(kind.id != entry.id)
    taken = session.execute(query.limit(1)).one_or_none()
    if taken is None:
        return
    taken_by, visible = taken
    said = " and ".join(
        f"the {name} {getattr(entry, name)!r}" for name in names if getattr(entry, name) is not None
    )
    if visible:
        raise CONFLICT.error(
            f"{resource.word.capitalize()} {taken_by} has {said} already; choose another.",
            id=taken_by,
            field=names[-1],
        )
    raise CONFLICT.error(f"Another {resource.word} has {said} already; choose another.", field=names[-1])


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as why:
        raise CONFLICT.error() from why


def _grow(session: Session, resource: Resource) -> None:
    if resource.grows_version:
        service.grow_version(session)


def record(
    session: Session, resource: Resource, caller: Caller, action: str, entry: Any, told: dict[str, list[Any]]
) -> None:
    """Write down what somebody did to an entry, and whose it is."""
    audit.record(
        session,
        caller.who,
        caller.address,
        action,
        resource.word,
        entry.id,
        told,
        partner_id=entry.id if isinstance(entry, Partner) else getattr(entry, "partner_id", None),
        advertiser_id=entry.id if isinstance(entry, Advertiser) else getattr(entry, "advertiser_id", None),
    )
