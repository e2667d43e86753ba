"""Structured logs on stderr: one line an event, JSON for machines or columns for people.

Invariant: secrets never reach a log. Values under a key that names a secret are masked here, whatever
code logged them; settings keep theirs in ``SecretStr``.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from kernel.settings import Settings

_SECRET_WORDS = ("key", "token", "secret", "password", "authorization", "signature", "dsn")
_MASK = "***"


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every field whose name contains a secret's word."""
    for name in event:
        lowered = name.lower()
        if lowered != "event" and any(word in lowered for word in _SECRET_WORDS):
            event[name] = _MASK
    return event


def configure(chosen: Settings, role: str) -> None:
    """Set the process's logging up once; ``role`` (edge-0, backend, …) is on every line."""
    console = chosen.log_format == "console" or (chosen.log_format == "auto" and sys.stderr.isatty())
    # The console's own tracebacks would show local variables, and tokens and keys are among them.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = plain if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_secrets,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            *([] if console else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen.log_level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
    # Libraries that use the standard logger speak up from warnings on.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def log(name: str) -> FilteringBoundLogger:
    """Return the logger of a module."""
    logger: FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
