"""What can be wrong with a rule's settings."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

RULE_INVALID = ErrorKind(
    "rule_invalid",
    422,
    "info",
    "The rule can't be set like this; docs/fraud-reasons.md lists every rule's settings.",
)

ERRORS = table(RULE_INVALID)
