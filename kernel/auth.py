"""Who is asking, and what they may do: principals, roles, scopes, and the admin key.

Invariants: a scope that isn't in ``SCOPES`` is a programming error; a key may never do more than its role; a
partner's or an advertiser's principal always bears its id, and every answer it gets is limited to that id.
The admin key, made on first start, is an administrator that no database has to know.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import anyio.to_thread

from kernel import keys
from kernel.errors import UNAUTHENTICATED
from kernel.settings import Settings

ADMIN_KEY_FILE = "admin.key"

REMEMBER_SECONDS: Final = 1.0
"""How long an answer about a key stays true: a revoked key works at most this much longer."""

REMEMBERED_KEYS: Final = 10_000
"""Keys remembered at once, unknown ones included; the oldest is forgotten first."""

LOOKUP_THREADS: Final = 4
"""Threads that ask for keys; of their own, so that slow reports don't keep anybody from being recognised."""

Role: TypeAlias = Literal["admin", "manager", "analyst", "partner", "advertiser"]
ROLES: tuple[Role, ...] = ("admin", "manager", "analyst", "partner", "advertiser")

SCOPES: dict[str, str] = {
    "program:read": "Read partners, offers, links and everything about them",
    "program:write": "Create and change partners, offers, links and everything about them",
    "links:write": "Create and change one's own links",
    "hooks:write": "Create and change one's own outgoing postbacks and webhooks",
    "access:write": "Ask for offers that are open by approval",
    "reports:read": "Run reports",
    "reports:write": "Save, share and schedule reports",
    "events:read": "Export clicks and conversions",
    "rejected:read": "Export what was refused, with its bytes",
    "conversions:write": "Approve, reject, adjust and upload conversions",
    "clicks:write": "Record clicks from a server",
    "outbound:read": "Read the log of outgoing postbacks and webhooks",
    "outbound:write": "Send outgoing postbacks and webhooks again",
    "links:test": "Run a link's self-test",
    "fraud:read": "Read fraud rules, models, partner risk, disputes and evidence",
    "fraud:write": "Set fraud rules, train models, mark partners, score again and decide disputes",
    "disputes:write": "Open and read disputes of one's own conversions",
    "keys:write": "Make and revoke one's own keys",
    "users:read": "Read users and everybody's keys",
    "users:write": "Create and change users and everybody's keys",
    "audit:read": "Read who changed what",
    "system:read": "Read how the pipeline and the service are doing",
    "system:write": "Repair what reports are made of",
}
"""Everything a request can need, with what it allows."""

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    "admin": frozenset(SCOPES),
    "manager": frozenset(SCOPES) - {"users:write", "system:write"},
    "analyst": frozenset(
        {
            "program:read",
            "reports:read",
            "reports:write",
            "events:read",
            "rejected:read",
            "outbound:read",
            "fraud:read",
            "keys:write",
            "system:read",
        }
    ),
    "partner": frozenset(
        {
            *("program:read", "links:write", "hooks:write", "access:write", "events:read"),
            *(
                "reports:read",
                "reports:write",
                "clicks:write",
                "outbound:read",
                "outbound:write",
                "links:test",
                "disputes:write",
                "keys:write",
            ),
        }
    ),
    "advertiser": frozenset(
        {"program:read", "reports:read", "reports:write", "events:read", "conversions:write", "keys:write"}
    ),
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


Lookup: TypeAlias = Callable[[str, str], Principal | None]
"""Finds who holds a key by its prefix and its fingerprint; None for nobody. Blocks; called in threads."""


class Authenticator:
    """Turns an Authorization header into a principal."""

    def __init__(
        self, key: str, lookup: Lookup | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Know the admin key, and where the other keys are.

        Args:
            key: The admin key; '' for none.
            lookup: Knows all other keys; without it there are none.
            clock: Seconds, for how long an answer is remembered.

        """
        self._key = key.encode()
        self._lookup = lookup
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Principal | None]] = {}
        self._threads: anyio.CapacityLimiter | None = None

    def principal(self, authorization: str) -> Principal:
        """Return the administrator if this is the admin key; asks no store.

        Raises:
            ClickledgerError: ``unauthenticated``, the same for a missing, malformed or wrong key.

        """
        key = _bearer(authorization)
        if self._key and hmac.compare_digest(key.encode(), self._key):
            return ADMIN
        raise UNAUTHENTICATED.error()

    async def authenticate(self, authorization: str) -> Principal:
        """Return who holds the bearer key.

        Raises:
            ClickledgerError: ``unauthenticated`` as above; ``store_away`` when the keys can't be read now.

        """
        key = _bearer(authorization)
        if self._key and hmac.compare_digest(key.encode(), self._key):
            return ADMIN
        prefix = keys.parse(key)
        if prefix is None or self._lookup is None:
            raise UNAUTHENTICATED.error()
        fingerprint = keys.fingerprint(key)
        until, who = self._known.get(fingerprint, (0.0, None))
        if self._clock() >= until:
            who = await self._ask(prefix, fingerprint)
        if who is None:
            raise UNAUTHENTICATED.error()
        return who

    def forget(self) -> None:
        """Ask anew about every key: somebody's rights have just changed."""
        # New containers: an answer on its way is older than the change and ends in the old ones.
        self._known, self._asking = OrderedDict(), {}

    async def _ask(self, prefix: str, fingerprint: str) -> Principal | None:
        """Ask once, however many requests wait for the answer."""
        asking = self._asking
        task = asking.get(fingerprint)
        if task is None:
            task = asking[fingerprint] = asyncio.create_task(self._find(prefix, fingerprint))
            task.add_done_callback(lambda _: asking.pop(fingerprint, None))
        # One who waits may go away; the others still want the answer.
        return await asyncio.shield(task)

    async def _find(self, prefix: str, fingerprint: str) -> Principal | None:
        assert self._lookup is not None  # noqa: S101 - asked before
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(LOOKUP_THREADS)
        known, until = self._known, self._clock() + REMEMBER_SECONDS
        who = await anyio.to_thread.run_sync(self._lookup, prefix, fingerprint, limiter=self._threads)
        known[fingerprint] = (until, who)
        known.move_to_end(fingerprint)
        if len(known) > REMEMBERED_KEYS:
            known.popitem(last=False)
        return who


def _bearer(authorization: str) -> str:
    """Return the key of an Authorization header, '' for none."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
