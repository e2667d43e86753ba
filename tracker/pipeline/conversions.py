"""From waiting postbacks to conversions: find the click, apply the postback to the conversion's state.

Invariants: the store's state decides, one postback after the other in the order they were received; the
finished rows are written into the outbox in the transaction that takes the postbacks out of the inbox, and
only those bytes are ever inserted; a new batch starts only when the outbox is empty, so the state read
from the store includes everything decided before.

A genuine click id whose click isn't stored yet waits (another journal or host may be behind); after the
configured time it is rejected with its reason. Two hosts that get the same postback at the same moment both
write the same conversion id, which the table counts once.
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
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.columns import CLICK_DIMENSIONS
from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import ConversionState, apply, conversion_id
from tracker.errors import (
    AMOUNT_INVALID,
    CLICK_NOT_FOUND,
    OFFER_UNKNOWN,
    OUTSIDE_WINDOW,
    TRANSITION_NOT_ALLOWED,
)
from tracker.events import Postback
from tracker.pipeline import sql
from tracker.pipeline.ledger import Ledger, OutboxBatch, WaitingPostback
from tracker.snapshot import Snapshot

MOST_POSTBACKS = 5_000
"""In one batch: their clicks are read back from the store, a few megabytes."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
DAY_MS = 86_400_000

_decode_postback = msgspec.msgpack.Decoder(Postback).decode
_CARRIED = tuple(c.name for c in CLICK_DIMENSIONS if c.name != "coupon")

Remember = Callable[[Mapping[str, ConversionState]], None]
"""Told the new states after they were stored; keeps the edges' answers right."""


@dataclass(slots=True)
class _Known:
    """A conversion as far as this batch has come."""

    state: ConversionState
    ts: int
    change_seq: int


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
        self._wait_ms = wait_minutes * 60_000
        tables = ("conversions", "conversion_changes", "rejected")
        self._rows = {t: counter("clickledger_pipeline_rows_total", table=t) for t in tables}
        rejections = (AMOUNT_INVALID, CLICK_NOT_FOUND, OFFER_UNKNOWN, OUTSIDE_WINDOW, TRANSITION_NOT_ALLOWED)
        self._rejections = {
            kind.code: counter("clickledger_pipeline_rejected_total", reason=kind.code) for kind in rejections
        }

    def run(self, now: float) -> int:
        """Empty the outbox, then process the postbacks whose turn has come; return how many were.

        Raises:
            STORE_ERRORS: the store is away or refuses; nothing is lost, call again.

        """
        self.flush()
        waiting = self._ledger.due(now, MOST_POSTBACKS)
        if not waiting:
            return 0
        decided = self._decide(waiting, now)
        faults.point("conversions.before_outbox")
        self._ledger.settle(decided.done, decided.later, _batches(decided))
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
        postbacks = [(w, _decode_postback(w.body)) for w in waiting]
        clicks = self._clicks({p.fields.click_id for _, p in postbacks})
        ids = {conversion_id(p.fields.click_id, p.fields.goal, p.fields.txn_id) for _, p in postbacks}
        known = self._known(ids, [click["click_ms"] for click in clicks.values()])
        snapshot = self._program()
        decided = _Decided()
        for entry, postback in postbacks:
            click = clicks.get(postback.fields.click_id)
            if click is None and now * 1000 - entry.ts < self._wait_ms:
                delay = min(FIRST_WAIT_SECONDS * 2**entry.tries, LONGEST_WAIT_SECONDS)
                decided.later.append((now + delay, entry.id))
                continue
            decided.done.append(entry.id)
            try:
                self._apply(postback, click, snapshot, known, decided)
            except ClickledgerError as why:
                self._rejections[why.kind.code].n += 1
                decided.rejected.append(_rejected(entry, postback, why))
        return decided

    def _apply(
        self,
        postback: Postback,
        click: Mapping[str, Any] | None,
        snapshot: Snapshot,
        known: dict[str, _Known],
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
        outcome, state = apply(before.state if before else None, fields, offer)
        if outcome == "refused":
            raise TRANSITION_NOT_ALLOWED.error()
        if outcome == "duplicate" and before is not None:
            decided.states[key] = state
            return
        # Grows with every change, also when clocks of two hosts disagree.
        change_seq = max(time.time_ns() // 1000, before.change_seq + 1 if before else 0)
        after = _Known(state, before.ts if before else postback.ts, change_seq)
        known[key] = after
        decided.states[key] = state
        decided.rows.append(_row(key, postback, click, after, outcome))

    def _clicks(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        moments = [self._keys.read(i).ts for i in ids]
        found = self._store.query_arrow(
            sql.CLICKS_BY_ID,
            parameters={"ids": sorted(ids), "first": min(moments), "last": max(moments)},
            use_strings=True,
        )
        return {row["click_id"]: row for row in found.to_pylist()}

    def _known(self, ids: set[str], click_moments: Sequence[int]) -> dict[str, _Known]:
        if not click_moments:
            return {}
        found = self._store.query_arrow(
            sql.STATES_BY_ID,
            parameters={"ids": sorted(ids), "first": min(click_moments), "last": max(click_moments)},
            use_strings=True,
        )
        return {
            row["conversion_id"]: _Known(state_of(row), row["ts_ms"], row["change_seq"])
            for row in found.to_pylist()
        }


def state_of(row: Mapping[str, Any]) -> ConversionState:
    """Return the state a row of ``conversions`` holds."""
    return ConversionState(
        status=row["status"],
        amount=row["amount"],
        amount_currency=row["amount_currency"],
        payout=row["payout"],
        revenue=row["revenue"],
        currency=row["currency"],
        reject_reason=row["reject_reason"],
        adv=(row["adv1"], row["adv2"], row["adv3"], row["adv4"], row["adv5"]),
        coupon=row["coupon"],
        customer_id=row["customer_id"],
        conversion_ip=row["conversion_ip"],
        payout_given=row["payout_given"],
    )


def _row(key: str, postback: Postback, click: Mapping[str, Any], after: _Known, outcome: str) -> dict[str, Any]:
    state, fields = after.state, postback.fields
    row: dict[str, Any] = {name: click[name] for name in _CARRIED}
    row.update(
        {
            "conversion_id": key,
            "click_id": fields.click_id,
            "ts": after.ts,
            "change_seq": after.change_seq,
            "changed_at": postback.ts,
            "click_ts": click["click_ms"],
            "ctit_ms": after.ts - click["click_ms"],
            "goal": fields.goal,
            "status": state.status,
            "reject_reason": state.reject_reason,
            "txn_id": fields.txn_id,
            "amount": state.amount,
            "amount_currency": state.amount_currency,
            "payout": state.payout,
            "revenue": state.revenue,
            "currency": state.currency,
            "customer_id": state.customer_id,
            "conversion_ip": state.conversion_ip,
            "attribution": "click",
            "payout_given": state.payout_given,
            "outcome": outcome,
            "coupon": state.coupon or click["coupon"],
            **{f"adv{n}": value for n, value in enumerate(state.adv, 1)},
        }
    )
    return row


def _rejected(entry: WaitingPostback, postback: Postback, why: ClickledgerError) -> dict[str, Any]:
    return {
        "rejected_id": f"inbox:{entry.id}:{entry.ts}",
        "ts": postback.ts,
        "kind": "postback",
        "reason": why.kind.code,
        "detail": why.message,
        "click_id": postback.fields.click_id,
        "method": postback.method,
        "ip": postback.ip,
        "raw": postback.raw,
    }


def _batches(decided: _Decided) -> list[tuple[str, bytes, int]]:
    batches = []
    for table, rows in (
        ("conversion_changes", decided.rows),
        ("conversions", list({row["conversion_id"]: row for row in decided.rows}.values())),
        ("rejected", decided.rejected),
    ):
        if rows:
            content = rows_table(table, rows)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, content.schema) as writer:
                writer.write_table(content)
            batches.append((table, sink.getvalue().to_pybytes(), len(rows)))
    return batches
