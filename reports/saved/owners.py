"""Whose something saved is, who else sees it, and as whom it runs when its owner isn't there.

Invariants: a thing belongs to the user, or to the key of nobody, that made it; what belongs to a partner or an
advertiser never shows more than theirs, whoever runs it; links and schedules work as long as the one who made
them may come in and run reports, and never see more than that one saw at the time.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, true
from sqlalchemy.orm import Session

from kernel.auth import ADMIN, ROLE_SCOPES, Principal, Role
from partners.models import Advertiser, ApiKey, Owned, Partner, SavedReport, SavedReportReader, User, now

READ_SCOPE = "reports:read"
_STAFF = frozenset({"admin", "manager", "analyst"})
_ROTATIONS = 100
"""Keys followed from one to the next; more is a circle."""


def owner_of(who: Principal) -> str:
    """Return what the rows of somebody bear as their owner."""
    return who.actor if who.user_id is None else f"user:{who.user_id}"


def ownership(who: Principal) -> dict[str, Any]:
    """Return the columns of ``Owned`` for something that somebody makes."""
    return {
        "owner": owner_of(who),
        "role": who.role,
        "partner_id": who.partner_id,
        "advertiser_id": who.advertiser_id,
    }


def is_staff(who: Principal) -> bool:
    """Return whether somebody belongs to the network itself."""
    return who.role in _STAFF and who.partner_id is None and who.advertiser_id is None


def owned_by(kind: type[Owned], who: Principal) -> ColumnElement[bool]:
    """Return the condition for what somebody may change: their own; an administrator everybody's."""
    if who.role == "admin" and is_staff(who):
        return true()
    mine: ColumnElement[bool] = kind.owner == owner_of(who)
    if who.user_id is None and who.key_id is not None:
        mine = or_(mine, kind.owner.in_(_names_before(who.key_id)))
    # The ids too: a user that was moved to another partner leaves behind what was the first one's.
    return and_(mine, same_side(kind, who))


def same_side(kind: type[Owned], who: Principal) -> ColumnElement[bool]:
    """Return the condition for rows that look exactly as far as somebody does."""
    return and_(
        kind.partner_id.is_not_distinct_from(who.partner_id),
        kind.advertiser_id.is_not_distinct_from(who.advertiser_id),
    )


def visible(who: Principal) -> ColumnElement[bool]:
    """Return the condition for the saved reports somebody may read and run."""
    readers = [f"role:{who.role}"] + ([f"user:{who.user_id}"] if who.user_id is not None else [])
    shown = (
        select(SavedReportReader.report_id)
        .where(SavedReportReader.report_id == SavedReport.id, SavedReportReader.reader.in_(readers))
        .exists()
    )
    # What is a partner's is shared with its own people and with the network's, never with another partner's.
    network = and_(SavedReport.partner_id.is_(None), SavedReport.advertiser_id.is_(None))
    near = true() if is_staff(who) else or_(network, same_side(SavedReport, who))
    return or_(owned_by(SavedReport, who), and_(shown, near))


def runs_as(who: Principal, row: Owned) -> Principal | None:
    """Return somebody narrowed to whose a thing is; None where the two have nothing in common."""
    narrowed = {}
    for side in ("partner_id", "advertiser_id"):
        own, its = getattr(who, side), getattr(row, side)
        if own is not None and its is not None and own != its:
            return None
        narrowed[side] = own if own is not None else its
    return Principal(
        who.role,
        narrowed["partner_id"],
        narrowed["advertiser_id"],
        actor=who.actor,
        scopes=who.scopes,
        key_id=who.key_id,
        user_id=who.user_id,
    )


def present(session: Session, row: Owned) -> Principal | None:
    """Return the owner of a thing as they are today, able to see no more than when it was made.

    None when they may not come in or not run reports any more, or belong to somebody else now.
    """
    who = _find(session, row.owner)
    if (
        who is None
        or not who.may(READ_SCOPE)
        or (who.partner_id, who.advertiser_id)
        != (
            row.partner_id,
            row.advertiser_id,
        )
    ):
        return None
    if not _is_let_in(session, who):
        return None
    return who


def _names_before(key_id: int) -> Select[str]:
    """Return the owners' names of the keys that were rotated to this one, and its own."""
    chain = select(ApiKey.id, ApiKey.prefix).where(ApiKey.id == key_id).cte(recursive=True)
    chain = chain.union_all(select(ApiKey.id, ApiKey.prefix).where(ApiKey.replaced_by == chain.c.id))
    return select(literal("key:") + chain.c.prefix)


def _find(session: Session, owner: str) -> Principal | None:
    kind, _, name = owner.partition(":")
    if owner == ADMIN.actor:
        return ADMIN
    if kind == "user":
        user = session.get(User, int(name))
        if user is None or user.status != "active":
            return None
        scopes = ROLE_SCOPES[cast("Role", user.role)]
        return Principal(user.role, user.partner_id, user.advertiser_id, owner, scopes, user_id=user.id)
    return _key(session, name)


def _key(session: Session, prefix: str) -> Principal | None:
    """Return who holds a key, or the one it was rotated to."""
    key = session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
    for _ in range(_ROTATIONS):
        if key is None or key.replaced_by is None:
            break
        key = session.get(ApiKey, key.replaced_by)
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now()):
        return None
    scopes = ROLE_SCOPES[cast("Role", key.role)] & frozenset(key.scopes)
    # Under the name of the first key, which is what its things are known by.
    return Principal(key.role, key.partner_id, key.advertiser_id, f"key:{prefix}", scopes)


def _is_let_in(session: Session, who: Principal) -> bool:
    if who.partner_id is not None:
        partner = session.get(Partner, who.partner_id)
        if partner is None or partner.status != "approved":
            return False
    if who.advertiser_id is not None:
        advertiser = session.get(Advertiser, who.advertiser_id)
        if advertiser is None or advertiser.status != "active":
            return False
    return True
