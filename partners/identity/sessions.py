"""Signing in and out.

Invariants: a wrong password and an unknown address are answered alike, after the same work; attempts are
counted by e-mail address and by network address before any work is done; every attempt is in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.auth import ROLE_SCOPES, Principal
from kernel.errors import ClickledgerError
from kernel.rate_limits import Rate, RateLimiter
from partners import audit
from partners.identity import keys
from partners.identity.errors import ACCESS_ENDED, NOT_A_SESSION, TOO_MANY_ATTEMPTS
from partners.identity.ring import is_let_in
from partners.identity.users import Actor
from partners.models import Advertiser, ApiKey, Partner, User, now

SESSION_LIFE: Final = timedelta(hours=12)
"""A working day and some more."""

ADDRESS_FACTOR: Final = 3
"""Several people share an office's address."""

IPV6_NEIGHBOURHOOD: Final = 64
"""Bits of an IPv6 address that tell one customer from another; the rest one machine changes at will."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who an e-mail address belongs to; id None and an empty hash when nobody has it."""

    user_id: int | None
    password_hash: str


async def count_attempt(limiter: RateLimiter, per_minute: int, email: str, address: str) -> None:
    """Count an attempt to give a password.

    Raises:
        ClickledgerError: ``too_many_attempts``.

    """
    await count_address(limiter, per_minute, address)
    await take(limiter, f"login:email:{email}", Rate(per_minute, 60))


async def count_address(limiter: RateLimiter, per_minute: int, address: str) -> None:
    """Count an attempt to come in that names nobody: by a key.

    Raises:
        ClickledgerError: ``too_many_attempts``.

    """
    await take(limiter, f"login:address:{neighbourhood(address)}", Rate(per_minute * ADDRESS_FACTOR, 60))


async def take(limiter: RateLimiter, name: str, rate: Rate) -> None:
    """Take a token of a bucket, or refuse.

    Raises:
        ClickledgerError: ``too_many_attempts``.

    """
    taken = await limiter.take(name, rate)
    if not taken.allowed:
        wait = max(1, taken.wait_s)
        raise TOO_MANY_ATTEMPTS.error(f"Too many attempts; wait {wait} seconds.", retry_after_s=wait)


def neighbourhood(address: str) -> str:
    """Return what is counted together: an IPv4 address, or the network an IPv6 address is in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), IPV6_NEIGHBOURHOOD), strict=False))
    return str(parsed)


def claimed(session: Session, email: str) -> Claimed:
    """Return whose password the caller must know."""
    found = session.execute(select(User.id, User.password_hash).where(User.email == email)).one_or_none()
    return Claimed(found[0], found[1]) if found else Claimed(None, "")


def refused(session: Session, address: str, user_id: int | None) -> None:
    """Write a failed attempt down, of an unknown address as well: both take the same time."""
    nobody = Principal("", actor="nobody")
    audit.record(session, nobody, address, "login_failed", "user", user_id)


def begin(session: Session, address: str, user_id: int, new_hash: str | None) -> tuple[User, ApiKey, str]:
    """Make a session for a user whose password was right; return the user, the session and its key.

    Args:
        session: A writing session.
        address: Where the user signs in from.
        user_id: Whose session.
        new_hash: The password's hash by today's parameters, if the stored one is outdated.

    Raises:
        ClickledgerError: ``access_ended``.

    """
    user = session.get_one(User, user_id)
    by = Actor(_of(user), address)
    _refuse_ended(session, user)
    user.last_login_at = now()
    if new_hash is not None:
        user.password_hash = new_hash
    key = ApiKey(
        kind="session",
        name="session",
        role=user.role,
        scopes=sorted(next(scopes for role, scopes in ROLE_SCOPES.items() if role == user.role)),
        user_id=user.id,
        partner_id=user.partner_id,
        advertiser_id=user.advertiser_id,
        expires_at=now() + SESSION_LIFE,
    )
    return user, key, keys.insert(session, by, key, "login")


def begin_admin(session: Session, by: Actor) -> str:
    """Make a session for the holder of the admin key, whom no database has to know; return the session's key."""
    key = ApiKey(
        kind="session",
        name="admin key",
        role=by.who.role,
        scopes=sorted(by.who.scopes),
        expires_at=now() + SESSION_LIFE,
    )
    return keys.insert(session, by, key, "login")


def finish(session: Session, by: Actor) -> None:
    """End the session this request came with.

    Raises:
        ClickledgerError: ``not_a_session``.

    """
    key = session.get(ApiKey, by.who.key_id) if by.who.key_id is not None else None
    if key is None or key.kind != "session":
        raise NOT_A_SESSION.error()
    keys.end(session, by, key)


def _refuse_ended(session: Session, user: User) -> None:
    partner = session.get(Partner, user.partner_id) if user.partner_id else None
    advertiser = session.get(Advertiser, user.advertiser_id) if user.advertiser_id else None
    states = (partner.status if partner else None, advertiser.status if advertiser else None)
    if is_let_in(user.status, *states):
        return
    why: ClickledgerError = ACCESS_ENDED.error()
    if partner is not None and partner.status_reason and user.status == "active":
        why = ACCESS_ENDED.error(f"This account is {partner.status}: {partner.status_reason}")
    raise why


def _of(user: User) -> Principal:
    return Principal(user.role, user.partner_id, user.advertiser_id, actor=f"user:{user.id}", user_id=user.id)
