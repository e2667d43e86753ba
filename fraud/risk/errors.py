"""Errors of partner risk."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

RISK_RUNS = ErrorKind(
    "risk_runs", 409, "info", "Partner risk is being scored right now; try again when it is done."
)
RISK_DAY_AHEAD = ErrorKind("risk_day_ahead", 400, "info", "That UTC day hasn't begun; ask for one that has.")
RISK_NOT_SCORED = ErrorKind(
    "risk_not_scored",
    404,
    "info",
    "Partner risk of that day was never scored; 'clickledger fraud risk run --day YYYY-MM-DD' scores it.",
)
RISK_TOO_LARGE = ErrorKind(
    "risk_too_large",
    503,
    "warning",
    "Scoring partner risk needs more memory or time than it may take; raise CLICKLEDGER_REPORT_MAX_MEMORY_MIB.",
)
ERRORS = table(RISK_RUNS, RISK_DAY_AHEAD, RISK_NOT_SCORED, RISK_TOO_LARGE)
