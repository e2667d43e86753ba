"""A conversion as a row: made of what reported it, whose it is and its state, and read back.

Invariants: a row carries every dimension of its click, so no report joins; what ``conversion_row`` writes of a
state, ``known_of`` reads back; whose a conversion is is decided once and stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.columns import CLICK_DIMENSIONS
from tracker.conversion_state import ConversionState
from tracker.events import Adjustment, Postback

Attribution: TypeAlias = Literal["click", "view", "coupon", "adjustment"]

_CARRIED = tuple(c.name for c in CLICK_DIMENSIONS if c.name != "coupon")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a conversion is: the click, the impression or the coupon it came by."""

    dimensions: Mapping[str, Any]
    """Columns of the click; without one those that are known."""
    click_id: str
    """'' without a click."""
    click_ms: int
    """When it was received; without a click when the conversion was. It never changes."""
    attribution: Attribution
    path_partner_id: int = 0
    """Whose link the visitor clicked last, where a coupon says whose the conversion is; 0 when nobody knows."""

    @property
    def offer_id(self) -> int:
        """The offer it converts on."""
        return int(self.dimensions["offer_id"])

    @property
    def partner_id(self) -> int:
        """Who gets the payout."""
        return int(self.dimensions["partner_id"])

    @property
    def is_test(self) -> bool:
        """Whether it is a self-test's, which never counts."""
        return bool(self.dimensions.get("is_test", False))


@dataclass(slots=True)
class KnownConversion:
    """A conversion as far as this batch has come."""

    state: ConversionState
    ts: int
    """When it was first received, milliseconds since 1970."""
    change_seq: int
    owner: Owner


def conversion_row(key: str, postback: Postback, after: KnownConversion, outcome: str) -> dict[str, Any]:
    """Return the row of a conversion after a postback.

    Args:
        key: Its conversion id.
        postback: What changed it.
        after: The conversion as it is now.
        outcome: accepted or updated.

    """
    state, owner = after.state, after.owner
    row: dict[str, Any] = {name: owner.dimensions[name] for name in _CARRIED if name in owner.dimensions}
    row.update(
        {
            "conversion_id": key,
            "click_id": owner.click_id,
            "ts": after.ts,
            "change_seq": after.change_seq,
            "changed_at": postback.ts,
            "click_ts": owner.click_ms,
            "ctit_ms": after.ts - owner.click_ms,
            "goal": postback.fields.goal,
            "status": state.status,
            "reject_reason": state.reject_reason,
            "txn_id": postback.fields.txn_id,
            "amount": state.amount,
            "amount_currency": state.amount_currency,
            "payout": state.payout,
            "revenue": state.revenue,
            "currency": state.currency,
            "customer_id": state.customer_id,
            "conversion_ip": state.conversion_ip,
            "attribution": owner.attribution,
            "conversion_source": postback.source,
            "actor": postback.actor,
            "change_reason": postback.reason,
            "hold_until": state.hold_until,
            "rate_missing_since": state.rate_missing_since,
            "asked_status": state.asked_status,
            "payout_model": state.model,
            "goal_number": state.number,
            "payout_given": state.payout_given,
            "outcome": outcome,
            "coupon": state.coupon or owner.dimensions.get("coupon", ""),
            **{f"adv{n}": value for n, value in enumerate(state.adv, 1)},
        }
    )
    return row


def adjustment_row(key: str, adjustment: Adjustment, change_seq: int) -> dict[str, Any]:
    """Return the row of money that was added or taken by hand: approved, signed, without a click.

    Raises:
        decimal.InvalidOperation: its money isn't decimal.

    """
    return {
        "conversion_id": key,
        "ts": adjustment.ts,
        "change_seq": change_seq,
        "changed_at": adjustment.ts,
        "click_ts": adjustment.ts,
        "status": "approved",
        "txn_id": adjustment.adjustment_id,
        "payout": Decimal(adjustment.payout or "0"),
        "revenue": Decimal(adjustment.revenue or "0"),
        "currency": adjustment.currency,
        "amount_currency": adjustment.currency,
        "attribution": "adjustment",
        "conversion_source": "api",
        "actor": adjustment.actor,
        "change_reason": adjustment.reason,
        "payout_given": True,
        "outcome": "accepted",
        "partner_id": adjustment.partner_id,
        "advertiser_id": adjustment.advertiser_id,
        "offer_id": adjustment.offer_id,
    }


def known_of(row: Mapping[str, Any]) -> KnownConversion:
    """Return the conversion that a row of ``conversions`` with its click's columns holds."""
    owner = Owner(row, row["click_id"], row["click_ts_ms"], row["attribution"])
    return KnownConversion(state_of(row), row["ts_ms"], row["change_seq"], owner)


def state_of(row: Mapping[str, Any]) -> ConversionState:
    """Return the state a row of ``conversions`` holds; its times in milliseconds."""
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
        hold_until=row["hold_until_ms"],
        model=row["payout_model"],
        number=row["goal_number"],
        rate_missing_since=row["rate_missing_since_ms"],
        asked_status=row["asked_status"],
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
