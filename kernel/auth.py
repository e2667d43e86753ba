"""Who is asking, and what they may do: principals, roles, scopes, and the admin key.

Invariants: a scope that isn't in ``SCOPES`` is a programming error; a key may never do more than its role; a
partner's or an advertiser's principal always bears its id, and every answer it gets is limited to that id.
The admin key, made on first start, is an administrator that no database has to know.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from kernel.errors import UNAUTHENTICATED
from kernel.settings import Settings

ADMIN_KEY_FILE = "admin.key"

Role: TypeAlias = Literal["admin", "manager", "analyst", "partner", "advertiser"]
ROLES: tuple[Role, ...] = ("admin", "manager", "analyst", "partner", "advertiser")

SCOPES: dict[str, str] = {
    "program:read": "Read partners, offers, links and everything about them",
    "program:write": "Create and change partners, offers, links and everything about them",
    "links:write": "Create and change one's own links",
    "hooks:write": "Create and change one's own outgoing postbacks and webhooks",
    "access:write": "Ask for offers that are open by approval",
    "reports:read": "Run reports",
    "events:read": "Export clicks and conversions",
    "rejected:read": "Export what was refused, with its bytes",
    "conversions:write": "Approve, reject, adjust and upload conversions",
    "clicks:write": "Record clicks from a server",
    "outbound:read": "Read the log of outgoing postbacks and webhooks",
    "outbound:write": "Send outgoing postbacks and webhooks again",
    "links:test": "Run a link's self-test",
    "keys:write": "Make and revoke one's own keys",
    "users:read": "Read users and everybody's keys",
    "users:write": "Create and change users and everybody's keys",
    "audit:read": "Read who changed what",
    "system:read": "Read how the pipeline and the service are doing",
}
"""Everything a request can need, with what it allows."""

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    "admin": frozenset(SCOPES),
    "manager": frozenset(SCOPES) - {"users:write"},
    "analyst": frozenset(
        {
            "program:read",
            "reports:read",
            "events:read",
            "rejected:read",
            "outbound:read",
            "keys:write",
            "system:read",
        }
    ),
    "partner": frozenset(
        {
            *("program:read", "links:write", "hooks:write", "access:write", "reports:read", "events:read"),
            *("clicks:write", "outbound:read", "outbound:write", "links:test", "keys:write"),
        }
    ),
    "advertiser": frozenset({"program:read", "reports:read", "events:read", "conversions:write", "keys:write"}),
}
"""What each role may do; a partner and an advertiser only with what is theirs."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who asks. ``partner_id`` or ``advertiser_id`` limit every answer to their rows."""

    role: str
    partner_id: int | None = None
    advertiser_id: int | None = None
    actor: str = ""
    """What the audit log calls them: ``user:3``, ``key:ab12cd34``, ``admin key``."""
    scopes: frozenset[str] = frozenset()
    key_id: int | None = None
    user_id: int | None = None
    rate_per_minute: int | None = None
    """Requests the key may make; None: the service's setting."""

    def may(self, scope: str) -> bool:
        """Return whether this principal holds a scope."""
        return scope in self.scopes


ADMIN = Principal("admin", actor="admin key", scopes=ROLE_SCOPES["admin"])


def write_secret(path: Path, value: str) -> None:
    """Write a secret readable by its owner only; never overwrites, never visible half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, value.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def admin_key(chosen: Settings, *, create: bool = False) -> str:
    """Return the admin key from the settings or its file; make it when asked to. '' when there is none."""
    given = chosen.admin_key.get_secret_value()
    if given:
        return given
    path = chosen.data_dir / ADMIN_KEY_FILE
    if create and not path.exists():
        write_secret(path, f"cl_{secrets.token_urlsafe(32)}\n")
    try:
        return path.read_text().strip()
    except OSError:
        return ""


class Authenticator:
    """Turns an Authorization header into a principal."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def principal(self, authorization: str) -> Principal:
        """Return who holds the bearer key.

        Raises:
            ClickledgerError: ``unauthenticated``, the same for a missing, malformed or wrong key.

        """
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() == "bearer" and self._key and hmac.compare_digest(key.strip().encode(), self._key):
            return ADMIN
        raise UNAUTHENTICATED.error()
