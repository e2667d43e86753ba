"""Partner risk: how each partner behaved on each day, how unlike its peers that is, and why.

The way through: ``measuring`` reads what all partners did out of the event store (``sql``, named by
``behaviours``) ▸ ``judging`` ranks them with ``fraud.ranking`` ▸ ``telling`` says what sets one apart ▸
``history`` keeps the day ▸ ``runs`` does all of it for a day, and ``api`` offers it.
"""

from __future__ import annotations

from fraud.risk.api import operations
from fraud.risk.errors import ERRORS
from fraud.risk.runs import READER_SETTINGS, Marks, RiskRuns

__all__ = ["ERRORS", "READER_SETTINGS", "Marks", "RiskRuns", "operations"]
