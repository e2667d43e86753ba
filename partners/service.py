"""What can be done with the program: create, get, list, change.

Every function works in the session it is given: one call or many make one transaction, and the caller
commits. Invariants: whoever changes anything takes the program's row first, so writers go one after
another and ``program.version`` grows in commit order; a change that changes nothing leaves the version
alone; a name or code that is taken is a ``conflict`` that names who has it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from kernel.errors import CONFLICT, NOT_FOUND, ClickledgerError
from partners.errors import REFERENCE_UNKNOWN
from partners.fields import MAX_ID
from partners.models import THE_PROGRAM, Advertiser, Entry, Link, Offer, Partner, Program, now
from partners.schemas import AdvertiserCreate, LinkCreate, OfferCreate, PartnerCreate, Request

AnyEntry = TypeVar("AnyEntry", Advertiser, Partner, Offer, Link)

TOKEN_BYTES = 24
"""Random bytes of a postback token: 32 characters, 192 bits."""

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""Of generated link codes: no 0 O 1 I l, which people mix up."""

CODE_LENGTH = 7
"""57 ** 7 is two million million codes."""

WORDS: dict[type[Entry], str] = {Advertiser: "advertiser", Partner: "partner", Offer: "offer", Link: "link"}
"""What messages call each kind."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None: not at all."""

    name: str | None = None
    status: str | None = None
    partner_id: int | None = None
    offer_id: int | None = None
    advertiser_id: int | None = None


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


def create_advertiser(session: Session, wanted: AdvertiserCreate) -> Advertiser:
    """Make an advertiser and its postback token."""
    the_program(session, to_change=True)
    return _insert(session, Advertiser(**dict(wanted), postback_token=new_token()))


def create_partner(session: Session, wanted: PartnerCreate) -> Partner:
    """Make a partner."""
    the_program(session, to_change=True)
    return _insert(session, Partner(**dict(wanted)))


def create_offer(session: Session, wanted: OfferCreate, default_currency: str) -> Offer:
    """Make an offer.

    Args:
        session: A writing session.
        wanted: The offer.
        default_currency: What it is paid in when it doesn't say.

    """
    the_program(session, to_change=True)
    advertiser = _referred(session, Advertiser, wanted.advertiser_id)
    values = dict(wanted)
    values["currency"] = wanted.currency or default_currency
    return _insert(session, Offer(**values, advertiser=advertiser))


def create_link(session: Session, wanted: LinkCreate) -> Link:
    """Make a saved link, with a code of its own if none is chosen."""
    the_program(session, to_change=True)
    partner = _referred(session, Partner, wanted.partner_id)
    offer = _referred(session, Offer, wanted.offer_id)
    values = dict(wanted)
    values["code"] = wanted.code or free_codes(session, 1)[0]
    return _insert(session, Link(**values, partner=partner, offer=offer))


def free_codes(session: Session, count: int) -> list[str]:
    """Return generated codes that no link has, each once."""
    free: set[str] = set()
    while len(free) < count:
        made = {new_code() for _ in range(count - len(free))}
        free |= made - by_natural_key(session, Link, made).keys()
    return list(free)


def get(session: Session, kind: type[AnyEntry], entry_id: int) -> AnyEntry:
    """Return one entry and what it refers to.

    Raises:
        ClickledgerError: ``not_found``.

    """
    entry = session.scalar(_with_references(kind).where(kind.id == entry_id)) if entry_id <= MAX_ID else None
    if entry is None:
        raise NOT_FOUND.error(f"There is no {WORDS[kind]} {entry_id}; list the {WORDS[kind]}s to see their ids.")
    return entry


def listing(
    session: Session, kind: type[AnyEntry], filters: Filters, *, limit: int, after: int = 0
) -> list[AnyEntry]:
    """Return entries in the order of their ids.

    Args:
        session: A reading session.
        kind: What to list.
        filters: Which of them; a filter the kind doesn't have is a programming error.
        limit: Most entries to return.
        after: Only ids above this.

    """
    query = _with_references(kind).where(kind.id > after).order_by(kind.id).limit(limit)
    columns: dict[str, Any] = {
        "name": getattr(kind, kind.natural_key),
        "status": getattr(kind, "status", None),
        "partner_id": getattr(kind, "partner_id", None),
        "offer_id": getattr(kind, "offer_id", None),
        "advertiser_id": getattr(kind, "advertiser_id", None),
    }
    for name, column in columns.items():
        value = getattr(filters, name)
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def change(session: Session, kind: type[AnyEntry], entry_id: int, wanted: Request) -> AnyEntry:
    """Change the fields that ``wanted`` names.

    Raises:
        ClickledgerError: ``not_found``, ``conflict``, or ``reference_unknown``.

    """
    the_program(session, to_change=True)
    entry = get(session, kind, entry_id)
    given = wanted.given()
    if "advertiser_id" in given:
        given["advertiser"] = _referred(session, Advertiser, given["advertiser_id"])
    if "offer_id" in given:
        given["offer"] = _referred(session, Offer, given["offer_id"])
    key = given.get(kind.natural_key)
    if key is not None and key != getattr(entry, kind.natural_key):
        _refuse_taken(session, kind, key)
    if assign(entry, given):
        grow_version(session)
        session.flush()
    return entry


def change_program(session: Session, wanted: Request) -> Program:
    """Change the program as a whole."""
    program = the_program(session, to_change=True)
    if assign(program, wanted.given()):
        grow_version(session)
    return program


def assign(entry: Entry | Program, values: dict[str, Any]) -> bool:
    """Set the values that differ; tell whether any did."""
    changed = False
    for name, value in values.items():
        if getattr(entry, name) != value:
            setattr(entry, name, value)
            changed = True
    if changed and not isinstance(entry, Program):
        entry.updated_at = now()
    return changed


def by_natural_key(session: Session, kind: type[AnyEntry], keys: Iterable[str]) -> dict[str, AnyEntry]:
    """Return those of the entries with these names (links: codes) that exist."""
    column = getattr(kind, kind.natural_key)
    wanted = sorted(set(keys))
    found: dict[str, AnyEntry] = {}
    for start in range(0, len(wanted), _KEYS_A_QUERY):
        query = _with_references(kind).where(column.in_(wanted[start : start + _KEYS_A_QUERY]))
        found.update((getattr(entry, kind.natural_key), entry) for entry in session.scalars(query))
    return found


_KEYS_A_QUERY = 1000
"""Names in one query; SQLite takes 32,766 values in a statement."""


def _with_references(kind: type[AnyEntry]) -> Select[AnyEntry]:
    query = select(kind)
    if kind is Offer:
        return query.options(joinedload(Offer.advertiser))
    if kind is Link:
        return query.options(joinedload(Link.partner), joinedload(Link.offer).joinedload(Offer.advertiser))
    return query


def _referred(session: Session, kind: type[AnyEntry], entry_id: int) -> AnyEntry:
    try:
        return get(session, kind, entry_id)
    except ClickledgerError as why:
        raise REFERENCE_UNKNOWN.error(f"There is no {WORDS[kind]} {entry_id}; create it first.") from why


def _insert(session: Session, entry: AnyEntry) -> AnyEntry:
    kind = type(entry)
    _refuse_taken(session, kind, getattr(entry, kind.natural_key))
    grow_version(session)
    session.add(entry)
    try:
        session.flush()
    except IntegrityError as why:
        raise CONFLICT.error() from why
    return entry


def _refuse_taken(session: Session, kind: type[AnyEntry], key: str) -> None:
    with session.no_autoflush:
        taken_by = session.scalar(select(kind.id).where(getattr(kind, kind.natural_key) == key))
    if taken_by is not None:
        word = WORDS[kind]
        raise CONFLICT.error(
            f"{word.capitalize()} {taken_by} has the {kind.natural_key} {key!r} already; choose another.",
            id=taken_by,
            field=kind.natural_key,
        )
