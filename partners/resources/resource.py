"""What makes a kind of entry a resource of the API: its schemas, who sees and writes it, what must hold of it.

Invariants: a field that is hidden from somebody is neither answered to them nor filtered, sorted or searched by;
secrets are answered only where a resource says so by name; sorts are over columns that are never null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from kernel.auth import Principal
from kernel.errors import ErrorKind
from kernel.settings import Settings
from kernel.sql_types import Rate
from partners.answers import money_text
from partners.models import Entry
from partners.schemas import Request
from partners.visibility import Reference, Visible

Write: TypeAlias = Literal["POST", "PATCH", "DELETE"]
ALL_WRITES: frozenset[Write] = frozenset({"POST", "PATCH", "DELETE"})

SECRETS = frozenset({"postback_token", "previous_token", "secret", "previous_secret"})
"""Columns that are answered only by a resource's ``secrets``."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, from which address, of a service with which settings."""

    who: Principal
    settings: Settings
    address: str = ""


Values: TypeAlias = dict[str, Any]
Completing: TypeAlias = Callable[[Session, Values, Caller], Values]
Checking: TypeAlias = Callable[[Session, Any, Caller], None]
Showing: TypeAlias = Callable[[Any, Caller], Values]


def as_given(_session: Session, values: Values, _caller: Caller) -> Values:
    """Complete nothing."""
    return values


def anything_goes(_session: Session, _entry: Entry, _caller: Caller) -> None:
    """Check nothing."""


def nothing_more(_entry: Entry, _caller: Caller) -> Values:
    """Show nothing beside the columns."""
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of entry as the API serves it: ``GET`` and ``POST /api/v1/<path>``, and by id."""

    path: str
    """landing-pages"""
    word: str
    """landing page"""
    tag: str
    """Heading in the documentation."""
    kind: type[Any]
    """The table; all but the audit log's are ``Entry``."""
    creating: type[Request]
    changing: type[Request]
    answering: type[BaseModel]
    visible: Visible
    """Which rows somebody sees."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """Columns a list is narrowed by, with the types of their values in a query."""
    sorts: tuple[str, ...] = ("id", "created_at", "updated_at")
    named_by: str = ""
    """Column that ``q`` looks into; '' for none."""
    hidden_from_partners: frozenset[str] = frozenset()
    hidden_from_advertisers: frozenset[str] = frozenset()
    reads: str = "program:read"
    """Scope with which lists and entries are read."""
    writes: str = "program:write"
    """Scope with which the network's people write."""
    own_scope: str = ""
    """Scope with which a partner writes its own; '': only the network's people write."""
    own_writes: frozenset[Write] = ALL_WRITES
    """What ``own_scope`` is good for."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    """Columns that name another entry, and which they may name."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Columns that together no two entries share; nulls are values here."""
    complete: Completing = as_given
    """Adds to the values of a new entry what the service makes itself."""
    complete_change: Completing = as_given
    """Adds to the values of a change what follows from them."""
    check: Checking = anything_goes
    """Refuses an entry, new or changed, whose fields don't fit together."""
    refusals: tuple[ErrorKind, ...] = ()
    """What ``check`` refuses with beside ``body_invalid``."""
    check_deletion: Checking = anything_goes
    deletion_refusals: tuple[ErrorKind, ...] = ()
    """What ``check_deletion`` refuses with."""
    loads: tuple[ExecutableOption, ...] = ()
    """Loads what ``shows`` looks at."""
    shows: Showing = nothing_more
    """Fields of the answer that aren't columns."""
    secrets: Showing = nothing_more
    """More fields, in answers about one entry alone."""
    secrets_once: Showing = nothing_more
    """More fields, in the answer that made the entry."""
    changeable: bool = True
    deletable: bool = True
    grows_version: bool = True
    """Edges or directories of names know it, so a change is published."""

    def __post_init__(self) -> None:
        """Refuse a declaration that can't be meant."""
        columns = self.columns()
        for name in (*self.filters, *self.sorts, *self.references, *(n for names in self.unique for n in names)):
            if name not in columns:
                raise ValueError(f"{self.path}: {name!r} isn't a column")
        if any(columns[name].nullable for name in self.sorts):
            raise ValueError(f"{self.path}: a cursor can't stand at a null, so sort by what is never null")

    def columns(self) -> Mapping[str, Any]:
        """Return the columns by name."""
        return {attribute.key: attribute.columns[0] for attribute in inspect(self.kind).column_attrs}

    @property
    def plural(self) -> str:
        """What messages call several: landing pages."""
        return self.path.rpartition("/")[2].replace("-", " ")

    def hidden_from(self, who: Principal) -> frozenset[str]:
        """Return the fields that somebody isn't told."""
        if who.role == "partner" or who.partner_id is not None:
            return self.hidden_from_partners
        if who.role == "advertiser" or who.advertiser_id is not None:
            return self.hidden_from_advertisers
        return frozenset()

    def answer(self, entry: Any, caller: Caller, *, single: bool, made: bool = False) -> Values:
        """Return an entry as JSON.

        Args:
            entry: With what ``loads`` names.
            caller: Who is told.
            single: The answer is about this entry alone.
            made: The answer is that of the request that made it.

        """
        more = self.shows(entry, caller)
        if single:
            more |= self.secrets(entry, caller)
        if made:
            more |= self.secrets_once(entry, caller)
        columns, hidden = self.columns(), self.hidden_from(caller.who)
        told = {}
        for name in self.answering.model_fields:
            if name in hidden:
                continue
            if name in more:
                told[name] = more[name]
            elif name in columns and name not in SECRETS:
                told[name] = _present(getattr(entry, name), columns[name].type)
        return told


def _present(value: Any, kind: object) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f") if isinstance(kind, Rate) else money_text(value)
    return value
