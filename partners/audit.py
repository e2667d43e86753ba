"""The audit log: who changed what, when, from where.

Invariants: an entry is written in the transaction of the change it tells of, so neither exists without the
other; a secret appears as '***' and nothing else; what wasn't changed isn't told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from kernel.auth import Principal
from partners.models import AuditEntry, Table

SECRETS = frozenset(
    {
        "postback_token",
        "previous_token",
        "previous_token_until",
        "secret",
        "previous_secret",
        "secret_hash",
        "password_hash",
    }
)
"""Columns whose values are never told; that they changed is."""

HIDDEN = "***"

UNTOLD = frozenset({"id", "revision", "created_at", "updated_at", "last_used_at"})
"""Columns that say nothing about what somebody did."""

Values: TypeAlias = Mapping[str, Any]
"""What an entry holds, by column."""


def values(entry: Table) -> dict[str, Any]:
    """Return what an entry holds now; take it before and after a change, and give both to ``changes``."""
    columns = inspect(entry).mapper.column_attrs
    return {column.key: getattr(entry, column.key) for column in columns if column.key not in UNTOLD}


def changes(before: Values, after: Values) -> dict[str, list[Any]]:
    """Return {field: [before, after]} of what differs, as JSON, secrets hidden; what is absent is None."""
    told = {}
    for name in (*after, *(name for name in before if name not in after)):
        old, new = before.get(name), after.get(name)
        if old != new:
            told[name] = [_told(name, old), _told(name, new)]
    return told


def record(
    session: Session,
    who: Principal,
    address: str,
    action: str,
    kind: str,
    entry_id: int | None = None,
    told: Mapping[str, list[Any]] | None = None,
    *,
    partner_id: int | None = None,
    advertiser_id: int | None = None,
) -> AuditEntry:
    """Write down what somebody does, in the transaction that does it.

    Args:
        session: The writing session of the change.
        who: Who does it.
        address: Where the request came from (``kernel.http.client_address``); '' when nobody sent one.
        action: create, change, delete, rotate, revoke, login, login_failed, …
        kind: What it is done to, in one word: offer, key, user.
        entry_id: Its id.
        told: {field: [before, after]} as ``changes`` makes it.
        partner_id: Whose entry it is, if a partner's.
        advertiser_id: Whose entry it is, if an advertiser's.

    """
    entry = AuditEntry(
        actor=who.actor[:200],
        role=who.role,
        address=address[:64],
        action=action,
        kind=kind,
        entry_id=entry_id,
        changes=dict(told or {}),
        partner_id=partner_id,
        advertiser_id=advertiser_id,
    )
    session.add(entry)
    return entry


def _told(name: str, value: Any) -> Any:
    if name in SECRETS:
        return HIDDEN if value else value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
