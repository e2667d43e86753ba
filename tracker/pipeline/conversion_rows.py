"""A conversion as a row: made of a postback, its click and its state, and read back.

Invariants: a row carries every dimension of its click, so no report joins; what ``conversion_row`` writes of a
state, ``state_of`` reads back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.columns import CLICK_DIMENSIONS
from tracker.conversion_state import ConversionState
from tracker.events import Postback

_CARRIED = tuple(c.name for c in CLICK_DIMENSIONS if c.name != "coupon")


@dataclass(slots=True)
class KnownConversion:
    """A conversion as far as this batch has come."""

    state: ConversionState
    ts: int
    change_seq: int


def conversion_row(
    key: str, postback: Postback, click: Mapping[str, Any], after: KnownConversion, outcome: str
) -> dict[str, Any]:
    """Return the row of a conversion after a postback.

    Args:
        key: Its conversion id.
        postback: What changed it.
        click: The click's dimensions, and ``click_ms``.
        after: The conversion as it is now.
        outcome: accepted or updated.

    """
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


def outbox_batches(
    rows: Sequence[Mapping[str, Any]], rejected: Sequence[Mapping[str, Any]]
) -> list[tuple[str, bytes, int]]:
    """Return (table, Arrow stream, number of rows) for the outbox: each change, each newest state, rejections."""
    batches = []
    for table, content in (
        ("conversion_changes", rows),
        ("conversions", list({row["conversion_id"]: row for row in rows}.values())),
        ("rejected", rejected),
    ):
        if content:
            batch = rows_table(table, content)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_table(batch)
            batches.append((table, sink.getvalue().to_pybytes(), len(content)))
    return batches
