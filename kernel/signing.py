"""Texts that only this installation can have written: a payload and its HMAC, both in base64url.

Each purpose has a key of its own, derived from the installation's secrets, so a text made for one purpose is
worth nothing for another. Invariants: the first secret signs, the others still vouch for what was signed before
a rotation; any text at all may be checked, and only the exact one that was made passes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_SEPARATOR = "."


class Signer:
    """Signs texts of one purpose and knows its own again."""

    def __init__(self, secrets: Sequence[bytes], purpose: str) -> None:
        """Derive the keys.

        Args:
            secrets: At least one, each of 1 to 64 bytes; the first signs.
            purpose: What the texts are for.

        """
        if not secrets:
            raise ValueError("a signer needs a secret")
        self._keys = [hashlib.blake2b(purpose.encode(), key=one, digest_size=32).digest() for one in secrets]

    def sign(self, payload: bytes) -> str:
        """Return the payload and its proof as one text of URL-safe characters."""
        return f"{_text(payload)}{_SEPARATOR}{_text(_proof(self._keys[0], payload))}"

    def read(self, signed: str) -> bytes | None:
        """Return the payload of a text that was signed here; None for any other."""
        content, _, proof = signed.partition(_SEPARATOR)
        payload = _bytes(content)
        if payload is None or not proof.isascii():
            return None
        # All keys are tried, so that the time taken doesn't tell which one it was.
        known = [hmac.compare_digest(_text(_proof(key, payload)), proof) for key in self._keys]
        return payload if any(known) and _text(payload) == content else None


def _proof(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
