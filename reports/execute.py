"""Execute: statements run on a read-only handle whose limits turn into sentences.

Invariants: everything here blocks, so it is called from a worker thread; what the store refuses because
of the query is a 400 that says what to narrow, a store that can't be reached is a 503, and only what
nobody foresaw is an internal error.
"""

from __future__ import annotations

import threading
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError
from clickhouse_connect.driver.exceptions import OperationalError

from kernel.clickhouse.client import MAX_STATEMENT_BYTES
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.settings import Settings
from reports.bindings import Statement
from reports.errors import (
    PATTERN_INVALID,
    REPORT_CANCELLED,
    REPORT_TOO_LARGE,
    REPORT_TOO_LONG,
    REPORT_TOO_SLOW,
    UNKNOWN_TIMEZONE,
)

_TOO_SLOW = frozenset({159, 160, 209})
"""ClickHouse: TIMEOUT_EXCEEDED, TOO_SLOW, SOCKET_TIMEOUT."""
_TOO_LARGE = frozenset({158, 241, 307, 396})
"""ClickHouse: TOO_MANY_ROWS, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES."""
_SYNTAX = 62
_TOO_LONG = frozenset({_SYNTAX, 167, 168, 306, 718})
"""ClickHouse: SYNTAX_ERROR, which it says too where it stops reading; TOO_DEEP_AST, TOO_BIG_AST,
TOO_DEEP_RECURSION, TOO_SLOW_PARSING."""
_CANCELLED = 394
"""ClickHouse: QUERY_WAS_CANCELLED."""
_BAD_PATTERN = 427
"""ClickHouse: CANNOT_COMPILE_REGEXP."""
_BAD_ARGUMENTS = 36


class Readers(Protocol):
    """Where read-only handles come from; ``kernel.clickhouse.client.ReaderPool`` is one."""

    def reader(self) -> Any:
        """Return a context manager that lends a client."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement answered."""

    rows: Sequence[Sequence[Any]]
    rows_read: int | None
    """Rows of the store it looked at; None where the store doesn't tell."""


class Cancellable(Protocol):
    """What a report is ended by; ``reports.running.Run`` is one."""

    @property
    def mark(self) -> str:
        """A comment its statements begin with."""
        ...

    @property
    def is_cancelled(self) -> threading.Event:
        """Set once it is to end."""
        ...


def execute(
    statements: Sequence[Statement], readers: Readers, limits: Settings, run: Cancellable | None = None
) -> list[Result]:
    """Run statements one after the other on one handle.

    Raises:
        ClickledgerError: ``report_too_slow``, ``report_too_large``, ``report_too_long``, ``pattern_invalid``,
            ``report_cancelled`` or ``store_away``.

    """
    with refusals(limits), readers.reader() as client:
        return [_run(client, statement, run) for statement in statements]


def _run(client: Client, statement: Statement, run: Cancellable | None) -> Result:
    text = statement.text
    if len(text) > MAX_STATEMENT_BYTES:
        raise _too_long()
    if run is not None:
        if run.is_cancelled.is_set():
            raise REPORT_CANCELLED.error()
        text = f"{run.mark}\n{text}"
    answer = client.query(text, parameters=statement.parameters)
    # The embedded store calls the rows of the result "read"; only a server's full summary means what it says.
    told = answer.summary if "result_rows" in answer.summary else {}
    return Result(answer.result_rows, int(told["read_rows"]) if "read_rows" in told else None)


@contextmanager
def refusals(limits: Settings) -> Iterator[None]:
    """Turn what the store refuses into errors that say what to do."""
    try:
        yield
    except DriverError as why:
        expected = _expected(why, limits)
        if expected is None:
            raise
        raise expected from why
    except (ConnectionError, TimeoutError, urllib.error.URLError) as why:
        raise STORE_AWAY.error() from why


def _expected(why: DriverError, limits: Settings) -> ClickledgerError | None:
    if why.code in _TOO_SLOW:
        seconds = limits.report_max_seconds
        return REPORT_TOO_SLOW.error(
            f"The report took longer than {seconds} s: ask for a shorter range, fewer dimensions or more filters.",
            limit_seconds=seconds,
        )
    if why.code in _TOO_LARGE:
        mib = limits.report_max_memory_mib
        return REPORT_TOO_LARGE.error(
            f"The report needs more than {mib} MiB: ask for a shorter range, fewer dimensions or more filters.",
            limit_mib=mib,
        )
    if why.code in _TOO_LONG and (why.code != _SYNTAX or "Max query size" in str(why)):
        return _too_long()
    if why.code == _CANCELLED:
        return REPORT_CANCELLED.error()
    if why.code == _BAD_PATTERN:
        return PATTERN_INVALID.error()
    if why.code == _BAD_ARGUMENTS and "time zone" in str(why):
        return UNKNOWN_TIMEZONE.error("The event store doesn't know this time zone; use an older name for it.")
    if why.code is None and isinstance(why, OperationalError):
        return STORE_AWAY.error()
    return None


def _too_long() -> ClickledgerError:
    kib = MAX_STATEMENT_BYTES // 1024
    return REPORT_TOO_LONG.error(
        f"The report would be a statement of more than {kib} KiB: ask for fewer metrics, shorter formulas, fewer "
        "filters or dimensions, or leave comparing, filling or the pivot out.",
        limit_kib=kib,
    )
