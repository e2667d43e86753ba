"""The key ring: who holds a key at this moment, and when each key was used last.

Invariants: a key is worth what its owner is: a disabled user, a partner that is suspended or banned and a
suspended advertiser have keys that open nothing; one that waits for approval, or was turned down, may look at
its own state alone. The time of use is to the minute and written later, so no request waits for a write.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import select, update

from kernel.auth import ADMIN, ROLE_SCOPES, Principal, Role
from kernel.errors import ClickledgerError
from kernel.logging import log
from kernel.sql import Sessions
from partners.models import Advertiser, ApiKey, Partner, User, now

WAITING = frozenset({"pending", "rejected"})
"""Partners that may sign in and see how things stand, nothing else."""

NO_SCOPES: frozenset[str] = frozenset()


class KeyRing:
    """Everybody's keys. Asked from several threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._used: dict[int, datetime] = {}

    def holder(self, prefix: str, fingerprint: str) -> Principal | None:
        """Return who holds the key now, None for nobody.

        Raises:
            ClickledgerError: ``store_away``.

        """
        query = (
            select(ApiKey, User.status, User.role, Partner.status, Advertiser.status)
            .outerjoin(User, User.id == ApiKey.user_id)
            .outerjoin(Partner, Partner.id == ApiKey.partner_id)
            .outerjoin(Advertiser, Advertiser.id == ApiKey.advertiser_id)
            .where(ApiKey.prefix == prefix)
        )
        with self._sessions.reading() as session:
            found = session.execute(query).one_or_none()
        if found is None:
            return None
        key, user_status, user_role, partner_status, advertiser_status = found
        moment = now()
        if (
            not hmac.compare_digest(key.secret_hash, fingerprint)
            or key.revoked_at is not None
            or (key.expires_at is not None and key.expires_at <= moment)
            or not is_let_in(user_status, partner_status, advertiser_status)
        ):
            return None
        self._note_use(key, moment)
        return _principal(key, user_role or key.role, waiting=partner_status in WAITING)

    def write_uses(self) -> None:
        """Store when keys were used; what can't be stored now is tried again the next time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            with self._sessions.writing() as session:
                for key_id, moment in used.items():
                    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=moment))
        except ClickledgerError as why:
            log("keys").warning("key_uses_not_written", why=why.message)
            self._used = used | self._used

    def _note_use(self, key: ApiKey, moment: datetime) -> None:
        minute = moment.replace(second=0, microsecond=0)
        if key.last_used_at is None or key.last_used_at < minute:
            self._used[key.id] = minute


def is_let_in(user_status: str | None, partner_status: str | None, advertiser_status: str | None) -> bool:
    """Return whether somebody of these states may come in at all; None for what one doesn't have."""
    return (
        user_status in {None, "active"}
        and partner_status in {None, "approved", *WAITING}
        and advertiser_status in {None, "active"}
    )


def _principal(key: ApiKey, role: str, *, waiting: bool) -> Principal:
    # The role is the user's of today: who was an administrator last week isn't one by an old key.
    allowed = ROLE_SCOPES.get(cast("Role", role), NO_SCOPES)
    return Principal(
        role,
        key.partner_id,
        key.advertiser_id,
        actor=_actor(key),
        scopes=NO_SCOPES if waiting else allowed & frozenset(key.scopes),
        key_id=key.id,
        user_id=key.user_id,
        rate_per_minute=key.rate_per_minute,
    )


def _actor(key: ApiKey) -> str:
    """Return what the audit log calls a key's holder; a session of the admin key is nobody else's."""
    if key.kind != "session":
        return f"key:{key.prefix}"
    return ADMIN.actor if key.user_id is None else f"user:{key.user_id}"


def is_active(key: Any, moment: datetime | None = None) -> bool:
    """Return whether a key is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > (moment or datetime.now(UTC)))
