"""From a journal's frames to rows: clicks, impressions and rejected requests now, the rest into the inbox.

Invariants: a range is frozen before its first insert; its inserts carry its tokens; its checkpoint comes
after all of them, and after its messages to be sent again were handed on; what is sent once more is what the
store has, where it has it. Whatever can't be decoded or enriched becomes a ``rejected`` row with its bytes and a
reason. A store that is away raises, and the same range is tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import Error as DriverError

from kernel import faults
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table
from kernel.logging import log
from kernel.metrics import counter, timed
from tracker.errors import ENRICHMENT_FAILED, FRAME_UNREADABLE
from tracker.events import Adjustment, Click, Event, Outgoing, Postback, Refused, decode_events, encode_event
from tracker.journal import Frame, JournalReader
from tracker.pipeline.as_stored import as_stored
from tracker.pipeline.entries import ArrivedPostback, FrozenBatch
from tracker.pipeline.groups import group_of
from tracker.pipeline.ledger import Ledger

Enrich = Callable[[Sequence[Click], str], pa.Table]
"""Turns clicks, or impressions, of one edge worker into rows of their table."""
HandOn = Callable[[Sequence[Outgoing]], None]
"""Takes messages that somebody wants sent again, before they count as shipped; after a crash again."""

EVENT_KINDS = ("click", "impression", "postback", "adjustment", "outgoing", "refused")

STORE_ERRORS = (DriverError, OSError)
"""What an insert raises when the store refuses or is away; the range is tried again."""


class Shipped(NamedTuple):
    """What shipping a journal's next range came to."""

    events: int
    """How many events were shipped; 0 when there were none."""
    newest_ms: int
    """When the newest of them was received, milliseconds since 1970."""
    more: bool
    """Whether further frames lie behind them."""


NOTHING_SHIPPED = Shipped(0, 0, more=False)


_TABLES = {"impressions": "impression", "clicks": "click"}
"""Tables that enriched events go to, and what their events are called. A banner is seen before it is clicked."""


@dataclass(slots=True)
class _Clicks:
    """Clicks, or impressions, and the frame and place of each."""

    clicks: list[Click] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Sorted:
    """A range's events by what becomes of them."""

    enriched: dict[str, _Clicks] = field(default_factory=lambda: {table: _Clicks() for table in _TABLES})
    """By table."""
    waiting: list[ArrivedPostback] = field(default_factory=list)
    """Postbacks and adjustments."""
    outgoing: list[Outgoing] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENT_KINDS, 0))
    newest_ms: int = 0


class Shipper:
    """Ships one range of one journal at a time."""

    def __init__(
        self,
        store: Client,
        ledger: Ledger,
        enrich: Enrich,
        most_events: int,
        outgoing: HandOn | None = None,
    ) -> None:
        """Prepare.

        Args:
            store: Read-write client of the event store.
            ledger: The pipeline's memory.
            enrich: Turns clicks into rows.
            most_events: Most events in one range, unless a single frame has more.
            outgoing: Takes messages to be sent again; without, nobody sends any.

        """
        self._store = store
        self._ledger = ledger
        self._enrich = enrich
        self._most_events = most_events
        self._outgoing = outgoing
        self._events = {kind: counter("clickledger_pipeline_events_total", kind=kind) for kind in EVENT_KINDS}
        self._rows = {t: counter("clickledger_pipeline_rows_total", table=t) for t in (*_TABLES, "rejected")}

    def ship_next(self, journal: JournalReader) -> Shipped:
        """Ship the journal's next range, if there is one.

        Raises:
            STORE_ERRORS: the store is away or refuses; nothing is lost, call again.
            UnreadableError: the journal can't be read.

        """
        batch = self._ledger.frozen(journal.name)
        is_again = batch is not None
        if batch is None:
            first = self._ledger.next_seq(journal.name)
            last, events = journal.end_of_range(first, self._most_events)
            if last < first:
                return NOTHING_SHIPPED
            batch = self._ledger.freeze(journal.name, first, last, events)
        with timed("clickledger_pipeline_batch_seconds"):
            found = self._send(journal, batch, is_again=is_again)
            if found.outgoing and self._outgoing is not None:
                self._outgoing(found.outgoing)
            faults.point("pipeline.before_checkpoint")
            self._ledger.checkpoint(batch, found.waiting, time.time())
        for kind, number in found.counts.items():
            self._events[kind].n += number
        more = journal.end_of_range(batch.last + 1, 1)[1] > 0
        return Shipped(batch.events, found.newest_ms, more)

    def send_again(self, journal: JournalReader, batch: FrozenBatch) -> None:
        """Send a range once more under its tokens; the store takes only what it lost."""
        self._send(journal, batch, is_again=True)

    def _send(self, journal: JournalReader, batch: FrozenBatch, *, is_again: bool) -> _Sorted:
        found = _sort(journal.frames(batch.first, batch.last), journal.name)
        edge = journal.name.rpartition("-")[0]
        made = {table: self._enriched(found, table, edge, journal.name) for table in _TABLES}
        faults.point("pipeline.before_insert")
        for table, rows in made.items():
            if rows is not None:
                if is_again:
                    rows = as_stored(self._store, table, rows)  # noqa: PLW2901 - the same rows
                with timed("clickledger_pipeline_step_seconds", step="insert"):
                    clickhouse.insert(self._store, table, rows, batch.token(table))
                self._rows[table].n += rows.num_rows
        if found.rejected:
            rejected = rows_table("rejected", found.rejected)
            clickhouse.insert(self._store, "rejected", rejected, batch.token("rejected"))
            self._rows["rejected"].n += len(found.rejected)
        faults.point("pipeline.after_insert")
        return found

    def _enriched(self, found: _Sorted, table: str, edge: str, journal: str) -> pa.Table | None:
        """Enrich the clicks of a table; those that can't be are moved to ``found.rejected``."""
        clicks, places = found.enriched[table].clicks, found.enriched[table].places
        if not clicks:
            return None
        try:
            return self._enrich(clicks, edge)
        except STORE_ERRORS:
            raise
        except Exception as why:  # noqa: BLE001 - whatever a strange click breaks, the others must pass
            log("pipeline").error("batch_not_enriched", clicks=len(clicks), exc_info=why)
        tables = []
        for click, (seq, place) in zip(clicks, places, strict=True):
            try:
                tables.append(self._enrich([click], edge))
            except STORE_ERRORS:
                raise
            except Exception as why:  # noqa: BLE001 - kept with its reason, see above
                found.rejected.append(_not_enriched(click, _TABLES[table], f"{journal}:{seq}:{place}", repr(why)))
        return pa.concat_tables(tables) if tables else None


def _sort(frames: Any, journal: str) -> _Sorted:
    found = _Sorted()
    clicks, impressions = found.enriched["clicks"], found.enriched["impressions"]
    for frame in frames:
        events = _decode(frame)
        if events is None:
            found.rejected.append(_unreadable(frame, journal))
            found.counts["refused"] += 1
            continue
        for place, event in enumerate(events):
            found.newest_ms = max(found.newest_ms, event.ts)
            if isinstance(event, Click):
                kept = clicks if event.kind == "click" else impressions
                kept.clicks.append(event)
                kept.places.append((frame.seq, place))
            elif isinstance(event, Postback | Adjustment):
                body = encode_event(event)
                found.waiting.append(ArrivedPostback(frame.seq, place, event.ts, group_of(event), body))
                found.counts["postback" if isinstance(event, Postback) else "adjustment"] += 1
            elif isinstance(event, Outgoing):
                found.outgoing.append(event)
            else:
                found.rejected.append(_refused(event, f"{journal}:{frame.seq}:{place}"))
                found.counts["refused"] += 1
    found.counts["click"], found.counts["impression"] = len(clicks.clicks), len(impressions.clicks)
    found.counts["outgoing"] = len(found.outgoing)
    return found


def _decode(frame: Frame) -> list[Event] | None:
    try:
        return decode_events(frame.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as why:
        log("pipeline").error("frame_unreadable", seq=frame.seq, why=str(why))
        return None


def _refused(event: Refused, place: str) -> dict[str, Any]:
    return {
        "rejected_id": place,
        "ts": event.ts,
        "kind": event.kind,
        "reason": event.reason,
        "detail": event.detail,
        "click_id": event.click_id,
        "method": event.method,
        "ip": event.ip,
        "raw": event.raw,
    }


def _unreadable(frame: Frame, journal: str) -> dict[str, Any]:
    return {
        "rejected_id": f"{journal}:{frame.seq}",
        "ts": time.time_ns() // 1_000_000,
        "kind": "frame",
        "reason": FRAME_UNREADABLE.code,
        "detail": f"{frame.events} events",
        "raw": frame.body,
    }


def _not_enriched(click: Click, kind: str, place: str, why: str) -> dict[str, Any]:
    return {
        "rejected_id": place,
        "ts": click.ts,
        "kind": kind,
        "reason": ENRICHMENT_FAILED.code,
        "detail": why[:500],
        "click_id": click.click_id,
        "method": click.method,
        "ip": click.ip,
        "raw": encode_event(click),
    }
