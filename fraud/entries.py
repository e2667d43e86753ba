"""How a rule is set: an entry for the whole network, an offer, a partner, or a partner on an offer.

Invariants: an entry holds only what it changes; what it leaves out comes from the next wider one, and at last from
the rule's defaults: partner and offer, then partner, then offer, then network. Entries are checked when they are
saved (``fraud.rules.book.check_entry``), so that those in force always work.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

Action: TypeAlias = Literal["mark", "hold", "reject", "fallback", "block"]
"""What follows from a reason: nothing but the mark; the conversion waits for somebody; it is rejected; the click
goes to the fallback; what ``block`` names is blocked for a time."""
AT_THE_EDGE: frozenset[str] = frozenset(
    {
        *("bot_user_agent", "http_library", "headless_browser", "empty_user_agent", "malformed_user_agent"),
        *("prefetch", "non_get_method"),
    }
)
"""Rules an edge can judge by the request alone while the visitor waits: those with which ``fallback`` goes."""
BlockWhat: TypeAlias = Literal["source", "sub1", "partner", "prefix", "address"]


class RuleEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Settings of one rule in one place."""

    code: str
    """The rule's reason; ``score`` sets what follows from a score."""
    offer_id: int = 0
    """0: every offer."""
    partner_id: int = 0
    """0: every partner."""
    enabled: bool | None = None
    settings: dict[str, Any] = {}
    """Names and values of the rule's own settings."""
    action: Action | None = None
    block: BlockWhat | None = None
    """What is blocked when the action is ``block``."""
    block_minutes: int | None = None
    """For how long."""
