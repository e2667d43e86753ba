"""What is usual of conversions (``UsualConversions``), and how it is counted (``read_conversions``)."""

from __future__ import annotations

from fraud.usual.conversions.known import (
    NO_TIMING,
    NOTHING_USUAL,
    PRIOR,
    Addresses,
    Amounts,
    CouponUse,
    OfOneClick,
    Pace,
    Timing,
    UsualConversions,
)
from fraud.usual.conversions.reading import read_conversions

__all__ = [
    "NOTHING_USUAL",
    "NO_TIMING",
    "PRIOR",
    "Addresses",
    "Amounts",
    "CouponUse",
    "OfOneClick",
    "Pace",
    "Timing",
    "UsualConversions",
    "read_conversions",
]
