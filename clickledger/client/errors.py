"""What can go wrong between a script and the service, as exceptions to catch by kind.

Every one bears the service's own ``code``, ``message``, ``status`` and ``details``; ``nearest`` has the valid
names nearest to a wrong one. Codes are listed in ``docs/errors.md``.
"""

from __future__ import annotations

from typing import Any

import msgspec


class ClientError(Exception):
    """Anything that went wrong."""

    def __init__(self, code: str, message: str, status: int = 0, details: dict[str, Any] | None = None) -> None:
        """Keep what is known.

        Args:
            code: What it is, for programs.
            message: A sentence that says what to do.
            status: HTTP status; 0 when nobody answered.
            details: Facts: limits, fields, names.

        """
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details or {}

    @property
    def nearest(self) -> list[str]:
        """The valid names nearest to the wrong one."""
        found = self.details.get("nearest")
        return [str(name) for name in found] if isinstance(found, list) else []


class ServiceNotFoundError(ClientError):
    """Nobody said where the service is, or with which key to ask it."""


class ServiceSilentError(ClientError):
    """The service can't be reached, or stopped in the middle of an answer."""


class UnauthenticatedError(ClientError):
    """The key isn't valid, or not any more."""


class ForbiddenError(ClientError):
    """The key may not do that, or its role doesn't see that money."""


class NotFoundError(ClientError):
    """There is no such thing, or it isn't the key's to see."""


class RefusedError(ClientError):
    """What was asked can't be answered as it is: the message says what to change."""


class UnknownNameError(RefusedError):
    """A dimension, metric, operator, column or time zone that doesn't exist; see ``nearest``."""


class TooLargeError(RefusedError):
    """Too slow, too large or too long for the service's limits; the message says what to narrow."""


class CancelledError(RefusedError):
    """The report was cancelled while it ran."""


class RateLimitedError(ClientError):
    """The key asked too often."""

    @property
    def retry_after_s(self) -> float:
        """Seconds to wait before asking again."""
        return float(self.details.get("retry_after_s", 1))


class ServiceFailedError(ClientError):
    """The service, or a store behind it, can't answer right now."""


class PandasMissingError(ImportError):
    """A data frame was asked for, and pandas isn't installed."""

    def __init__(self) -> None:
        """Say what to install."""
        super().__init__("Data frames need pandas: pip install 'clickledger[client]'")


_BY_CODE: dict[str, type[ClientError]] = {
    "report_too_slow": TooLargeError,
    "report_too_large": TooLargeError,
    "report_too_long": TooLargeError,
    "export_too_large": TooLargeError,
    "report_cancelled": CancelledError,
}
_BY_STATUS: dict[int, type[ClientError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitedError,
}


class _Told(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    error: _Told


def refusal(status: int, body: bytes, retry_after: str = "") -> ClientError:
    """Return the exception for an answer that is no success.

    Args:
        status: HTTP status.
        body: The answer.
        retry_after: The header of that name.

    """
    try:
        told = msgspec.json.decode(body, type=_Answer).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = body[:200].decode("utf-8", "replace").strip()
        kind = ServiceFailedError if status >= 500 else _BY_STATUS.get(status, RefusedError)
        return kind("unexpected_answer", f"The service answered {status}: {text}", status)
    details = told.details
    if retry_after.isdigit():
        details = {"retry_after_s": int(retry_after)} | details
    return _kind(status, told)(told.code, told.message, status, details)


def _kind(status: int, told: _Told) -> type[ClientError]:
    if told.code in _BY_CODE:
        return _BY_CODE[told.code]
    if status >= 500:
        return ServiceFailedError
    if "nearest" in told.details or (status == 400 and told.code.startswith("unknown_")):
        return UnknownNameError
    return _BY_STATUS.get(status, RefusedError)
