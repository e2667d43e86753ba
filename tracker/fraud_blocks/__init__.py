"""Blocks that fraud rules make: what the action ``block`` names is put into the blocklist for a time.

``sql`` finds what rules speak of in new events, ``finding`` says what of it is to be blocked and for whom,
``making`` puts it into the blocklist once per thing and period. ``clickledger.roles.jobs`` looks again and again.
"""

from __future__ import annotations

from tracker.fraud_blocks.making import RuleBlocks

__all__ = ["RuleBlocks"]
