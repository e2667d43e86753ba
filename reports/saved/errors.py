"""What can be wrong with saved reports, custom metrics, shared links and schedules."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

FORMULA_INVALID = ErrorKind(
    "formula_invalid", 400, "info", "Write a formula of metrics, numbers, + - * / and parentheses."
)
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

ERRORS = table(FORMULA_INVALID, RANGE_INCOMPLETE, TOO_MANY_SAVED, LINK_INVALID, TARGET_NOT_ALLOWED)
