"""What an error is: a code, a status, a log level and a sentence that says what to do.

Each room keeps one ``errors.py`` with a table of ``ErrorKind``; raising one is ``KIND.error(...)``.
``docs/errors.md`` is generated from the tables. An error that is not in a table is a bug: the outside
gets ``internal_error`` and nothing more, the log gets everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One row of a room's error table."""

    code: str
    status: int
    level: Level
    advice: str
    """A sentence for the person who meets it: what to do."""

    def error(self, message: str = "", **details: Any) -> ClickledgerError:
        """Return the exception to raise; ``message`` replaces the table's sentence when it can be more exact."""
        return ClickledgerError(self, message or self.advice, details)


class ClickledgerError(Exception):
    """An expected failure: ``kind`` says which, ``message`` what to do, ``details`` the facts (no secrets)."""

    def __init__(self, kind: ErrorKind, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details or {}

    def as_json(self) -> dict[str, Any]:
        """Return the one JSON shape of every error answer."""
        body: dict[str, Any] = {"code": self.kind.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return {"error": body}


def table(*kinds: ErrorKind) -> dict[str, ErrorKind]:
    """Return the kinds by code; a code used twice is a programming error."""
    by_code = {kind.code: kind for kind in kinds}
    if len(by_code) != len(kinds):
        raise ValueError("an error code is used twice in one table")
    return by_code


INTERNAL = ErrorKind(
    "internal_error", 500, "error", "Something unexpected happened; the log of the service has the details."
)
UNAUTHENTICATED = ErrorKind(
    "unauthenticated", 401, "info", "Send 'Authorization: Bearer <key>' with a valid API key."
)
FORBIDDEN = ErrorKind("forbidden", 403, "info", "This key may not do that; ask for one with the scope.")
NOT_FOUND = ErrorKind("not_found", 404, "info", "There is nothing at this address.")
METHOD_NOT_ALLOWED = ErrorKind("method_not_allowed", 405, "info", "Use one of the methods in the Allow header.")
BODY_INVALID = ErrorKind("body_invalid", 400, "info", "Send a JSON object of the documented shape.")
BODY_TOO_LARGE = ErrorKind("body_too_large", 413, "info", "Send a smaller body.")
CONFLICT = ErrorKind(
    "conflict", 409, "info", "That name or code is taken; choose another or use the existing one."
)
PRECONDITION_FAILED = ErrorKind(
    "changed_meanwhile",
    412,
    "info",
    "Somebody changed it since you read it: read it again, and send its new ETag as If-Match.",
)
RATE_LIMITED = ErrorKind(
    "rate_limited", 429, "info", "Too many requests with this key; wait for Retry-After seconds."
)
QUERY_INVALID = ErrorKind("query_invalid", 400, "info", "Send the documented query parameters only.")
STORE_AWAY = ErrorKind(
    "store_away",
    503,
    "warning",
    "A store can't be reached right now; nothing is lost, try again in a moment.",
)
CANNOT_START = ErrorKind("cannot_start", 500, "error", "The service can't start; the message says why.")

ERRORS = table(
    INTERNAL,
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    BODY_INVALID,
    BODY_TOO_LARGE,
    CONFLICT,
    PRECONDITION_FAILED,
    RATE_LIMITED,
    QUERY_INVALID,
    STORE_AWAY,
    CANNOT_START,
)
