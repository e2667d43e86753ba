"""Entries of fraud rules as the snapshot holds them, turned into those the rules read.

Apart from ``tracker.snapshot``, because edges read snapshots and never load the rules.
"""

from __future__ import annotations

from collections.abc import Iterable

from fraud.entries import RuleEntry
from tracker.routes import FraudRuleRoute


def rule_entries(routes: Iterable[FraudRuleRoute]) -> tuple[RuleEntry, ...]:
    """Return the entries, in the order they were made."""
    return tuple(
        RuleEntry(
            route.code,
            route.offer_id,
            route.partner_id,
            route.enabled,
            route.settings,
            route.action,  # type: ignore[arg-type]  # one of Action, checked when it was saved
            route.block,  # type: ignore[arg-type]  # one of BlockWhat, likewise
            route.block_minutes,
        )
        for route in routes
    )
