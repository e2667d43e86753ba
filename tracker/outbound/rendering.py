"""What of a conversion goes into a postback's URL and a webhook's body.

Invariants: every macro of a destination works here too, with the value the click had; money is written as
decimal digits with at least two places, beside its currency; a value that isn't there is ''. The body of a
webhook is the same bytes whenever it is made of the same row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from kernel.macro_names import HOOK_MACROS
from tracker.macros import Lookup, keyed_hash
from tracker.snapshot import Snapshot

_COLUMNS: dict[str, str] = {
    **{name: name for name in ("click_id", "offer_id", "partner_id", "advertiser_id", "source", "coupon")},
    **{name: name for name in ("partner_click_id", "creative_id", "country", "region", "city", "os", "browser")},
    **{name: name for name in ("language", "ip", "currency", "status", "goal", "txn_id")},
    **{name: name for name in ("conversion_id", "reject_reason")},
    **{f"sub{n}": f"sub{n}" for n in range(1, 11)},
    **{f"ext{n}": f"ext{n}" for n in range(1, 6)},
    **{f"adv{n}": f"adv{n}" for n in range(1, 6)},
    "device": "device_type",
}
"""Macro -> column of a conversion's row."""

MONEY_MACROS = ("payout", "revenue", "amount")
MACROS: frozenset[str] = frozenset(HOOK_MACROS)
"""Every name that may stand in braces in a hook's URL."""

_TEXTS = (
    *("conversion_id", "click_id", "change_seq", "status", "reject_reason", "goal", "attribution"),
    *("offer_id", "partner_id", "advertiser_id", "link_id", "txn_id", "amount_currency", "currency"),
    *(f"adv{n}" for n in range(1, 6)),
    *(f"sub{n}" for n in range(1, 11)),
    *("partner_click_id", "source", "creative_id", "coupon"),
    *("country", "region", "city", "device_type", "os", "browser", "language"),
)
"""Columns that a webhook carries as they are."""
_TIMES = ("ts", "changed_at", "click_ts")

_encode = msgspec.json.Encoder().encode
_TWO_PLACES = -2


def lookup(row: Mapping[str, Any], message_id: str, snapshot: Snapshot, secret: bytes) -> Lookup:
    """Return what answers a template's macro names for a conversion.

    Args:
        row: Columns of ``conversion_changes``.
        message_id: What {random} is made of, so that every try has the same.
        snapshot: Knows the offers' names.
        secret: Key of the ``_hash`` macros.

    """

    def value(name: str) -> str:
        if name in MONEY_MACROS:
            return money(row.get(name))
        if name in _COLUMNS:
            return str(row.get(_COLUMNS[name], ""))
        if name.endswith("_hash"):
            plain = name.removesuffix("_hash")
            return keyed_hash(secret, plain, value(plain))
        if name == "offer_name":
            offer = snapshot.offers.get(row["offer_id"])
            return offer.name if offer else ""
        if name == "timestamp":
            return str(int(_moment(row["ts"]).timestamp()))
        # What is left is {random}.
        return str(int.from_bytes(hashlib.blake2b(message_id.encode(), digest_size=8).digest()) % 10**9)

    return value


def webhook_body(row: Mapping[str, Any]) -> str:
    """Return a webhook's JSON: its type, when the conversion came to this state, and the conversion."""
    content: dict[str, Any] = {name: row.get(name, "") for name in _TEXTS if name in row}
    content |= {name: money(row[name]) for name in MONEY_MACROS if name in row}
    content |= {name: _rfc3339(row[name]) for name in _TIMES if name in row}
    kind = "conversion.created" if row["outcome"] == "accepted" else "conversion.updated"
    body = {"type": kind, "timestamp": _rfc3339(row["changed_at"]), "data": content}
    return _encode(body).decode()


def money(value: Any) -> str:
    """Return an amount with as many decimal places as it needs, at least two; '' for none."""
    if value is None or value == "":
        return ""
    amount = Decimal(value).normalize()
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > _TWO_PLACES:
        amount = amount.quantize(Decimal("0.01"))
    return f"{amount:f}"


def _moment(value: Any) -> datetime:
    """Read a time as rows hold it: milliseconds since 1970, or a datetime."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _rfc3339(value: Any) -> str:
    return _moment(value).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
