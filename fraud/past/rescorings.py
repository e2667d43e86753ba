"""Ranges judged again, one at a time: proposed in the background, applied when somebody has seen what it moves.

Invariants: nothing takes a new verdict before ``apply`` is asked for; what is applied is what was shown, under the
rules and the model it was made with, and the events' verdicts are still those it was compared with; a re-scoring
that a killed process left is finished or undone by ``recover`` before anything reads or inserts.
"""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.entries import RuleEntry
from fraud.past import sql
from fraud.past.difference import difference
from fraud.past.errors import RESCORING_NOT_READY, RESCORING_RUNS, RESCORING_STALE
from fraud.past.finishing import give_up, moved, put_in_place
from fraud.past.judging import Judges, Prices
from fraud.past.proposal import TABLES, CancelledError, Proposing, propose
from fraud.past.records import Record, drop_proposal, find, keep, make_tables, newest, now_ms
from fraud.past.span import Span
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.rollups import Quiet, at_once
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.logging import log
from kernel.settings import Settings

_ATTEMPTS = 5
_PAUSE_SECONDS = 1.0


class Rescorings:
    """The past judged again, in this process."""

    def __init__(
        self, chosen: Settings, judges: Judges, prices: Callable[[], Prices], quiet: Quiet | None
    ) -> None:
        """Prepare; nothing is asked of the store yet.

        Args:
            chosen: Says which store.
            judges: Makes what judges.
            prices: Makes what knows today's prices.
            quiet: Does something while the pipeline of this process inserts nothing; None: it is another process.

        """
        self._settings = chosen
        self._judges = judges
        self._prices = prices
        self._quiet: Quiet = quiet or at_once
        self._turn = threading.Lock()
        self._now: Record | None = None
        """What is worked on, with its progress."""
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None
        self._has_tables = False

    def list(self) -> list[Record]:
        """Return the newest, newest first."""
        with self._client() as client:
            return [self._live(record) for record in newest(client)]

    def get(self, rescoring_id: str) -> Record:
        """Return one.

        Raises:
            ClickledgerError: ``rescoring_unknown`` or ``store_away``.

        """
        with self._client() as client:
            return self._live(find(client, rescoring_id))

    def propose(
        self, span: Span, actor: str, *, entries: Sequence[RuleEntry] = (), is_dry_run: bool = False
    ) -> Record:
        """Begin to judge a range again, in the background.

        Args:
            span: What is judged.
            actor: Who asks.
            entries: What a dry run changes of the rules in force.
            is_dry_run: Only to know; it can't be applied.

        Raises:
            ClickledgerError: ``range_invalid``, ``rescoring_runs``, ``store_away`` or ``rule_invalid``.

        """
        span.checked()
        judging = self._judges(entries, None)()
        with self._begun(), self._client() as client:
            events = sum(
                int(client.query(sql.count_within(table), parameters=_whole(span)).result_rows[0][0])
                for table in TABLES
            )
            record = Record(
                id=secrets.token_hex(8),
                state="computing",
                is_dry_run=is_dry_run,
                begin=span.begin,
                end=span.end,
                partner_id=span.partner_id,
                offer_id=span.offer_id,
                actor=actor,
                host=socket.gethostname(),
                made_at=now_ms(),
                changed_at=now_ms(),
                rules_version=judging.rules_version,
                model_version=judging.model_version,
                entries=list(entries),
                events=events,
            )
            keep(client, record)
            self._work(record, lambda: self._compute(record))
        return record

    def apply(self, rescoring_id: str, actor: str) -> Record:
        """Begin to write a proposal into its range, in the background.

        Raises:
            ClickledgerError: ``rescoring_unknown``, ``rescoring_not_ready``, ``rescoring_stale``,
                ``rescoring_runs`` or ``store_away``.

        """
        with self._begun(), self._client() as client:
            record = find(client, rescoring_id)
            if record.state == "proposed":
                self._refuse_stale(client, record)
                record = moved(record, "applying", applied_by=actor, problem="")
                keep(client, record)
            elif record.state != "committed":
                raise RESCORING_NOT_READY.error()
            self._work(record, lambda: self._apply(record))
        return record

    def cancel(self, rescoring_id: str) -> Record:
        """Stop computing a proposal, or forget one that is ready.

        Raises:
            ClickledgerError: ``rescoring_unknown``, ``rescoring_not_ready`` or ``store_away``.

        """
        with self._client() as client:
            record = find(client, rescoring_id)
            live, thread = self._now, self._thread
            if live is not None and live.id == rescoring_id and live.state == "computing":
                self._cancelled.set()
                if thread is not None:
                    thread.join()
                return find(client, rescoring_id)
            if record.state != "proposed":
                raise RESCORING_NOT_READY.error()
            drop_proposal(client, rescoring_id)
            record = moved(record, "cancelled")
            keep(client, record)
            return record

    def close(self) -> None:
        """Stop what is computed, and wait for what is being applied."""
        self._cancelled.set()
        if self._thread is not None:
            self._thread.join()

    # ---- in the background

    def _work(self, record: Record, work: Callable[[], None]) -> None:
        self._now = record
        self._cancelled.clear()
        self._thread = threading.Thread(target=work, name="rescoring", daemon=True)
        self._thread.start()

    def _compute(self, record: Record) -> None:
        def progress(events: int) -> None:
            if self._cancelled.is_set():
                raise CancelledError
            assert self._now is not None  # noqa: S101 - this thread's own work
            self._now = msgspec.structs.replace(self._now, judged=self._now.judged + events)

        with self._ending(record) as client:
            begin = self._judges(record.entries, record.span.begin_ms)
            without = self._judges((), record.span.begin_ms) if record.entries else None
            one = Proposing(record.id, record.span, begin, without, self._prices(), progress)
            try:
                propose(client, one)
            except CancelledError:
                drop_proposal(client, record.id)
                keep(client, moved(record, "cancelled"))
                return
            changed = {
                kind: int(n) for kind, n in client.query(sql.PROPOSED, parameters={"id": record.id}).result_rows
            }
            found = difference(client, record.id, record.span)
            if record.is_dry_run:
                drop_proposal(client, record.id)
            keep(
                client,
                moved(
                    record,
                    "answered" if record.is_dry_run else "proposed",
                    judged=record.events,
                    changed=changed,
                    difference=found,
                ),
            )

    def _apply(self, record: Record) -> None:
        with self._ending(record) as client:
            for attempt in range(_ATTEMPTS):
                try:
                    put_in_place(client, record, self._quiet)
                except (DriverError, OSError, ClickledgerError):
                    if attempt == _ATTEMPTS - 1 or find(client, record.id).state != "committed":
                        raise
                    # Half of it may be in its place: nothing but doing all of it again makes that right.
                    time.sleep(_PAUSE_SECONDS)
                else:
                    return

    @contextmanager
    def _ending(self, record: Record) -> Iterator[Client]:
        """Lend a client to work in the background; whatever goes wrong is written down."""
        try:
            with self._client() as client:
                try:
                    yield client
                except Exception as why:  # noqa: BLE001 - nobody else hears of what goes wrong in the background
                    log("rescoring").error("rescoring_failed", rescoring=record.id, exc_info=why)
                    give_up(client, record, why)
        except (ClickledgerError, DriverError, OSError) as why:
            # The record stays as it was, and the next start decides.
            log("rescoring").error("rescoring_left", rescoring=record.id, why=str(why)[:300])
        finally:
            self._now = None
            self._turn.release()

    # ---- helpers

    @contextmanager
    def _begun(self) -> Iterator[None]:
        """Take the turn; what goes well leaves it to the work in the background."""
        if not self._turn.acquire(blocking=False):
            raise RESCORING_RUNS.error()
        try:
            yield
        except BaseException:
            self._turn.release()
            raise

    def _refuse_stale(self, client: Client, record: Record) -> None:
        judging = self._judges((), None)()
        if (judging.rules_version, judging.model_version) != (record.rules_version, record.model_version):
            raise RESCORING_STALE.error()
        for other in newest(client):
            applied_since = other.state == "applied" and other.changed_at >= record.made_at
            if applied_since and other.begin < record.end and record.begin < other.end:
                raise RESCORING_STALE.error()

    def _live(self, record: Record) -> Record:
        live = self._now
        return live if live is not None and live.id == record.id and live.state == record.state else record

    @contextmanager
    def _client(self) -> Iterator[Client]:
        try:
            client = clickhouse.connect(self._settings, create=False)
            try:
                if not self._has_tables:
                    make_tables(client)
                    self._has_tables = True
                yield client
            finally:
                client.close()
        except (DriverError, OSError) as why:
            log("rescoring").error("store_refused", why=str(why)[:300])
            raise STORE_AWAY.error("The event store refused or can't be reached; the log has its words.") from why


def _whole(span: Span) -> dict[str, int]:
    """Return the parameters of all events of its days, which are all read."""
    return Span(span.begin, span.end).parameters()
