"""What can be wrong with saved reports, custom metrics, shared links and schedules."""

from __future__ import annotations

from kernel.errors import ErrorKind, table
from reports.errors import ERRORS as QUERIES

RANGE_INCOMPLETE = ErrorKind(
    "range_incomplete", 400, "info", "Give 'from' and 'to', or a 'range' such as last_7_days, and not both."
)
TOO_MANY_SAVED = ErrorKind(
    "too_many_saved", 409, "info", "You have as many of these as one may have; delete some that nobody needs."
)
LINK_INVALID = ErrorKind(
    "link_invalid", 404, "info", "This link doesn't work, or not any more; ask the one who sent it for a new one."
)
TARGET_NOT_ALLOWED = ErrorKind(
    "target_not_allowed", 403, "info", "Files are written for the network's own people; use a webhook instead."
)

NOT_YOUR_ROWS = ErrorKind(
    "report_not_for_you",
    403,
    "info",
    "This report is limited to somebody else's rows; ask its owner for one of your own.",
)

ERRORS = table(RANGE_INCOMPLETE, TOO_MANY_SAVED, LINK_INVALID, TARGET_NOT_ALLOWED, NOT_YOUR_ROWS)

QUERY_ERRORS = tuple(QUERIES.values())
"""What a query can be refused with, and the file made of its rows."""
