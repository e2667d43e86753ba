"""Test mode: a token that marks a click and what follows from it as a test, so that it counts nowhere.

``cl_test=<milliseconds since 1970>.<hex HMAC-SHA256>`` on a link or a postback. Invariants: only this
installation can make one, with a key derived from the click ids' own; it holds for ten minutes, so one that
leaks into a real campaign marks nobody's clicks for long; what isn't a valid token is ignored, never refused.
"""

from __future__ import annotations

import hashlib
import hmac

from tracker.click_id import ClickIdKeys

PARAMETER = "cl_test"
"""Name of the token in a query."""

VALID_MS = 600_000
"""Ten minutes: time enough to walk from a link to its report."""
AHEAD_MS = 60_000
"""How far the clock of the host that made a token may be ahead of the one that checks it."""

_PURPOSE = b"clickledger test mode"
_MOST_DIGITS = 15
"""Of a moment in milliseconds; enough for 30,000 years."""


def token(keys: ClickIdKeys, now_ms: int) -> str:
    """Return a token made at ``now_ms``, milliseconds since 1970: the value of ``cl_test``."""
    return f"{now_ms}.{_proof(keys.secret, str(now_ms))}"


def is_test(keys: ClickIdKeys, value: str, now_ms: int) -> bool:
    """Return whether ``value`` is a token of this installation that still holds; any text may be given."""
    if not value:
        return False
    moment, _, proof = value.partition(".")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS and proof.isascii()):
        return False
    if not -AHEAD_MS <= now_ms - int(moment) <= VALID_MS:
        return False
    # A key that was just replaced still vouches for tokens that were made before.
    return any(hmac.compare_digest(_proof(secret, moment), proof) for secret in keys.accepted_secrets)


def _proof(secret: bytes, moment: str) -> str:
    key = hashlib.blake2b(_PURPOSE, key=secret, digest_size=32).digest()
    return hmac.new(key, moment.encode(), hashlib.sha256).hexdigest()
