"""What can go wrong when somebody changes or reads the program, beyond the errors every room knows."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

REFERENCE_UNKNOWN = ErrorKind(
    "reference_unknown", 400, "info", "Name an advertiser, partner or offer that exists; create it first."
)
FILTER_INVALID = ErrorKind("filter_invalid", 400, "info", "Use the list filters that the message names.")
NOT_PUBLISHED = ErrorKind(
    "not_published",
    503,
    "error",
    "The change is saved, but the edges don't know it yet; it is published as soon as that works again.",
)

ERRORS = table(REFERENCE_UNKNOWN, FILTER_INVALID, NOT_PUBLISHED)
