"""Who is asking: the principal of a request and the key it came with.

Today there is one kind of key, the admin key; its principal sees everything. Reports take the principal
as their scope, so narrower principals (a partner, an advertiser) need no change there.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import UNAUTHENTICATED
from kernel.settings import Settings

ADMIN_KEY_FILE = "admin.key"


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who asks. ``partner_id`` or ``advertiser_id`` limit every answer to their rows."""

    role: str
    partner_id: int | None = None
    advertiser_id: int | None = None


ADMIN = Principal("admin")


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
