"""Scoring days: measure, judge, keep; one at a time in a process.

Invariants: a day that hasn't begun is refused; scoring a day again replaces what it said; what fails leaves the
day as it was, and is counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.risk import history
from fraud.risk.errors import RISK_DAY_AHEAD, RISK_RUNS, RISK_TOO_LARGE
from fraud.risk.history import Run
from fraud.risk.judging import judge
from fraud.risk.measuring import Readers, measure
from kernel.clickhouse import client as clickhouse
from kernel.errors import STORE_AWAY
from kernel.logging import log
from kernel.metrics import counter, gauge
from kernel.settings import Settings

Marks: TypeAlias = Callable[[], Mapping[int, bool]]
"""Reads what analysts think: partner id -> whether it is marked as fraud. Blocks."""

CATCH_UP_DAYS: Final = 7
"""Days that are scored late when the service was off."""
READER_SETTINGS: Final = {"max_execution_time": 300, "max_threads": 2}
"""Of the readers for scoring: nobody waits for it as for a report."""
_TOO_LARGE: Final = frozenset({158, 159, 160, 241, 307})
"""ClickHouse: TOO_MANY_ROWS, TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES."""


class RiskRuns:
    """Scores days of this process's event store."""

    def __init__(self, chosen: Settings, readers: Readers, marks: Marks) -> None:
        """Prepare.

        Args:
            chosen: Says which store, and how partners are judged.
            readers: Handles with ``READER_SETTINGS``.
            marks: Reads analysts' marks.

        """
        self._settings = chosen
        self._readers = readers
        self._marks = marks
        self._turn = threading.Lock()

    def run(self, day: date, today: date | None = None) -> Run:
        """Score a UTC day and keep what came out; blocks.

        Args:
            day: The day; today's is scored as far as it has come.
            today: The present UTC day; None: by the clock.

        Raises:
            ClickledgerError: ``risk_day_ahead``, ``risk_runs``, ``risk_too_large`` or ``store_away``.

        """
        if day > (today or datetime.now(UTC).date()):
            raise RISK_DAY_AHEAD.error()
        if not self._turn.acquire(blocking=False):
            raise RISK_RUNS.error()
        try:
            with store_errors():
                run = self._scored(day)
        except BaseException:
            counter("clickledger_partner_risk_runs_total", outcome="failed").n += 1
            raise
        finally:
            self._turn.release()
        counter("clickledger_partner_risk_runs_total", outcome="done").n += 1
        return run

    def run_missing(self, today: date | None = None) -> list[Run]:
        """Score the days that are over, have clicks and weren't scored since they are over, oldest first; blocks.

        Raises:
            ClickledgerError: as ``run``.

        """
        today = today or datetime.now(UTC).date()
        with store_errors(), self._readers.reader() as client:
            days = history.missing(client, today - timedelta(days=CATCH_UP_DAYS), today)
        runs = [self.run(day, today) for day in days]
        with store_errors(), self._readers.reader() as client:
            latest = history.latest_day(client)
        if latest is not None:
            begins = datetime(latest.year, latest.month, latest.day, tzinfo=UTC).timestamp()
            gauge("clickledger_partner_risk_last_day_seconds").value = begins
        return runs

    def _scored(self, day: date) -> Run:
        begun = time.monotonic()
        first = day - timedelta(days=self._settings.fraud_risk_days - 1)
        measured = measure(self._readers, first, day + timedelta(days=1))
        marks = self._marks()
        with self._readers.reader() as client:
            remembered = history.remembered(client, day, marks)
            earlier = history.run_of(client, day)
        judged = judge(measured, marks, remembered, min_clicks=self._settings.fraud_risk_min_clicks)
        run_at = time.time_ns() // 1_000_000
        if earlier is not None:
            # A clock that was set back mustn't let the earlier run win.
            run_at = max(run_at, int(earlier.run_at.replace(tzinfo=UTC).timestamp() * 1000) + 1)
        client = clickhouse.connect(self._settings, create=False)
        try:
            history.write(client, day, run_at, measured, judged)
        finally:
            client.close()
        log("risk").info(
            "partner_risk_scored",
            day=day.isoformat(),
            partners=len(measured.partners),
            judged=judged.judged,
            method=judged.method,
            seconds=round(time.monotonic() - begun, 2),
        )
        with self._readers.reader() as client:
            run = history.run_of(client, day)
        assert run is not None  # noqa: S101 - it has just been written
        return run


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what the store refuses into an error that says what to do."""
    try:
        yield
    except DriverError as why:
        log("risk").error("store_refused", why=str(why)[:300])
        if why.code in _TOO_LARGE:
            raise RISK_TOO_LARGE.error() from why
        raise STORE_AWAY.error() from why
    except OSError as why:
        raise STORE_AWAY.error() from why
