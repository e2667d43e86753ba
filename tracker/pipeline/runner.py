"""The pipeline's loop: every journal a range, then the conversions, then house-keeping; again.

Invariants: one thread; a store that is away stops nothing but progress: the loop backs off and goes on
where it was. Ranges acknowledged shortly before an unclean end are sent again under their tokens, between
fresh work, so that a power cut that took the store's last writes costs no row. A journal is deleted only
when its writer is gone, all of it is shipped, and its retention is over.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.logging import log
from kernel.metrics import counter, gauge
from tracker import journal as journals
from tracker.journal import JournalReader
from tracker.pipeline.conversions import ConversionStage
from tracker.pipeline.ledger import FrozenBatch, Ledger, OutboxBatch
from tracker.pipeline.shipping import STORE_ERRORS, Shipper

LONGEST_BACKOFF_SECONDS = 5.0
IMPORT_PREFIX = "import-"
"""Journals of imports are named so; their names are remembered, so that nothing is imported twice."""
HOUSEKEEPING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """How far a journal is."""

    name: str
    events: int
    """Events in it, as far as known."""
    shipped: int
    sealed: bool


class PipelineLoop:
    """Runs the pipeline of this host until stopped."""

    def __init__(
        self,
        directory: Path,
        ledger: Ledger,
        shipper: Shipper,
        conversions: ConversionStage,
        *,
        interval_s: float,
        retention_s: float,
        each_round: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            directory: Where the journals lie.
            ledger: The pipeline's memory.
            shipper: Ships clicks and rejected requests.
            conversions: Makes conversions of postbacks.
            interval_s: Seconds between two looks at the journals.
            retention_s: Seconds a shipped journal is kept.
            each_round: Called once a round; for what must keep itself fresh.

        """
        self._directory = directory
        self._ledger = ledger
        self._shipper = shipper
        self._conversions = conversions
        self._interval_s = interval_s
        self._retention_s = retention_s
        self._each_round = each_round
        self._open: dict[str, JournalReader] = {}
        self._stopping = threading.Event()
        self._failures = 0
        self._next_housekeeping = 0.0
        self._status: tuple[JournalStatus, ...] = ()
        self._imported: tuple[str, ...] = ()
        self._again: deque[FrozenBatch | OutboxBatch] = deque()
        if ledger.was_unclean:
            since = time.time() - retention_s
            self._again.extend(ledger.acknowledged_since(since))
            self._again.extend(ledger.sent_since(since))
        self._backlog = gauge("clickledger_journal_backlog_events")
        self._files = gauge("clickledger_journal_files")
        self._lag = gauge("clickledger_pipeline_lag_seconds")
        self._waiting = gauge("clickledger_postbacks_waiting")
        self._retries = counter("clickledger_pipeline_retries_total", store="clickhouse")

    def run(self) -> None:
        """Work until ``stop`` is called, then ship what is left, as far as the store allows."""
        while not self._stopping.is_set():
            begin = time.monotonic()
            moved = self._round_or_back_off()
            if moved == 0:
                self._stopping.wait(max(0.0, self._interval_s - (time.monotonic() - begin)))

    def stop(self) -> None:
        """Ask ``run`` to end after the present round."""
        self._stopping.set()

    def drain(self, deadline: float) -> bool:
        """Ship everything that is in the journals; tell whether nothing is left.

        Args:
            deadline: ``time.monotonic()`` value after which to give up; what is left stays in the journals.

        """
        while time.monotonic() < deadline:
            try:
                if self.round() == 0:
                    return True
            except STORE_ERRORS as why:
                log("pipeline").warning("drain_interrupted", why=str(why)[:300])
                return False
        return False

    def _round_or_back_off(self) -> int:
        try:
            moved = self.round()
        except (*STORE_ERRORS, sqlite3.Error) as why:
            self._failures += 1
            self._retries.n += 1
            delay = min(0.2 * 2 ** (self._failures - 1), LONGEST_BACKOFF_SECONDS)
            log("pipeline").warning("store_refused", why=str(why)[:300], retry_in_s=delay)
            self._tell_lag()
            self._stopping.wait(delay)
            return 0
        self._failures = 0
        return moved

    def round(self) -> int:
        """Ship one range of every journal, then process postbacks; return how many events moved.

        Raises:
            STORE_ERRORS: the store is away; call again.

        """
        self._each_round()
        moved = 0
        for reader in self._readers():
            moved += self._shipper.ship_next(reader)
        moved += self._conversions.run(time.time())
        if moved == 0:
            moved += self._send_one_again()
        now = time.monotonic()
        if now >= self._next_housekeeping:
            self._next_housekeeping = now + HOUSEKEEPING_SECONDS
            self._housekeeping()
        return moved

    def _readers(self) -> list[JournalReader]:
        paths = journals.journal_paths(self._directory)
        for path in paths:
            if path.stem not in self._open:
                self._open[path.stem] = JournalReader(path)
        return [self._open[path.stem] for path in paths]

    def _send_one_again(self) -> int:
        if not self._again:
            return 0
        batch = self._again[0]
        if isinstance(batch, OutboxBatch):
            self._conversions.send(batch)
        elif (reader := self._open.get(batch.journal)) is not None:
            self._shipper.send_again(reader, batch)
        self._again.popleft()
        return 1

    def _housekeeping(self) -> None:
        known = self._ledger.journals()
        now = time.time()
        statuses = []
        for name, reader in list(self._open.items()):
            next_seq, shipped, _ = known.get(name, (1, 0, False))
            backlog = reader.backlog(next_seq)
            sealed = journals.is_sealed(reader.path)
            old = now - max(self._ledger.last_acknowledged(name), _modified(reader.path)) > self._retention_s
            # Sealed was asked before the backlog could be trusted to stay zero.
            if sealed and backlog == 0 and old and not self._again and reader.backlog(next_seq) == 0:
                reader.close()
                del self._open[name]
                self._ledger.finish(name, now)
                journals.delete(reader.path)
                continue
            statuses.append(JournalStatus(name, shipped + backlog, shipped, sealed))
        self._ledger.forget_before(now - self._retention_s)
        self._status = tuple(statuses)
        self._imported = tuple(name for name in known if name.startswith(IMPORT_PREFIX))
        self._files.value = float(len(statuses))
        self._waiting.value = float(self._ledger.waiting())
        self._tell_lag()

    def _tell_lag(self) -> None:
        known = self._ledger.journals()
        backlog, lag = 0, 0.0
        for name, reader in self._open.items():
            waiting = reader.backlog(known.get(name, (1, 0, False))[0])
            if waiting:
                backlog += waiting
                lag = max(lag, time.time() - max(self._ledger.last_acknowledged(name), _created(reader.path)))
        self._backlog.value, self._lag.value = float(backlog), lag

    def status(self) -> dict[str, Any]:
        """Return how far every journal is; safe to call from another thread, about a second old."""
        return {
            "journals": [
                {"name": s.name, "events": s.events, "shipped": s.shipped, "sealed": s.sealed}
                for s in self._status
            ],
            "imported": list(self._imported),
            "backlog": self._backlog.value or 0,
            "lag_seconds": self._lag.value or 0,
            "postbacks_waiting": self._waiting.value or 0,
            "store_failures": self._failures,
        }

    def close(self) -> None:
        """Close the journals."""
        for reader in self._open.values():
            reader.close()
        self._open.clear()


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _created(path: Path) -> float:
    """Return the moment in a journal's name, 0 for one that has none (an import)."""
    stamp = path.stem.rpartition("-")[2][:12]
    try:
        return int(stamp, 16) / 1000 if len(stamp) == 12 else 0.0
    except ValueError:
        return 0.0
