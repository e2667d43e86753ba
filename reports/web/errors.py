"""What can go wrong between a browser and a page, beside what the API refuses."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

CROSS_SITE = ErrorKind(
    "cross_site",
    403,
    "warning",
    "This came from a page of another site; open clickledger's own page and try there.",
)
FORM_UNREADABLE = ErrorKind(
    "form_unreadable", 400, "info", "The form couldn't be read; open the page anew and try again."
)
PAGE_ACT_UNKNOWN = ErrorKind(
    "page_act_unknown", 400, "info", "This page has no such button any more; open it anew and try again."
)

ERRORS = table(CROSS_SITE, FORM_UNREADABLE, PAGE_ACT_UNKNOWN)
