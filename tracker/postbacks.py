"""The parameters of a postback: query, form or JSON, under canonical names, checked.

Invariants: no request raises anything but a ``ClickledgerError`` with a code of ``tracker.errors``; an
amount is a plain decimal with at most six digits after the point, never a float; a duplicated name
counts once, the first wins, the query before the body. The values as they were sent are kept beside those
cut to the length that is stored: a signature (``tracker.senders``) is made over the former.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from tracker import test_mode
from tracker.errors import (
    AMOUNT_INVALID,
    AMOUNT_NEGATIVE,
    CLICK_ID_MISSING,
    CURRENCY_UNKNOWN,
    POSTBACK_BODY_INVALID,
    STATUS_UNKNOWN,
)
from tracker.events import PostbackFields
from tracker.links import cut_text

ALIASES: dict[str, tuple[str, ...]] = {
    "click_id": ("clickid", "cid", "subid", "transaction_id", "tid"),
    "txn_id": ("order_id", "action_id", "adv_order_id", "txid"),
    "goal": ("event", "et", "goal_id", "goal_alias"),
    "amount": ("sum", "sale_amount"),
    "payout": (),
    "revenue": (),
    "currency": (),
    "status": ("conv_status",),
    "adv1": ("adv_sub", "adv_sub1"),
    **{f"adv{n}": (f"adv_sub{n}",) for n in range(2, 6)},
    "coupon": ("promo_code",),
    "customer_id": (),
    "ip": (),
    "user_agent": ("ua",),
    "offer_id": ("oid",),
    "reject_reason": (),
    "token": ("secure", "security_token"),
    "signature": (),
    "expires": (),
    "return": (),
    test_mode.PARAMETER: (),
}
"""Canonical name -> the names other trackers' postbacks use."""

# Amounts keep their digits: a float would already have lost them.
_json = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_NAMES: dict[str, str] = {
    name: canonical for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)
}

STATUSES: dict[str, str] = {
    "approved": "approved",
    "pending": "pending",
    "rejected": "rejected",
    "hold": "hold",
    # numeric codes of other networks' templates
    "1": "approved",
    "2": "pending",
    "3": "rejected",
    "5": "hold",
    # Keitaro's and Binom's words
    "sale": "approved",
    "lead": "pending",
    "trash": "rejected",
    # what people write
    "approve": "approved",
    "confirmed": "approved",
    "declined": "rejected",
    "reject": "rejected",
    "cancelled": "rejected",
    "canceled": "rejected",
    "refunded": "rejected",
}
"""Accepted spellings of a status -> the status."""

MAX_AMOUNT = Decimal("999999999999.999999")
"""What Decimal(18, 6) holds."""
MAX_RETURN_CHARACTERS = 64
_AMOUNT = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})")
_ABSURD = 10**40
"""Beyond any amount or id; Python refuses to print integers of thousands of digits."""
_SIX_PLACES = Decimal("0.000001")


def read_query(query: bytes) -> dict[str, str]:
    """Return all parameters of a query string or form body, first wins, under the names as sent."""
    values: dict[str, str] = {}
    for pair in query.split(b"&"):
        name, _, raw = pair.partition(b"=")
        if not name:
            continue
        key = unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")
        if key not in values:
            values[key] = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")
    return values


def read_body(body: bytes, content_type: str) -> dict[str, str]:
    """Return the parameters of a body: a JSON object of plain values, or form fields.

    Raises:
        ClickledgerError: ``postback_body_invalid``.

    """
    if not body.strip():
        return {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json") or body.lstrip()[:1] in {b"{", b"["}:
        return _read_json(body)
    if kind in {"", "application/x-www-form-urlencoded", "text/plain"}:
        return read_query(body.strip())
    raise POSTBACK_BODY_INVALID.error(f"A body of type {cut_text(kind, 60)!r} can't be read; send a form or JSON.")


def _read_json(body: bytes) -> dict[str, str]:
    try:
        decoded = _json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, InvalidOperation) as why:
        raise POSTBACK_BODY_INVALID.error() from why
    values: dict[str, str] = {}
    for name, value in decoded.items():
        if value is None:
            continue
        text = plain(value)
        if text is None:
            raise POSTBACK_BODY_INVALID.error(
                "The JSON body's values must be texts, numbers or true/false, not nested."
            )
        values[name] = text
    return values


def plain(value: Any) -> str | None:
    """Return a JSON value as the text it would be in a form; None for one that is nested."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < _ABSURD else "NaN"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() and abs(value.adjusted()) < 40 else "NaN"
    return None


def read_request(query: bytes, body: bytes, content_type: str) -> PostbackRequest:
    """Return the parameters of a query and a body; what the query says counts before the body.

    Raises:
        ClickledgerError: ``postback_body_invalid``.

    """
    received = read_query(query)
    for name, value in read_body(body, content_type).items():
        received.setdefault(name, value)
    return PostbackRequest(received)


class PostbackRequest:
    """A postback's parameters before its click is known: checked for shape, readable by canonical name."""

    __slots__ = ("received", "values")

    def __init__(self, received: dict[str, str]) -> None:
        self.received = received
        """As sent; what a signature is made over."""
        self.values: dict[str, str] = {}
        for name, value in received.items():
            canonical = _NAMES.get(name)
            if canonical and value and canonical not in self.values:
                kept = cut_text(value)
                self.values[canonical] = kept.strip() if canonical in {"click_id", "status"} else kept

    @property
    def click_id(self) -> str:
        """The click id as sent.

        Raises:
            ClickledgerError: ``click_id_missing``.

        """
        click_id = self.values.get("click_id", "")
        if not click_id:
            raise CLICK_ID_MISSING.error()
        return click_id

    @property
    def literal_answer(self) -> str:
        """What ``return=`` asks to be answered with, '' for JSON."""
        return self.values.get("return", "")[:MAX_RETURN_CHARACTERS]

    def drop(self, *names: str) -> list[str]:
        """Take no notice of some parameters, whatever they hold; return those that were given."""
        return [name for name in names if self.values.pop(name, None) is not None]

    def fields(self, currencies: frozenset[str], click_id: str | None = None) -> PostbackFields:
        """Check everything and return the fields.

        Args:
            currencies: What ``currency`` may say.
            click_id: The click's id where it was found otherwise; '' for a conversion without a click.

        Raises:
            ClickledgerError: the first thing that is wrong.

        """
        values = self.values
        status = values.get("status")
        if status is not None:
            known = STATUSES.get(status.lower())
            if known is None:
                raise STATUS_UNKNOWN.error()
            status = known
        currency = values.get("currency")
        if currency is not None:
            currency = currency.strip().upper()
            if currency not in currencies:
                raise CURRENCY_UNKNOWN.error()
        return PostbackFields(
            click_id=self.click_id if click_id is None else click_id,
            txn_id=values.get("txn_id", ""),
            goal=values.get("goal", ""),
            status=status,
            amount=_amount(values, "amount"),
            payout=_amount(values, "payout"),
            revenue=_amount(values, "revenue"),
            currency=currency,
            adv=(
                values.get("adv1", ""),
                values.get("adv2", ""),
                values.get("adv3", ""),
                values.get("adv4", ""),
                values.get("adv5", ""),
            ),
            coupon=values.get("coupon", ""),
            customer_id=values.get("customer_id", ""),
            conversion_ip=values.get("ip", ""),
            reject_reason=values.get("reject_reason", ""),
        )


def _amount(values: Mapping[str, str], name: str) -> str | None:
    text = values.get(name)
    if text is None:
        return None
    text = text.strip()
    if not _AMOUNT.fullmatch(text) or not text.isascii():
        raise AMOUNT_INVALID.error(f"{name} is not a plain decimal number like 12.50.")
    amount = Decimal(text)
    if amount < 0:
        raise AMOUNT_NEGATIVE.error(f"{name} is negative; send status=rejected to take a conversion back.")
    if amount > MAX_AMOUNT:
        raise AMOUNT_INVALID.error(f"{name} is larger than {MAX_AMOUNT}.")
    # More digits than any currency has are rounded half to even, as banks do; the raw request is kept.
    return format(amount.quantize(_SIX_PLACES).normalize() + 0, "f")
