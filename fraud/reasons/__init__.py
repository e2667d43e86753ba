"""The closed set of fraud reasons: what each is called, how it weighs and how a person reads it.

Invariants: a code is stored in rows for years, so it is never renamed or reused; every code a rule can
give is in ``REASONS``; ``docs/fraud-reasons.md`` is generated from this table and a test compares them.

The categories are those of the Media Rating Council's *Invalid Traffic Detection and Filtration
Standards*: general invalid traffic (GIVT) is told by lists and plain facts of the request,
sophisticated (SIVT) needs corroboration.
"""

from __future__ import annotations

from fraud.reasons.general import GENERAL
from fraud.reasons.of_conversions import OF_CONVERSIONS
from fraud.reasons.reason import Category, Kind, Reason
from fraud.reasons.sophisticated import DUPLICATE_CLICK, MODEL_OUTLIER, SOPHISTICATED

__all__ = ["DUPLICATE_CLICK", "MODEL_OUTLIER", "OF_CONVERSIONS", "REASONS", "Category", "Kind", "Reason"]

REASONS: dict[str, Reason] = {reason.code: reason for reason in (*GENERAL, *SOPHISTICATED, *OF_CONVERSIONS)}
"""Every reason by its code, the most severe first within its group."""
