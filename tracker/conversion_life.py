"""The life of a conversion: one function says what a postback does to it.

The edge asks it to answer at once (over the state cached in Redis), the pipeline asks it with the state
in the store and decides; both use the same rules, so they agree.

Invariants: the same values again change nothing; a parameter that a later postback leaves out is unchanged. What
we hold or reject ourselves (a hold period, a cap, fraud rules, a missing rate) is undone by no postback that
merely says approved: a hold period ends with its time, a cap's hold by hand, a missing rate's with the rate. Then
it becomes what was asked for before, at the rate of the day on which its amount came. What fraud rules hold or
reject is for a person to decide, also when they rejected it; nothing undoes that decision but a chargeback.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from tracker.conversion_state import CAP_REACHED, FRAUD, HOLD_PERIOD, RATE_MISSING, ConversionState
from tracker.events import Postback, PostbackFields
from tracker.tariff import Terms, earned

Outcome = Literal["accepted", "duplicate", "updated", "refused"]

TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"approved", "rejected", "hold"}),
    "hold": frozenset({"approved", "rejected"}),
    "approved": frozenset({"rejected"}),
    "rejected": frozenset(),
}
"""Where a status may go. Approved to rejected is a chargeback; rejected is final."""


def apply(state: ConversionState | None, postback: Postback, terms: Terms) -> tuple[Outcome, ConversionState]:
    """Return what a postback does and the state after it.

    ``refused`` means its status can't follow the present one; the state is then unchanged.

    Args:
        state: The state before it; None for a new conversion.
        postback: Its fields, when and by whom it came.
        terms: What such a conversion is worth.

    Raises:
        ClickledgerError: ``amount_invalid`` when the amount earns more than a store holds.

    """
    if state is None:
        return "accepted", _held(_first(postback, terms), postback, terms, before=None)
    if postback.source in {"pixel", "script"}:
        # Every visitor can repeat what a page sends, with another amount: it makes conversions, and changes none.
        return "duplicate", state
    if postback.source == "hold":
        return _released(state, postback.ts)
    if postback.source == "rate":
        if not state.rate_missing_since:
            return "duplicate", state
        # Prices and periods are those of the moment the amount came, however late its rate did.
        postback = msgspec.structs.replace(postback, ts=state.rate_missing_since)
    fields = postback.fields
    status, reason, hold_until = _standing(state, postback)
    released = state.held_by_rules and (status, reason) != (state.status, state.reject_reason)
    # A reason that an advertiser calls fraud is not ours.
    asked_status = "" if released or (reason == FRAUD and not state.held_by_rules) else state.asked_status
    after = _held(
        _with_money(
            msgspec.structs.replace(
                state,
                status=status,
                amount=_or(fields.amount, state.amount),
                amount_currency=fields.currency or state.amount_currency,
                reject_reason=reason,
                adv=_adv(fields.adv, state.adv),
                coupon=_coupon(fields) or state.coupon,
                customer_id=fields.customer_id or state.customer_id,
                conversion_ip=fields.conversion_ip or state.conversion_ip,
                hold_until=hold_until,
                asked_status=asked_status,
            ),
            postback,
            terms,
            before=state,
        ),
        postback,
        terms,
        before=state,
    )
    # Judged by where it comes to, not by what was asked: a first postback that was put on hold for its
    # currency is a duplicate when it comes again, whatever status it names.
    if after == state:
        return "duplicate", state
    may = (released and _by_hand(postback)) or _may_become(state, after)
    return ("updated", after) if may else ("refused", state)


def _may_become(state: ConversionState, after: ConversionState) -> bool:
    if state.status != "rejected" and after.status == state.status:
        return True
    # It was never pending only because we held it ourselves.
    held_back = state.rate_missing_since and after.status == "pending"
    return bool(held_back) or after.status in TRANSITIONS[state.status]


def may_become(state: ConversionState, *, trusted: bool) -> list[str]:
    """Return the statuses that somebody's word brings a conversion to: approved, rejected, hold.

    Args:
        state: As it is.
        trusted: Whether one of the network's people says it.

    """
    allowed = TRANSITIONS[state.status]
    if state.held_by_rules and trusted:
        allowed |= {"approved", "hold"} - {state.status}
    if not trusted and (state.hold_until or state.held_by_rules or state.reject_reason == CAP_REACHED):
        allowed &= {"rejected"}
    return [status for status in ("approved", "rejected", "hold") if status in allowed]


def beyond_cap(state: ConversionState, *, hard: bool) -> ConversionState:
    """Return a conversion that came when its cap was reached: rejected by a hard one, on hold by a soft one."""
    return msgspec.structs.replace(
        state, status="rejected" if hard else "hold", reject_reason=CAP_REACHED, hold_until=0
    )


def held_by_rules(state: ConversionState, follows: Literal["", "hold", "reject"]) -> ConversionState:
    """Return a new conversion as fraud rules leave it: on hold, rejected, or as it is.

    What the advertiser rejects already stays so.
    """
    if not follows or state.status == "rejected":
        return state
    asked = state.asked_status or ("approved" if state.hold_until else state.status)
    return msgspec.structs.replace(
        state,
        status="rejected" if follows == "reject" else "hold",
        reject_reason=FRAUD,
        hold_until=0,
        asked_status=asked,
    )


def approved_by_hand(postback: Postback) -> bool:
    """Return whether one of the network's people approves this one conversion."""
    return _by_hand(postback) and postback.fields.status == "approved"


def _by_hand(postback: Postback) -> bool:
    return postback.trusted and postback.source == "api"


def _standing(state: ConversionState, postback: Postback) -> tuple[str, str, int]:
    """Return status, reason and end of the hold period that a postback leads to, apart from its money."""
    asked, reason = postback.fields.status, postback.fields.reject_reason
    if state.hold_until and asked in {None, "approved"} and not (asked and _by_hand(postback)):
        return state.status, state.reject_reason, state.hold_until
    capped = state.reject_reason == CAP_REACHED and state.status in {"hold", "rejected"}
    if (capped or state.held_by_rules) and asked != "rejected" and not (asked and _by_hand(postback)):
        return state.status, state.reject_reason, 0
    status = asked or state.status
    kept = state.reject_reason if status == state.status and not state.hold_until else ""
    return status, reason or kept, 0


def _released(state: ConversionState, now_ms: int) -> tuple[Outcome, ConversionState]:
    """Approve a conversion whose hold period is over; one that isn't in a period any more stays as it is."""
    if state.status != "hold" or not 0 < state.hold_until <= now_ms:
        return "duplicate", state
    return "updated", msgspec.structs.replace(state, status="approved", reject_reason="", hold_until=0)


def _held(
    state: ConversionState, postback: Postback, terms: Terms, *, before: ConversionState | None
) -> ConversionState:
    """Put what would now be approved on hold for its goal's period, unless somebody approved it by hand."""
    is_new = before is None or before.status != "approved"
    if not (terms.hold_s and is_new and state.status == "approved") or approved_by_hand(postback):
        return state
    return msgspec.structs.replace(
        state, status="hold", reject_reason=HOLD_PERIOD, hold_until=postback.ts + terms.hold_s * 1000
    )


def _first(postback: Postback, terms: Terms) -> ConversionState:
    fields = postback.fields
    return _with_money(
        ConversionState(
            status=fields.status or terms.default_status,
            amount=_or(fields.amount, Decimal(0)),
            amount_currency=fields.currency or terms.currency,
            payout=Decimal(0),
            revenue=Decimal(0),
            currency=terms.currency,
            reject_reason=fields.reject_reason,
            adv=fields.adv,
            coupon=_coupon(fields),
            customer_id=fields.customer_id,
            conversion_ip=fields.conversion_ip,
            model=terms.model,
            number=terms.number if terms.steps_period else 0,
        ),
        postback,
        terms,
        before=None,
    )


def _with_money(
    state: ConversionState, postback: Postback, terms: Terms, *, before: ConversionState | None
) -> ConversionState:
    """Compute payout and revenue: the postback's where it may set them, else the terms'.

    Args:
        state: The state but for its money.
        postback: What changes it.
        terms: Its prices.
        before: The state before this postback, if there was one.

    """
    fields = postback.fields
    waited = before is not None and bool(before.rate_missing_since)
    may_set = terms.allow_override or postback.trusted
    if may_set and (fields.payout is not None or fields.revenue is not None):
        given = msgspec.structs.replace(
            state,
            payout=_or(fields.payout, state.payout),
            revenue=_or(fields.revenue, state.revenue),
            currency=fields.currency or state.currency,
            payout_given=True,
        )
        return _no_longer_missing(given, fields)
    says_nothing = before is not None and fields.amount is None and fields.currency is None
    if state.payout_given or (says_nothing and not waited):
        return state
    same_amount = before is not None and _same_amount(state, before)
    ts = state.rate_missing_since if waited and same_amount else postback.ts
    found = earned(terms, state.amount, state.amount_currency, ts, state.number or terms.number)
    if found is None:
        return _without_rate(state, fields, before, ts)
    if same_amount and not waited:
        # A tariff that changed since must not change what a repetition is worth.
        return state
    found = found.storable()
    priced = msgspec.structs.replace(state, payout=found.payout, revenue=found.revenue, currency=found.currency)
    return _no_longer_missing(priced, fields)


def _without_rate(
    state: ConversionState, fields: PostbackFields, before: ConversionState | None, ts: int
) -> ConversionState:
    """Put a conversion on hold whose worth can't be told, where that changes no decision made before."""
    if state.held_by_rules:
        return msgspec.structs.replace(state, rate_missing_since=state.rate_missing_since or ts)
    reason = fields.reject_reason or RATE_MISSING
    if before is not None and not before.held_by_rules:
        decided = before.status == "approved" or before.hold_until
        if decided or (before.status != "hold" and _same_amount(state, before)):
            return state
        if before.status == "hold":
            reason = fields.reject_reason or before.reject_reason or RATE_MISSING
    if state.status == "rejected":
        return _no_longer_missing(state, fields)
    if reason != RATE_MISSING:
        # Held for a reason of the advertiser's own, which no rate takes away.
        return msgspec.structs.replace(
            state, status="hold", reject_reason=reason, rate_missing_since=0, asked_status=""
        )
    says_no_status = state.rate_missing_since and fields.status is None
    asked = state.asked_status if says_no_status else state.status
    return msgspec.structs.replace(
        state, status="hold", reject_reason=reason, rate_missing_since=ts, asked_status=asked
    )


def _no_longer_missing(state: ConversionState, fields: PostbackFields) -> ConversionState:
    """Let a conversion become what was asked for while its rate was missing, if it was."""
    if state.held_by_rules:
        return msgspec.structs.replace(state, rate_missing_since=0)
    reason = "" if state.reject_reason == RATE_MISSING else state.reject_reason
    if not state.rate_missing_since:
        return msgspec.structs.replace(state, reject_reason=reason)
    status = fields.status or state.asked_status
    return msgspec.structs.replace(
        state, status=status, reject_reason=reason, rate_missing_since=0, asked_status=""
    )


def _same_amount(state: ConversionState, before: ConversionState) -> bool:
    return (before.amount, before.amount_currency) == (state.amount, state.amount_currency)


def _coupon(fields: PostbackFields) -> str:
    """Return the coupon; where it says whose the conversion is, as the program writes it."""
    return fields.coupon if fields.click_id else fields.coupon.strip().upper()


def _or(text: str | None, otherwise: Decimal) -> Decimal:
    return otherwise if text is None else Decimal(text)


def _adv(given: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = (new or old for new, old in zip(given, before, strict=True))
    return one, two, three, four, five
