"""Structured logs on stderr: one line an event, JSON for machines or columns for people.

Invariants: a line that can't be written (a full disk, a reader that went away) is lost and stops nothing;
secrets never reach a log. Values under a key that names a secret, at any depth, and user and
password of a URL in any text, tracebacks included, are masked here, whatever code logged them; settings
keep theirs in ``SecretStr``.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from kernel.settings import Settings

_SECRET_WORDS = ("key", "token", "secret", "password", "authorization", "signature", "dsn")
_MASK = "***"
_URL_USER = re.compile(r"(?<=://)[^/\s@]*@")
"""``user:password@`` of a URL."""


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every field whose name contains a secret's word, and the user part of URLs."""
    for name, value in event.items():
        event[name] = _masked(name, value)
    return event


def _masked(name: str, value: Any) -> Any:
    lowered = name.lower()
    if lowered != "event" and any(word in lowered for word in _SECRET_WORDS):
        return _MASK
    if isinstance(value, str):
        return _URL_USER.sub(f"{_MASK}@", value)
    if isinstance(value, Mapping):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", inner) for inner in value]
    return value


class _Unbreakable:
    """A text stream whose failures nobody notices: what logs a failure must not meet another one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure(chosen: Settings, role: str) -> None:
    """Set the process's logging up once; ``role`` (edge-0, backend, …) is on every line."""
    console = chosen.log_format == "console" or (chosen.log_format == "auto" and sys.stderr.isatty())
    # The console's own tracebacks would show local variables, and tokens and keys are among them.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = plain if console else structlog.processors.JSONRenderer()
    stream: Any = _Unbreakable(sys.stderr)

    def say_role(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            # Context variables stay behind in the thread that set them; the role is every thread's.
            say_role,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen.log_level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    # Libraries that use the standard logger speak up from warnings on.
    logging.basicConfig(level=logging.WARNING, stream=stream, format="%(levelname)s %(name)s %(message)s")


def log(name: str) -> FilteringBoundLogger:
    """Return the logger of a module."""
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
