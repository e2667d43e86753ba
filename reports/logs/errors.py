"""What can be wrong with a log or a click's road beyond what can be wrong with a report."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

CLICK_ID_UNREADABLE = ErrorKind(
    "click_id_unreadable",
    400,
    "info",
    "This is no click id; one has 32 letters, digits, '-' and '_', and begins with the time of the click.",
)
CURSOR_INVALID = ErrorKind("cursor_invalid", 400, "info", "Send the next_cursor of the last answer, unchanged.")

ERRORS = table(CLICK_ID_UNREADABLE, CURSOR_INVALID)
