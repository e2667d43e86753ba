"""What can go wrong when somebody changes or reads the program, beyond the errors every room knows."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

REFERENCE_UNKNOWN = ErrorKind("reference_unknown", 400, "info", "Name an entry that exists; create it first.")
IN_USE = ErrorKind(
    "in_use", 409, "info", "Other entries still name it; change or delete those first, or pause it instead."
)
TRANSITION_INVALID = ErrorKind(
    "transition_invalid", 409, "info", "Its status can't change like that; the message says to what it can."
)
NO_SECRET = ErrorKind("no_secret", 409, "info", "Only webhooks are signed; this hook is a postback.")
FILTER_INVALID = ErrorKind("filter_invalid", 400, "info", "Use the list filters that the message names.")
NOTHING_TO_DISPUTE = ErrorKind(
    "nothing_to_dispute", 409, "info", "The conversion is approved and paid for; there is nothing to dispute."
)
NOT_PUBLISHED = ErrorKind(
    "not_published",
    503,
    "error",
    "The change is saved, but the edges don't know it yet; it is published as soon as that works again.",
)

ERRORS = table(
    REFERENCE_UNKNOWN, IN_USE, TRANSITION_INVALID, NO_SECRET, FILTER_INVALID, NOTHING_TO_DISPUTE, NOT_PUBLISHED
)
