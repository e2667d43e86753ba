"""From waiting postbacks to conversions: find whose they are, apply them, store what comes of it.

Invariants: the store's state decides, one postback after the other in the order they were received; the
finished rows are written into the outbox in the transaction that takes the postbacks out of the inbox, and
only those bytes are ever inserted; a new batch starts only when the outbox is empty, so the state read
from the store includes everything decided before; a postback that can't be processed is rejected with its
bytes and delays no other.

A conversion whose click isn't stored yet waits (another host may be behind), and with it every later
postback for that click; after the configured time it is rejected with its reason. Only time in which the
store was asked counts: while it is away, the click is, too. Two hosts that get the same postback at the same
moment both write the same conversion id, which the table counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from kernel import faults
from kernel.clickhouse import client as clickhouse
from kernel.errors import ClickledgerError, ErrorKind
from kernel.logging import log
from kernel.metrics import counter
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import ConversionState
from tracker.errors import ERRORS, POSTBACK_NOT_PROCESSED
from tracker.events import OUR_OWN, Adjustment, Postback
from tracker.pipeline import sql
from tracker.pipeline.attribution import Attribution
from tracker.pipeline.conversion_quality import ConversionQuality
from tracker.pipeline.conversion_rows import KnownConversion, Owner, known_of, outbox_batches
from tracker.pipeline.counting import Counts
from tracker.pipeline.deciding import Decided, Decisions, Moved, key_of
from tracker.pipeline.entries import OutboxBatch, WaitingPostback
from tracker.pipeline.holds import HoldPeriods
from tracker.pipeline.late_rates import LateRates
from tracker.pipeline.ledger import Ledger
from tracker.snapshot import Snapshot
from tracker.tariff import END_OF_TIME, goal_code

MOST_POSTBACKS = 5_000
"""In one batch: their clicks are read back from the store, a few megabytes."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
_DOUBLINGS = 10
"""More would exceed the longest pause anyway."""
DAY_MS = 86_400_000
MAX_DETAIL_CHARACTERS = 500

_decode = msgspec.msgpack.Decoder(Postback | Adjustment).decode

Remember = Callable[[Mapping[str, ConversionState | None]], None]
"""Told the states after they were stored, None for none; keeps the edges' answers right, also where an edge took
what is rejected here."""
Counted = Callable[[Sequence[Moved], Counts], None]
"""Told after a batch was stored what it decided on and how much counts now."""
OnChanges = Callable[[Sequence[Mapping[str, Any]]], None]
"""Told the rows of ``conversion_changes`` after they were inserted, again after a crash: what it does it must do
once for each conversion_id and change_seq. Times are datetimes in UTC, money is Decimal. If it raises, the same
rows are inserted (which the store knows) and told again."""


class ConversionStage:
    """Processes the inbox and empties the outbox."""

    def __init__(
        self,
        store: Client,
        ledger: Ledger,
        keys: ClickIdKeys,
        program: Callable[[], Snapshot],
        remember: Remember,
        *,
        window_days: int,
        wait_minutes: int,
        counted: Counted | None = None,
        on_changes: OnChanges | None = None,
        holds_turn: Callable[[], bool] = lambda: True,
        rates_turn: Callable[[], bool] = lambda: True,
        quality: ConversionQuality | None = None,
    ) -> None:
        """Prepare.

        Args:
            store: Read-write client of the event store.
            ledger: The pipeline's memory.
            keys: Click id keys.
            program: Returns the present snapshot.
            remember: Told new states.
            window_days: Days after a click in which a conversion counts, unless its offer says otherwise.
            wait_minutes: How long a postback waits for its click.
            counted: Told new counts.
            on_changes: Told new changes.
            holds_turn: Whether this host looks for hold periods that are over, asked every few seconds.
            rates_turn: Whether it looks for amounts whose rate is known by now, asked as often.
            quality: Judges conversions; by default the rules as they are built in, without baselines.

        """
        self._quality = quality or ConversionQuality(store)
        self._store = store
        self._ledger = ledger
        self._keys = keys
        self._program = program
        self._remember = remember
        self._counted = counted
        self._on_changes = on_changes
        self._holds = HoldPeriods(store, ledger, holds_turn)
        self._late_rates = LateRates(store, ledger, program, rates_turn)
        self._window_ms = window_days * DAY_MS
        self._attribution = Attribution(store, keys, self._window_ms)
        self._wait_s = wait_minutes * 60.0
        tables = ("conversions", "conversion_changes", "rejected")
        self._rows = {t: counter("clickledger_pipeline_rows_total", table=t) for t in tables}
        self._rejections = {code: counter("clickledger_pipeline_rejected_total", reason=code) for code in ERRORS}

    def run(self, now: float, up_to: int, before_ms: float) -> int:
        """Empty the outbox, then process the postbacks whose turn has come; return how many were.

        Args:
            now: Seconds since 1970.
            up_to: Only postbacks with this inbox id or a smaller one, and the earlier ones of their groups.
            before_ms: Only postbacks received before this, in milliseconds since 1970. Within both bounds,
                everything that was acknowledged on this host before them has been shipped.

        Raises:
            STORE_ERRORS: the store is away or refuses; nothing is lost, call again.

        """
        self.flush()
        self._holds.put_when_due(now)
        self._late_rates.put_when_due(now)
        waiting = self._ledger.due(now, up_to, before_ms, MOST_POSTBACKS)
        if not waiting:
            return 0
        decided, counts = self._decide(waiting, now)
        batches = outbox_batches(decided.rows, decided.rejected)
        faults.point("conversions.before_outbox")
        self._ledger.settle(decided.done, decided.later, batches)
        faults.point("conversions.after_outbox")
        self.flush()
        if decided.states:
            self._remember(decided.states)
        if decided.moved and self._counted is not None:
            self._counted(decided.moved, counts)
        return len(decided.done)

    def flush(self) -> None:
        """Insert what the outbox holds, in order, and tell of the changes."""
        for batch in self._ledger.unsent():
            rows = self.send(batch)
            if self._on_changes is not None and batch.table == "conversion_changes":
                self._on_changes(rows.to_pylist())
            self._ledger.sent(batch, time.time())
            self._rows[batch.table].n += batch.rows

    def send(self, batch: OutboxBatch) -> pa.Table:
        """Insert an outbox batch under its token; return its rows."""
        rows = pa.ipc.open_stream(batch.body).read_all()
        clickhouse.insert(self._store, batch.table, rows, self._ledger.outbox_token(batch))
        return rows

    def _decide(self, waiting: Sequence[WaitingPostback], now: float) -> tuple[Decided, Counts]:
        snapshot = self._program()
        refused = Decided()
        readable = [(e, event) for e in waiting if (event := self._read(e, snapshot, refused)) is not None]
        known = self._known(event for _, event in readable)
        owners = self._owners([p for _, p in readable if isinstance(p, Postback)], known, snapshot)
        postbacks = [(p, owners.get(id(p))) for _, p in readable if isinstance(p, Postback)]
        qualities = self._quality.examine(postbacks, known, snapshot)
        decisions = Decisions(snapshot, self._window_ms, known, qualities)
        decided = decisions.decided
        decided.done, decided.rejected = refused.done, refused.rejected
        counts = Counts(self._store, decisions.buckets(postbacks), decisions.rates)
        for entry, event in readable:
            owner = owners.get(id(event))
            if self._waits(entry, event, owner, known):
                if entry.is_due:
                    decided.later.append((now + _pause(entry.tries), entry.id))
                continue
            decided.done.append(entry.id)
            try:
                if isinstance(event, Postback):
                    decisions.take(event, owner, counts)
                else:
                    decisions.adjust(event)
                continue
            except ClickledgerError as why:
                self._reject(entry, event, why.kind, why.message, decided)
            except Exception as why:  # noqa: BLE001 - whatever a strange postback breaks, the others must pass
                log("pipeline").error("postback_not_processed", exc_info=why)
                self._reject(entry, event, POSTBACK_NOT_PROCESSED, repr(why)[:MAX_DETAIL_CHARACTERS], decided)
            there = known.get(key_of(event))
            decided.states[key_of(event)] = there.state if there else None
        return decided, counts

    def _waits(
        self,
        entry: WaitingPostback,
        event: Postback | Adjustment,
        owner: Owner | None,
        known: Mapping[str, KnownConversion],
    ) -> bool:
        if owner is not None or isinstance(event, Adjustment) or event.source in OUR_OWN:
            return False
        return key_of(event) not in known and _waited(entry.tries) < self._wait_s

    def _read(self, entry: WaitingPostback, snapshot: Snapshot, decided: Decided) -> Postback | Adjustment | None:
        """Return the event; one that can't be read, or whose key is gone, is rejected instead."""
        try:
            event: Postback | Adjustment = _decode(entry.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            decided.done.append(entry.id)
            self._reject(entry, None, POSTBACK_NOT_PROCESSED, repr(why)[:MAX_DETAIL_CHARACTERS], decided)
            return None
        if isinstance(event, Adjustment):
            return event
        try:
            if event.fields.click_id:
                self._keys.read(event.fields.click_id)
        except ClickledgerError as why:
            decided.done.append(entry.id)
            self._reject(entry, event, why.kind, why.message, decided)
            return None
        offer = snapshot.offers.get(event.offer_id)
        goal = goal_code(offer, event.fields.goal) if offer else event.fields.goal
        if goal == event.fields.goal:
            return event
        return msgspec.structs.replace(event, fields=msgspec.structs.replace(event.fields, goal=goal))

    def _reject(
        self,
        entry: WaitingPostback,
        event: Postback | Adjustment | None,
        kind: ErrorKind,
        detail: str,
        decided: Decided,
    ) -> None:
        self._rejections[kind.code].n += 1
        decided.reject(entry, event, kind, detail)

    def _known(self, events: Iterable[Postback | Adjustment]) -> dict[str, KnownConversion]:
        """Return the conversions that are in the store already, by id."""
        moments: dict[str, int] = {}
        timeless: set[str] = set()
        for event in events:
            if isinstance(event, Postback) and event.fields.click_id:
                moments[key_of(event)] = self._keys.read(event.fields.click_id).ts
            else:
                timeless.add(key_of(event))
        found = self._states(moments, min(moments.values(), default=0), max(moments.values(), default=0))
        # An id that holds no click's time tells no month to look in.
        return found | self._states(timeless, 0, END_OF_TIME)

    def _states(self, ids: Iterable[str], first: int, last: int) -> dict[str, KnownConversion]:
        wanted = sorted(ids)
        if not wanted:
            return {}
        found = self._store.query_arrow(
            sql.STATES_BY_ID, parameters={"ids": wanted, "first": first, "last": last}, use_strings=True
        )
        return {row["conversion_id"]: known_of(row) for row in found.to_pylist()}

    def _owners(
        self, postbacks: Sequence[Postback], known: Mapping[str, KnownConversion], snapshot: Snapshot
    ) -> dict[int, Owner]:
        """Return whose the new conversions are, by their postback's id()."""
        new = [p for p in postbacks if p.source not in OUR_OWN and key_of(p) not in known]
        found = self._attribution.find(new, snapshot) if new else []
        return {id(p): owner for p, owner in zip(new, found, strict=True) if owner is not None}


def _pause(tries: int) -> float:
    """Return the seconds until a click is looked for again."""
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(tries, _DOUBLINGS), LONGEST_WAIT_SECONDS)


def _waited(tries: int) -> float:
    """Return how long a postback has waited that was tried so often."""
    return sum(_pause(n) for n in range(tries))
