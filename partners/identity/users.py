"""Users: made, listed, changed, disabled, given passwords.

Every function works in the session it is given; the caller commits. Invariants: an e-mail address belongs to
one user; whoever gets a new password, another role or is disabled has no session left; each change is in
the audit log, and never with a password.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.auth import ROLE_SCOPES, Principal
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from partners import audit, service
from partners.errors import REFERENCE_UNKNOWN
from partners.identity.errors import ROLE_FIXED
from partners.identity.schemas import STAFF, UserChange, UserCreate, UserQuery
from partners.models import Advertiser, ApiKey, Partner, User, now


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where."""

    who: Principal
    address: str


def create(session: Session, by: Actor, wanted: UserCreate, password_hash: str) -> User:
    """Make a user.

    Raises:
        ClickledgerError: ``conflict`` for a taken address, ``reference_unknown`` for whom it shall belong to.

    """
    if wanted.partner_id is not None and session.get(Partner, wanted.partner_id) is None:
        raise REFERENCE_UNKNOWN.error(
            f"There is no partner {wanted.partner_id}; create it first.", field="partner_id"
        )
    if wanted.advertiser_id is not None and session.get(Advertiser, wanted.advertiser_id) is None:
        raise REFERENCE_UNKNOWN.error(
            f"There is no advertiser {wanted.advertiser_id}; create it first.", field="advertiser_id"
        )
    user = User(
        email=wanted.email,
        name=wanted.name,
        role=wanted.role,
        partner_id=wanted.partner_id,
        advertiser_id=wanted.advertiser_id,
        password_hash=password_hash,
    )
    return insert(session, by, user)


def insert(session: Session, by: Actor, user: User) -> User:
    """Store a new user.

    Raises:
        ClickledgerError: ``conflict``.

    """
    service.the_program(session, to_change=True)
    taken = CONFLICT.error(f"There is a user with the e-mail address {user.email!r} already.", field="email")
    if session.scalar(select(User.id).where(User.email == user.email)) is not None:
        raise taken
    session.add(user)
    try:
        session.flush()
    except IntegrityError as why:
        raise taken from why
    _told(session, by, "create", user, audit.changes({}, audit.values(user)))
    return user


def get(session: Session, user_id: int) -> User:
    """Return a user.

    Raises:
        ClickledgerError: ``not_found``.

    """
    user = session.get(User, user_id)
    if user is None:
        raise NOT_FOUND.error(f"There is no user {user_id}; list the users to see their ids.")
    return user


def listing(session: Session, wanted: UserQuery) -> list[User]:
    """Return a page of users and, if there is one, the first of the next page."""
    query = select(User).where(User.id > wanted.after).order_by(User.id).limit(wanted.limit + 1)
    for column, value in (
        (User.email, wanted.email.strip().lower() if wanted.email is not None else None),
        (User.role, wanted.role),
        (User.status, wanted.status),
        (User.partner_id, wanted.partner_id),
        (User.advertiser_id, wanted.advertiser_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def change(session: Session, by: Actor, user_id: int, wanted: UserChange, revision: int | None) -> User:
    """Change a user.

    Args:
        session: A writing session.
        by: Who does it.
        user_id: Whom.
        wanted: What shall be different.
        revision: The revision the caller knows; None: whichever it is.

    Raises:
        ClickledgerError: ``not_found``, ``changed_meanwhile``, ``role_fixed``.

    """
    service.the_program(session, to_change=True)
    user = get(session, user_id)
    if revision is not None and revision != user.revision:
        raise PRECONDITION_FAILED.error()
    if wanted.role is not None and wanted.role != user.role and {wanted.role, user.role} - set(STAFF):
        raise ROLE_FIXED.error()
    before = audit.values(user)
    for name in ("name", "role", "status"):
        value = getattr(wanted, name)
        if value is not None:
            setattr(user, name, value)
    told = audit.changes(before, audit.values(user))
    if not told:
        return user
    _count_change(user)
    if "role" in told:
        _reduce_keys(session, user)
    if "role" in told or user.status == "disabled":
        end_sessions(session, user)
    if {"role", "status", "name"} & set(told):
        # Edges know the keys of users, and whether they may still be used; reports name who manages whom.
        service.grow_version(session)
    _told(session, by, "change", user, told)
    return user


def set_password(session: Session, by: Actor, user: User, password_hash: str) -> User:
    """Give a user a password and end all sessions."""
    before = audit.values(user)
    user.password_hash = password_hash
    _count_change(user)
    end_sessions(session, user)
    _told(session, by, "password", user, audit.changes(before, audit.values(user)))
    return user


def end_sessions(session: Session, user: User) -> None:
    """Revoke every session of a user; keys stay, for they are no person's presence."""
    mine = (ApiKey.user_id == user.id) & (ApiKey.kind == "session") & ApiKey.revoked_at.is_(None)
    session.execute(update(ApiKey).where(mine).values(revoked_at=now()))


def _reduce_keys(session: Session, user: User) -> None:
    """Give a user's keys the user's new role, and take from them what it may not do."""
    allowed = next(scopes for role, scopes in ROLE_SCOPES.items() if role == user.role)
    for key in session.scalars(select(ApiKey).where(ApiKey.user_id == user.id, ApiKey.kind == "key")):
        key.role, key.scopes = user.role, sorted(allowed & frozenset(key.scopes))


def _count_change(user: User) -> None:
    user.revision += 1
    user.updated_at = now()


def _told(session: Session, by: Actor, action: str, user: User, told: dict[str, list[object]]) -> None:
    whose = {"partner_id": user.partner_id, "advertiser_id": user.advertiser_id}
    audit.record(session, by.who, by.address, action, "user", user.id, told, **whose)
