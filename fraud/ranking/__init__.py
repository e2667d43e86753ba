"""Ranking partners by a table of their features: without labels, and learning from marks.

What ``clickledger fraud evaluate`` measures on any table is what partner risk runs on our own. Nothing here knows
clicks or a store: a table is a matrix (partners x columns, NaN for a missing value) and the columns' names.
"""

from __future__ import annotations

from fraud.ranking.errors import ERRORS
from fraud.ranking.supervised import Supervised
from fraud.ranking.unsupervised import Contribution, Ranking, Unsupervised

__all__ = ["ERRORS", "Contribution", "Ranking", "Supervised", "Unsupervised"]
