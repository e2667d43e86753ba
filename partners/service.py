"""What every change of the program shares: its row and version, finding by name, setting what differs.

Every function works in the session it is given: one call or many make one transaction, and the caller
commits. Invariants: whoever changes anything takes the program's row first, so writers go one after
another and ``program.version`` grows in commit order; a change that changes nothing leaves version and
revision alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.models import THE_PROGRAM, Advertiser, Entry, Link, Offer, Partner, Program, now

AnyEntry = TypeVar("AnyEntry", Advertiser, Partner, Offer, Link)

TOKEN_BYTES = 24
"""Random bytes of a postback token: 32 characters, 192 bits."""

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""Of generated link codes: no 0 O 1 I l, which people mix up."""

CODE_LENGTH = 7
"""57 ** 7 is two million million codes."""

_KEYS_A_QUERY = 1000
"""Names in one query; SQLite takes 32,766 values in a statement."""


def the_program(session: Session, *, to_change: bool = False) -> Program:
    """Return the program's row, locked for the rest of the transaction when it is going to change."""
    return session.get_one(Program, THE_PROGRAM, with_for_update=True if to_change else None)


def grow_version(session: Session) -> None:
    """Count a change; the caller holds the program's row."""
    the_program(session).version += 1


def new_token() -> str:
    """Return a postback token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_code() -> str:
    """Return a link code."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def free_codes(session: Session, count: int) -> list[str]:
    """Return generated codes that no link has, each once."""
    free: set[str] = set()
    while len(free) < count:
        made = {new_code() for _ in range(count - len(free))}
        free |= made - by_natural_key(session, Link, made).keys()
    return list(free)


def assign(entry: Entry | Program, values: dict[str, Any]) -> bool:
    """Set the values that differ; tell whether any did."""
    changed = False
    for name, value in values.items():
        if getattr(entry, name) != value:
            setattr(entry, name, value)
            changed = True
    if changed:
        entry.revision += 1
        if isinstance(entry, Entry):
            entry.updated_at = now()
    return changed


def by_natural_key(session: Session, kind: type[AnyEntry], keys: Iterable[str]) -> dict[str, AnyEntry]:
    """Return those of the entries with these names (links: codes) that exist."""
    column = getattr(kind, kind.natural_key)
    wanted = sorted(set(keys))
    found: dict[str, AnyEntry] = {}
    for start in range(0, len(wanted), _KEYS_A_QUERY):
        query = select(kind).where(column.in_(wanted[start : start + _KEYS_A_QUERY]))
        found.update((getattr(entry, kind.natural_key), entry) for entry in session.scalars(query))
    return found
