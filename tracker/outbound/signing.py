"""Signatures of webhooks, as Standard Webhooks describes them (standardwebhooks.com, version 1.0.0).

The signed content is ``<id>.<timestamp>.<body>``, the key what follows ``whsec_`` in base64, the signature
HMAC-SHA256 in base64 behind ``v1,``. While a secret is being replaced there is a signature for each, with a space
between, as it says for that case; a receiver that knows either takes the message.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from tracker.routes import HookRoute

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with


def signing_secrets(hook: HookRoute, now_ms: int) -> tuple[str, ...]:
    """Return what a hook's message of this moment is signed with, the newest secret first."""
    if now_ms < hook.previous_secret_until:
        return hook.secret, hook.previous_secret
    return (hook.secret,)


def signed_headers(secrets: tuple[str, ...], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed webhook.

    Args:
        secrets: Each ``whsec_`` and a key in base64.
        message_id: The same for every try.
        timestamp: Of this try, seconds since 1970.
        body: As it is sent.

    Raises:
        ValueError: a secret isn't one. The text doesn't hold it.

    """
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(_key(secret), content, "sha256") for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("The hook's secret isn't whsec_ and base64; give the hook a new one.") from None
    return key
