"""Rules: what each looks at, how it is set, and how it is found in a batch of clicks.

``book`` says how every rule is set; ``request`` and ``behaviour`` find their reasons.
"""

from __future__ import annotations

from fraud.rules.book import RULES_VERSION, Resolved, RuleAction, Rulebook, check_entry

__all__ = ["RULES_VERSION", "Resolved", "RuleAction", "Rulebook", "check_entry"]
