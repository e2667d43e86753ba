"""Hooks in words: what they are, what came of their messages, and which of those still wait."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

KINDS: Final = (("postback", "Postback: a URL with macros"), ("webhook", "Webhook: signed JSON"))
METHODS: Final = (("", "As usual for its kind"), ("GET", "GET"), ("POST", "POST"))
STATUSES: Final = (
    ("approved", "approved: it counts and is paid for"),
    ("pending", "pending: not decided yet"),
    ("hold", "hold: waits for its hold period or for a person"),
    ("rejected", "rejected: nobody is paid"),
)
OVERLAPS: Final = (("24", "a day"), ("72", "three days"), ("168", "a week"), ("0", "not at all"))
OUTCOMES: Final = {
    "delivered": ("delivered", "good"),
    "failed": ("failed, tried again", "warn"),
    "refused": ("refused", "bad"),
    "given_up": ("given up", "bad"),
}
"""What came of a try: in words, with the colour of a badge."""


def with_waiting(tries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return tries, each with whether the next one is still to come."""
    now = datetime.now(UTC)
    for one in tries:
        one["is_waiting"] = one["next_try"] is not None and datetime.fromisoformat(one["next_try"]) > now
    return tries
