"""API keys: made, listed, rotated, revoked.

Invariants: a key can do no more than the one who makes or rotates it, and no more than its role; what a
partner's or an advertiser's user makes is always theirs; a key's text is returned by the call that makes it
and by none after; each change is in the audit log, and of a key that edges accept, in the next snapshot.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from kernel import keys
from kernel.auth import ROLE_SCOPES, Principal, Role
from kernel.errors import FORBIDDEN, NOT_FOUND
from partners import audit, service
from partners.errors import REFERENCE_UNKNOWN
from partners.identity.errors import KEY_NOT_ACTIVE, SCOPE_NOT_HELD
from partners.identity.ring import is_active
from partners.identity.schemas import KeyCreate, KeyQuery
from partners.identity.users import Actor
from partners.models import Advertiser, ApiKey, Partner, User, now

EDGE_SCOPE = "clicks:write"
"""Keys with it are in the routing snapshot."""


def create(session: Session, by: Actor, wanted: KeyCreate) -> tuple[ApiKey, str]:
    """Make a key; return it and its text.

    Raises:
        ClickledgerError: ``forbidden``, ``scope_not_held``, ``reference_unknown``.

    """
    if wanted.for_another and not by.who.may("users:write"):
        raise FORBIDDEN.error("Making keys for others, or with a rate of their own, needs the scope users:write.")
    service.the_program(session, to_change=True)
    key = _owned(session, by.who, wanted)
    allowed = ROLE_SCOPES[_role(key.role)]
    if wanted.user_id is None and wanted.role is None:
        allowed &= by.who.scopes
    scopes = allowed if wanted.scopes is None else frozenset(wanted.scopes)
    if scopes - allowed:
        raise SCOPE_NOT_HELD.error(f"This key can't have {', '.join(sorted(scopes - allowed))}.")
    key.name, key.scopes = wanted.name, sorted(scopes)
    key.expires_at, key.rate_per_minute = wanted.expires_at, wanted.rate_per_minute
    return key, insert(session, by, key)


def insert(session: Session, by: Actor, key: ApiKey, action: str = "create") -> str:
    """Give a key its text, store it, and return the text."""
    new = keys.make()
    while session.scalar(select(ApiKey.id).where(ApiKey.prefix == new.prefix)) is not None:
        new = keys.make()
    key.prefix, key.secret_hash = new.prefix, new.fingerprint
    _tell_edges(session, key)
    session.add(key)
    session.flush()
    _told(session, by, action, key, audit.changes({}, audit.values(key)))
    return new.text


def get(session: Session, who: Principal, key_id: int) -> ApiKey:
    """Return a key that the caller may see.

    Raises:
        ClickledgerError: ``not_found``, also for a key that is somebody else's.

    """
    key = session.scalar(select(ApiKey).where(ApiKey.id == key_id, _visible(who)))
    if key is None:
        raise NOT_FOUND.error(f"There is no key {key_id} of yours; list the keys to see their ids.")
    return key


def listing(session: Session, who: Principal, wanted: KeyQuery) -> list[ApiKey]:
    """Return a page of the keys the caller may see and, if there is one, the first of the next page."""
    query = select(ApiKey).where(_visible(who), ApiKey.kind == wanted.kind, ApiKey.id > wanted.after)
    if wanted.active is not None:
        works = ApiKey.revoked_at.is_(None) & (ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now()))
        query = query.where(works if wanted.active else ~works)
    for column, value in (
        (ApiKey.prefix, wanted.prefix),
        (ApiKey.user_id, wanted.user_id),
        (ApiKey.partner_id, wanted.partner_id),
        (ApiKey.advertiser_id, wanted.advertiser_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query.order_by(ApiKey.id).limit(wanted.limit + 1)))


def rotate(session: Session, by: Actor, key_id: int, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make a key like an old one, which goes on working for a while; return the new key and its text.

    Raises:
        ClickledgerError: ``not_found``, ``forbidden``, ``key_not_active``, ``scope_not_held``.

    """
    old = _changeable(session, by.who, key_id)
    if not is_active(old) or old.replaced_by is not None or old.kind != "key":
        raise KEY_NOT_ACTIVE.error()
    if not by.who.may("users:write") and frozenset(old.scopes) - by.who.scopes:
        raise SCOPE_NOT_HELD.error()
    moment, before = now(), audit.values(old)
    new = ApiKey(
        name=old.name,
        role=old.role,
        scopes=old.scopes,
        user_id=old.user_id,
        partner_id=old.partner_id,
        advertiser_id=old.advertiser_id,
        rate_per_minute=old.rate_per_minute,
        expires_at=moment + (old.expires_at - old.created_at) if old.expires_at else None,
    )
    text = insert(session, by, new)
    old.replaced_by = new.id
    old.expires_at = min(old.expires_at or moment + overlap, moment + overlap)
    _count_change(session, old)
    _told(session, by, "rotate", old, audit.changes(before, audit.values(old)))
    return new, text


def revoke(session: Session, by: Actor, key_id: int) -> ApiKey:
    """End a key for good; revoking it again changes nothing.

    Raises:
        ClickledgerError: ``not_found``, ``forbidden``.

    """
    return end(session, by, _changeable(session, by.who, key_id))


def end(session: Session, by: Actor, key: ApiKey) -> ApiKey:
    """Revoke a key that the caller has found."""
    if key.revoked_at is None:
        before = audit.values(key)
        key.revoked_at = now()
        _count_change(session, key)
        _told(session, by, "revoke", key, audit.changes(before, audit.values(key)))
    return key


def _changeable(session: Session, who: Principal, key_id: int) -> ApiKey:
    # First of all, as every writer does: of two who rotate one key, the second sees what the first made.
    service.the_program(session, to_change=True)
    key = get(session, who, key_id)
    if who.may("users:write"):
        return key
    own = session.scalar(select(ApiKey.id).where(ApiKey.id == key_id, _own(who)))
    if own is None or not who.may("keys:write"):
        raise FORBIDDEN.error("Changing somebody else's key needs the scope users:write.")
    return key


def _visible(who: Principal) -> ColumnElement[bool]:
    return true() if who.may("users:read") or who.may("users:write") else _own(who)


def _own(who: Principal) -> ColumnElement[bool]:
    """Return the condition for the caller's own keys: the user's; without a user, those like this one."""
    if who.user_id is not None:
        return ApiKey.user_id == who.user_id
    alike = and_(
        ApiKey.user_id.is_(None),
        ApiKey.role == who.role,
        ApiKey.partner_id.is_not_distinct_from(who.partner_id),
        ApiKey.advertiser_id.is_not_distinct_from(who.advertiser_id),
    )
    return or_(ApiKey.id == who.key_id, alike)


def _owned(session: Session, who: Principal, wanted: KeyCreate) -> ApiKey:
    """Return a key with its owner filled in."""
    if wanted.user_id is not None:
        user = session.get(User, wanted.user_id)
        if user is None:
            raise REFERENCE_UNKNOWN.error(f"There is no user {wanted.user_id}; list the users to see their ids.")
        return ApiKey(
            role=user.role, user_id=user.id, partner_id=user.partner_id, advertiser_id=user.advertiser_id
        )
    if wanted.role is None:
        return ApiKey(
            role=who.role, user_id=who.user_id, partner_id=who.partner_id, advertiser_id=who.advertiser_id
        )
    if wanted.partner_id is not None and session.get(Partner, wanted.partner_id) is None:
        raise REFERENCE_UNKNOWN.error(
            f"There is no partner {wanted.partner_id}; create it first.", field="partner_id"
        )
    if wanted.advertiser_id is not None and session.get(Advertiser, wanted.advertiser_id) is None:
        raise REFERENCE_UNKNOWN.error(
            f"There is no advertiser {wanted.advertiser_id}; create it first.", field="advertiser_id"
        )
    return ApiKey(role=wanted.role, partner_id=wanted.partner_id, advertiser_id=wanted.advertiser_id)


def _role(name: str) -> Role:
    return next(role for role in ROLE_SCOPES if role == name)


def _tell_edges(session: Session, key: ApiKey) -> None:
    """Let the next snapshot be published for a key that edges know."""
    if key.kind != "session" and EDGE_SCOPE in key.scopes:
        service.grow_version(session)


def _count_change(session: Session, key: ApiKey) -> None:
    _tell_edges(session, key)
    key.revision += 1
    key.updated_at = now()


def _told(session: Session, by: Actor, action: str, key: ApiKey, told: dict[str, list[object]]) -> None:
    whose = {"partner_id": key.partner_id, "advertiser_id": key.advertiser_id}
    audit.record(session, by.who, by.address, action, key.kind, key.id, told, **whose)
