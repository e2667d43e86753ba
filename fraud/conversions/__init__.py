"""Fraud rules about conversions.

The way through: facts of a conversion (``Conversion``) and what it has in common with others (``shared``) ▸ rules
find reasons (``find``) ▸ with its click's reasons they become a verdict and an action (``weigh``). The names below
are all that other rooms may import.
"""

from __future__ import annotations

from fraud.conversions.facts import ALONE, Conversion, GoalKind, Shared
from fraud.conversions.judging import Follows, Judged, find, find_all, findings_of, weigh
from fraud.conversions.others import shared
from fraud.conversions.rules import DEPEND_ON, RULES

__all__ = [
    "ALONE",
    "DEPEND_ON",
    "RULES",
    "Conversion",
    "Follows",
    "GoalKind",
    "Judged",
    "Shared",
    "find",
    "find_all",
    "findings_of",
    "shared",
    "weigh",
]
