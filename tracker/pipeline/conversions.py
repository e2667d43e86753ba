"""From waiting postbacks to conversions: find the click, apply the postback to the conversion's state.

Invariants: the store's state decides, one postback after the other in the order they were received; the
finished rows are written into the outbox in the transaction that takes the postbacks out of the inbox, and
only those bytes are ever inserted; a new batch starts only when the outbox is empty, so the state read
from the store includes everything decided before; a postback that can't be processed is rejected with its
bytes and delays no other.

A genuine click id whose click isn't stored yet waits (another host may be behind), and with it every later
postback for that click; after the configured time it is rejected with its reason. Only time in which the
store was asked counts: while it is away, the click is, too. Two hosts that get the same postback at the same
moment both write the same conversion id, which the table counts once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from tracker.conversion_state import ConversionState, apply, conversion_id
from tracker.errors import (
    CLICK_NOT_FOUND,
    ERRORS,
    OFFER_UNKNOWN,
    OUTSIDE_WINDOW,
    POSTBACK_NOT_PROCESSED,
    TRANSITION_NOT_ALLOWED,
)
from tracker.events import Postback
from tracker.pipeline import sql
from tracker.pipeline.conversion_rows import KnownConversion, conversion_row, outbox_batches, state_of
from tracker.pipeline.ledger import Ledger, OutboxBatch, WaitingPostback
from tracker.snapshot import Snapshot
from tracker.tariff import terms_for

MOST_POSTBACKS = 5_000
"""In one batch: their clicks are read back from the store, a few megabytes."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
_DOUBLINGS = 10
"""More would exceed the longest pause anyway."""
DAY_MS = 86_400_000
MAX_DETAIL_CHARACTERS = 500

_decode_postback = msgspec.msgpack.Decoder(Postback).decode

Remember = Callable[[Mapping[str, ConversionState]], None]
"""Told the new states after they were stored; keeps the edges' answers right."""


@dataclass(slots=True)
class _Decided:
    """What a batch of postbacks comes to."""

    done: list[int] = field(default_factory=list)
    later: list[tuple[float, int]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, ConversionState] = field(default_factory=dict)


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
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._keys = keys
        self._program = program
        self._remember = remember
        self._window_ms = window_days * DAY_MS
        self._wait_s = wait_minutes * 60.0
        tables = ("conversions", "conversion_changes", "rejected")
        self._rows = {t: counter("clickledger_pipeline_rows_total", table=t) for t in tables}
        self._rejections = {code: counter("clickledger_pipeline_rejected_total", reason=code) for code in ERRORS}

    def run(self, now: float, up_to: int, before_ms: float) -> int:
        """Empty the outbox, then process the postbacks whose turn has come; return how many were.

        Args:
            now: Seconds since 1970.
            up_to: Only postbacks with this inbox id or a smaller one, and the earlier ones for their clicks.
            before_ms: Only postbacks received before this, in milliseconds since 1970. Within both bounds,
                everything that was acknowledged on this host before them has been shipped.

        Raises:
            STORE_ERRORS: the store is away or refuses; nothing is lost, call again.

        """
        self.flush()
        waiting = self._ledger.due(now, up_to, before_ms, MOST_POSTBACKS)
        if not waiting:
            return 0
        decided = self._decide(waiting, now)
        batches = outbox_batches(decided.rows, decided.rejected)
        faults.point("conversions.before_outbox")
        self._ledger.settle(decided.done, decided.later, batches)
        faults.point("conversions.after_outbox")
        self.flush()
        if decided.states:
            self._remember(decided.states)
        return len(decided.done)

    def flush(self) -> None:
        """Insert what the outbox holds, in order."""
        for batch in self._ledger.unsent():
            self.send(batch)
            self._ledger.sent(batch, time.time())
            self._rows[batch.table].n += batch.rows

    def send(self, batch: OutboxBatch) -> None:
        """Insert an outbox batch under its token."""
        rows = pa.ipc.open_stream(batch.body).read_all()
        clickhouse.insert(self._store, batch.table, rows, self._ledger.outbox_token(batch))

    def _decide(self, waiting: Sequence[WaitingPostback], now: float) -> _Decided:
        decided = _Decided()
        readable = [(entry, p) for entry in waiting if (p := self._read(entry, decided)) is not None]
        if not readable:
            return decided
        clicks = self._clicks({p.fields.click_id for _, p in readable})
        ids = {conversion_id(p.fields.click_id, p.fields.goal, p.fields.txn_id) for _, p in readable}
        known = self._known(ids, [click["click_ms"] for click in clicks.values()])
        snapshot = self._program()
        for entry, postback in readable:
            click = clicks.get(postback.fields.click_id)
            if click is None and _waited(entry.tries) < self._wait_s:
                if entry.is_due:
                    decided.later.append((now + _pause(entry.tries), entry.id))
                continue
            decided.done.append(entry.id)
            try:
                self._apply(postback, click, snapshot, known, decided)
            except ClickledgerError as why:
                self._reject(entry, postback, why.kind, why.message, decided)
            except Exception as why:  # noqa: BLE001 - whatever a strange postback breaks, the others must pass
                log("pipeline").error("postback_not_processed", exc_info=why)
                self._reject(entry, postback, POSTBACK_NOT_PROCESSED, repr(why)[:MAX_DETAIL_CHARACTERS], decided)
        return decided

    def _read(self, entry: WaitingPostback, decided: _Decided) -> Postback | None:
        """Return the postback; one that can't be read, or whose key is gone, is rejected instead."""
        try:
            postback = _decode_postback(entry.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            decided.done.append(entry.id)
            self._reject(entry, None, POSTBACK_NOT_PROCESSED, repr(why)[:MAX_DETAIL_CHARACTERS], decided)
            return None
        try:
            self._keys.read(postback.fields.click_id)
        except ClickledgerError as why:
            decided.done.append(entry.id)
            self._reject(entry, postback, why.kind, why.message, decided)
            return None
        return postback

    def _reject(
        self, entry: WaitingPostback, postback: Postback | None, kind: ErrorKind, detail: str, decided: _Decided
    ) -> None:
        self._rejections[kind.code].n += 1
        row = {
            "rejected_id": entry.origin,
            "ts": entry.ts,
            "kind": "postback",
            "reason": kind.code,
            "detail": detail,
        }
        if postback is None:
            row["raw"] = entry.body
        else:
            row |= {
                "click_id": postback.fields.click_id,
                "method": postback.method,
                "ip": postback.ip,
                "raw": postback.raw,
            }
        decided.rejected.append(row)

    def _apply(
        self,
        postback: Postback,
        click: Mapping[str, Any] | None,
        snapshot: Snapshot,
        known: dict[str, KnownConversion],
        decided: _Decided,
    ) -> None:
        fields = postback.fields
        if click is None:
            raise CLICK_NOT_FOUND.error()
        offer = snapshot.offers.get(click["offer_id"])
        if offer is None:
            raise OFFER_UNKNOWN.error()
        ctit_ms = postback.ts - click["click_ms"]
        if ctit_ms > (offer.attribution_window_s * 1000 or self._window_ms):
            raise OUTSIDE_WINDOW.error()
        key = conversion_id(fields.click_id, fields.goal, fields.txn_id)
        before = known.get(key)
        outcome, state = apply(before.state if before else None, postback, terms_for(offer, fields.goal))
        if outcome == "refused":
            raise TRANSITION_NOT_ALLOWED.error()
        if outcome == "duplicate" and before is not None:
            decided.states[key] = state
            return
        # Grows with every change, also when clocks of two hosts disagree.
        change_seq = max(time.time_ns() // 1000, before.change_seq + 1 if before else 0)
        after = KnownConversion(state, before.ts if before else postback.ts, change_seq)
        known[key] = after
        decided.states[key] = state
        decided.rows.append(conversion_row(key, postback, click, after, outcome))

    def _clicks(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        moments = [self._keys.read(i).ts for i in ids]
        found = self._store.query_arrow(
            sql.CLICKS_BY_ID,
            parameters={"ids": sorted(ids), "first": min(moments), "last": max(moments)},
            use_strings=True,
        )
        return {row["click_id"]: row for row in found.to_pylist()}

    def _known(self, ids: set[str], click_moments: Sequence[int]) -> dict[str, KnownConversion]:
        if not click_moments:
            return {}
        found = self._store.query_arrow(
            sql.STATES_BY_ID,
            parameters={"ids": sorted(ids), "first": min(click_moments), "last": max(click_moments)},
            use_strings=True,
        )
        return {
            row["conversion_id"]: KnownConversion(state_of(row), row["ts_ms"], row["change_seq"])
            for row in found.to_pylist()
        }


def _pause(tries: int) -> float:
    """Return the seconds until a click is looked for again."""
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(tries, _DOUBLINGS), LONGEST_WAIT_SECONDS)


def _waited(tries: int) -> float:
    """Return how long a postback has waited that was tried so often."""
    return sum(_pause(n) for n in range(tries))
