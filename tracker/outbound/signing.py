"""Signatures of webhooks, as Standard Webhooks describes them (standardwebhooks.com, version 1.0.0).

The signed content is ``<id>.<timestamp>.<body>``, the key what follows ``whsec_`` in base64, the signature
HMAC-SHA256 in base64 behind ``v1,``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with


def signed_headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed webhook.

    Args:
        secret: ``whsec_`` and the key in base64.
        message_id: The same for every try.
        timestamp: Of this try, seconds since 1970.
        body: As it is sent.

    Raises:
        ValueError: the secret isn't one. The text doesn't hold it.

    """
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("The hook's secret isn't whsec_ and base64; give the hook a new one.") from None
    return key
