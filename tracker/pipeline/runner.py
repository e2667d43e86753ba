"""The pipeline's loop: every journal a range, then the conversions, then house-keeping; again.

Invariants: one thread, which nothing that fails can end; a store that is away stops nothing but progress:
the loop backs off and goes on where it was. A journal that can't be read is told of and left alone, and
holds up no other. Postbacks are processed in the order they were received, over all journals of this host.
After an unclean end what was sent shortly before it is sent ``once_more``. A journal is deleted only when its
writer is gone, all of it is shipped, and its retention is over.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.logging import log
from kernel.metrics import counter, gauge
from tracker import journal as journals
from tracker.journal import JournalReader, UnreadableError
from tracker.pipeline.between import BetweenRounds
from tracker.pipeline.conversions import ConversionStage
from tracker.pipeline.ledger import Ledger
from tracker.pipeline.once_more import OnceMore
from tracker.pipeline.shipping import NOTHING_SHIPPED, STORE_ERRORS, Shipped, Shipper

LONGEST_BACKOFF_SECONDS = 5.0
IMPORT_PREFIX = "import-"
"""Journals of imports are named so; their names are remembered, so that nothing is imported twice."""
HOUSEKEEPING_SECONDS = 1.0
_DOUBLINGS = 10
"""More would exceed the longest pause anyway."""


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
        self.between_rounds = BetweenRounds()
        self._failures = 0
        self._next_housekeeping = 0.0
        self._status: tuple[JournalStatus, ...] = ()
        self._imported: tuple[str, ...] = ()
        self._unreadable: dict[str, str] = {}
        self._empty_at: dict[str, float] = {}
        """When each journal was last seen wholly shipped."""
        self._once_more = OnceMore(ledger, shipper, conversions, retention_s)
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
            if self.between_rounds and not any(self._ledger.frozen(name) for name in self._open):
                self.between_rounds.do()
            if moved == 0:
                self._stopping.wait(max(0.0, self._interval_s - (time.monotonic() - begin)))
        self.between_rounds.end()

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
                # What an unclean start left to be sent again can wait for the next start.
                if self._ship_all() == 0:
                    return True
            except Exception as why:  # noqa: BLE001 - whatever it is, nothing is lost by leaving it for the next start
                log("pipeline").warning("drain_interrupted", why=str(why)[:300])
                return False
        return False

    def _round_or_back_off(self) -> int:
        try:
            moved = self.round()
        except Exception as why:  # noqa: BLE001 - a pipeline that ends silently is worse than one that repeats itself
            self._failures += 1
            self._retries.n += 1
            delay = min(0.2 * 2 ** min(self._failures - 1, _DOUBLINGS), LONGEST_BACKOFF_SECONDS)
            if isinstance(why, STORE_ERRORS):
                log("pipeline").warning("store_refused", why=str(why)[:300], retry_in_s=delay)
            else:
                log("pipeline").error("round_failed", retry_in_s=delay, exc_info=why)
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
        now = time.monotonic()
        if now >= self._next_housekeeping:
            self._next_housekeeping = now + HOUSEKEEPING_SECONDS
            self._housekeeping()
        return self._ship_all() + self._once_more.send_one(self._open)

    def _ship_all(self) -> int:
        """Ship one range of every journal and process postbacks; return how many events moved."""
        # The journals are read one after the other, so a postback read now may follow one that is committed to
        # a journal read before. Those read in earlier rounds can't: their predecessors are seen by now.
        seen = self._ledger.newest_waiting()
        moved, shipped_before = 0, math.inf
        for reader in self._readers():
            shipped = self._ship(reader)
            moved += shipped.events
            self._once_more.count_inserts(shipped.events > 0)
            if shipped.more and not reader.name.startswith(IMPORT_PREFIX):
                # Frames lie in the order they were acknowledged: what is left was so after this range.
                shipped_before = min(shipped_before, shipped.newest_ms)
        processed = self._conversions.run(time.time(), seen, shipped_before)
        self._once_more.count_inserts(processed > 0)
        return moved + processed

    def _ship(self, reader: JournalReader) -> Shipped:
        try:
            shipped = self._shipper.ship_next(reader)
        except UnreadableError as why:
            if self._unreadable.get(reader.name) != str(why):
                log("pipeline").error("journal_unreadable", journal=reader.name, why=str(why))
            self._unreadable[reader.name] = str(why)
            return NOTHING_SHIPPED
        self._unreadable.pop(reader.name, None)
        return shipped

    def _readers(self) -> list[JournalReader]:
        paths = {path.stem: path for path in journals.journal_paths(self._directory)}
        for name in self._open.keys() - paths.keys():
            # Someone moved it away, a damaged one perhaps.
            self._open.pop(name).close()
            self._unreadable.pop(name, None)
        for name, path in paths.items():
            if name not in self._open:
                self._open[name] = JournalReader(path)
        return [self._open[name] for name in paths]

    def _housekeeping(self) -> None:
        known = self._ledger.journals()
        now = time.time()
        statuses, backlog, lag = [], 0, 0.0
        for name, reader in list(self._open.items()):
            next_seq, shipped, _ = known.get(name, (1, 0, False))
            try:
                waiting = reader.backlog(next_seq)
                sealed = journals.is_sealed(reader.path)
                # Sealed was asked before the backlog could be trusted to stay zero.
                complete = sealed and waiting == 0 and reader.backlog(next_seq) == 0
            except UnreadableError:
                continue
            last = self._ledger.last_acknowledged(name)
            if (
                complete
                and not self._once_more.left
                and now - max(last, _modified(reader.path)) > self._retention_s
            ):
                reader.close()
                del self._open[name]
                self._ledger.finish(name, now)
                journals.delete(reader.path)
                continue
            if waiting:
                backlog += waiting
                lag = max(lag, now - max(last, _created(reader.path), self._empty_at.get(name, 0.0)))
            else:
                self._empty_at[name] = now
            statuses.append(JournalStatus(name, shipped + waiting, shipped, sealed))
        self._empty_at = {s.name: self._empty_at[s.name] for s in statuses if s.name in self._empty_at}
        self._ledger.forget_before(now - self._retention_s)
        self._status = tuple(statuses)
        self._imported = tuple(name for name in known if name.startswith(IMPORT_PREFIX))
        self._files.value = float(len(statuses))
        self._waiting.value = float(self._ledger.waiting())
        self._backlog.value, self._lag.value = float(backlog), lag

    @property
    def imported(self) -> tuple[str, ...]:
        """Names of the journals of imports that are or were here."""
        return self._imported

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
            "unreadable": dict(self._unreadable),
        }

    @property
    def owes_nothing(self) -> bool:
        """Whether all that an unclean start left to be sent again was sent."""
        return not self._once_more.left

    def close(self) -> None:
        """Close the journals."""
        for reader in self._open.values():
            reader.close()
        self._open.clear()


def _modified(path: Path) -> float:
    return path.stat().st_mtime


def _created(path: Path) -> float:
    """Return the moment in a journal's name, or for one that has none (an import) when it was written."""
    stamp = path.stem.rpartition("-")[2][:12]
    try:
        return int(stamp, 16) / 1000 if len(stamp) == 12 else _modified(path)
    except ValueError:
        return _modified(path)
