"""The life of a conversion: one function says what a postback does to it.

The edge asks it to answer at once (over the state cached in Redis), the pipeline asks it with the state
in the store and decides; both use the same rules, so they agree.

Invariants: the key (click, goal, transaction id) names one conversion for ever; the same values again
change nothing; a parameter that a later postback leaves out is unchanged; money is Decimal.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from typing import Literal

import msgspec

from tracker.errors import AMOUNT_INVALID
from tracker.events import PostbackFields
from tracker.postbacks import MAX_AMOUNT
from tracker.routes import OfferRoute

Outcome = Literal["accepted", "duplicate", "updated", "refused"]

TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"approved", "rejected", "hold"}),
    "hold": frozenset({"approved", "rejected"}),
    "approved": frozenset({"rejected"}),
    "rejected": frozenset(),
}
"""Where a status may go. Approved to rejected is a chargeback; rejected is final."""

_SIX_PLACES = Decimal("0.000001")
RATE_MISSING = "currency_rate_missing"
"""Why a conversion is on hold whose fixed and percent parts are in two currencies."""

CACHE_SECONDS = 120 * 86_400
"""How long a state is cached in Redis: the longest usual attribution window and the validation after it."""


class ConversionState(msgspec.Struct, array_like=True, frozen=True):
    """What is known of a conversion now."""

    status: str
    amount: Decimal
    amount_currency: str
    payout: Decimal
    revenue: Decimal
    currency: str
    reject_reason: str = ""
    adv: tuple[str, str, str, str, str] = ("", "", "", "", "")
    coupon: str = ""
    customer_id: str = ""
    conversion_ip: str = ""
    payout_given: bool = False
    """The advertiser set payout or revenue; they no longer follow the amount."""


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(ConversionState).decode


def cache_key(conversion_id: str) -> str:
    """Return the Redis key of a conversion's cached state: the edge asks it, the pipeline corrects it."""
    return f"clickledger:conversion:{conversion_id}"


def conversion_id(click_id: str, goal: str, txn_id: str) -> str:
    """Return the id of the conversion with this key: 24 base64url characters, its click's time first."""
    clock = base64.urlsafe_b64decode(click_id)[:6]
    # The length keeps ("a", "bc") and ("ab", "c") apart, whatever characters they hold.
    key = f"{click_id}{len(goal)}:{goal}{txn_id}".encode()
    return base64.urlsafe_b64encode(clock + hashlib.blake2b(key, digest_size=12).digest()).decode()


def apply(
    state: ConversionState | None, fields: PostbackFields, offer: OfferRoute
) -> tuple[Outcome, ConversionState]:
    """Return what a postback does and the state after it.

    ``refused`` means its status can't follow the present one; the state is then unchanged.

    Raises:
        ClickledgerError: ``amount_invalid`` when the amount earns more than a store holds.

    """
    if state is None:
        return "accepted", _first(fields, offer)
    status = fields.status or state.status
    after = _with_money(
        ConversionState(
            status=status,
            amount=_or(fields.amount, state.amount),
            amount_currency=fields.currency or state.amount_currency,
            payout=state.payout,
            revenue=state.revenue,
            currency=state.currency,
            reject_reason=fields.reject_reason or (state.reject_reason if status == state.status else ""),
            adv=_adv(fields.adv, state.adv),
            coupon=fields.coupon or state.coupon,
            customer_id=fields.customer_id or state.customer_id,
            conversion_ip=fields.conversion_ip or state.conversion_ip,
            payout_given=state.payout_given,
        ),
        fields,
        offer,
        before=state,
    )
    # Judged by where it comes to, not by what was asked: a first postback that was put on hold for its
    # currency is a duplicate when it comes again, whatever status it names.
    if after == state:
        return "duplicate", state
    if state.status == "rejected" or not (
        after.status == state.status or after.status in TRANSITIONS[state.status]
    ):
        return "refused", state
    return "updated", after


def _first(fields: PostbackFields, offer: OfferRoute) -> ConversionState:
    return _with_money(
        ConversionState(
            status=fields.status or offer.default_status,
            amount=_or(fields.amount, Decimal(0)),
            amount_currency=fields.currency or offer.currency,
            payout=Decimal(0),
            revenue=Decimal(0),
            currency=offer.currency,
            reject_reason=fields.reject_reason,
            adv=fields.adv,
            coupon=fields.coupon,
            customer_id=fields.customer_id,
            conversion_ip=fields.conversion_ip,
        ),
        fields,
        offer,
        before=None,
    )


def _with_money(
    state: ConversionState, fields: PostbackFields, offer: OfferRoute, *, before: ConversionState | None
) -> ConversionState:
    """Compute payout and revenue: the advertiser's when the offer allows it, else the offer's.

    Args:
        state: The state but for its money.
        fields: The postback.
        offer: Its tariff.
        before: The state before this postback, if there was one.

    """
    if offer.allow_override and (fields.payout is not None or fields.revenue is not None):
        return msgspec.structs.replace(
            state,
            payout=_or(fields.payout, state.payout),
            revenue=_or(fields.revenue, state.revenue),
            currency=fields.currency or state.currency,
            payout_given=True,
        )
    says_nothing = before is not None and fields.amount is None and fields.currency is None
    # Goals beside the base goal earn what their postback says; a tariff of their own comes with goals.
    if state.payout_given or says_nothing or fields.goal:
        return state
    by_amount = any(map(_decimal, (offer.payout_percent, offer.revenue_percent)))
    foreign = by_amount and state.amount_currency != offer.currency
    if foreign and any(map(_decimal, (offer.payout, offer.revenue))):
        return _without_rate(state, fields, before)
    if before is not None and before.reject_reason != RATE_MISSING and _same_amount(state, before):
        # A tariff that changed since must not change what a repetition is worth.
        return state
    return msgspec.structs.replace(
        state,
        payout=_earned(offer.payout, offer.payout_percent, state.amount),
        revenue=_earned(offer.revenue, offer.revenue_percent, state.amount),
        currency=state.amount_currency if foreign else offer.currency,
        reject_reason="" if state.reject_reason == RATE_MISSING else state.reject_reason,
    )


def _without_rate(
    state: ConversionState, fields: PostbackFields, before: ConversionState | None
) -> ConversionState:
    """Put a conversion on hold whose parts are in two currencies, where that changes no decision made before."""
    reason = fields.reject_reason or RATE_MISSING
    if before is not None:
        if before.status == "approved" or (before.status != "hold" and _same_amount(state, before)):
            return state
        if before.status == "hold":
            reason = fields.reject_reason or before.reject_reason or RATE_MISSING
    if state.status == "rejected":
        return state
    return msgspec.structs.replace(state, status="hold", reject_reason=reason)


def _same_amount(state: ConversionState, before: ConversionState) -> bool:
    return (before.amount, before.amount_currency) == (state.amount, state.amount_currency)


def _decimal(text: str) -> Decimal:
    return Decimal(text or "0")


def _earned(fixed: str, percent: str, amount: Decimal) -> Decimal:
    """Return fixed + percent of amount, rounded half to even at six places."""
    earned = _decimal(fixed) + amount * _decimal(percent) / 100
    if earned > MAX_AMOUNT:
        raise AMOUNT_INVALID.error(f"The amount earns more than {MAX_AMOUNT}, which can't be stored.")
    return earned.quantize(_SIX_PLACES)


def _or(text: str | None, otherwise: Decimal) -> Decimal:
    return otherwise if text is None else Decimal(text)


def _adv(given: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = (new or old for new, old in zip(given, before, strict=True))
    return one, two, three, four, five
