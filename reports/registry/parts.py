"""The sums everything else is computed from: what each table contributes and how contributions meet.

A part is aggregated inside each table, again where the tables meet, and a third time for totals of the
rows that pass a metric filter. Sums, minima and distinct counts survive that; ratios and quantiles do
not, which is why metrics are formulas over parts and are never added up themselves.

Invariants: every part leaves out nothing but test traffic (the compiler's own condition) and what its
help says; money parts count rows in the report's currency and, converted, those of every currency that has
a rate on the event's UTC day. A converted sum is exact to 24 digits wherever contributions meet and is
rounded once, half to even at six digits, where it is shown, so that rollup and raw clicks give the same.
"""

from __future__ import annotations

from dataclasses import replace

from reports.registry.part import Fold, Part
from reports.registry.worth import OF_REPORT, TIME, factor, sum_of

__all__ = ["PARTS", "TIME", "Fold", "Part", "factor"]

_REACHED = "(trafficback_reason = '' OR is_rerouted)"
"""A click that came to an offer: the one its link names, or that one's alternative."""

_COUNTED = f"verdict IN ('valid', 'duplicate') AND {_REACHED}"
"""A click that counts: not filtered out as suspect or invalid, and delivered to an offer."""

_CONVERTED = "attribution != 'adjustment'"
"""A conversion; an adjustment is money without one."""

_EXPECTED = "status IN ('approved', 'pending')"
"""What is expected to be paid: neither rejected nor held back."""

_APPROVED = "status = 'approved'"
"""What is earned already."""

_ROUNDED = "toDecimal128(roundBankers({}, 6), 6)"

_SUM = Fold("sum($p)", "sum($p)", "$p")
_CONVERTED_SUM = Fold("sum($p)", _ROUNDED.format("sum($p)"), _ROUNDED.format("$p"))
_MIN = Fold("min($p)", "min($p)", "$p")
_MAX = Fold("max($p)", "max($p)", "$p")
_UNIQ = Fold("uniqMergeState($p)", "uniqMerge($p)", "finalizeAggregation($p)", "toUInt64(0)")


def _quantile(level: str) -> Fold:
    merge = f"quantileExactInclusiveMerge({level})($p)"
    # The quantile of nothing is not a number, and an answer says null for that.
    return Fold(
        f"quantileExactInclusiveMergeState({level})($p)",
        f"if(isNaN({merge}), NULL, {merge})",
        "if(isNaN(finalizeAggregation($p)), NULL, finalizeAggregation($p))",
        "CAST(NULL, 'Nullable(Float64)')",
    )


def _clicks(name: str, text: str, condition: str, *columns: str) -> Part:
    """Return a count of clicks under a condition over columns the rollup has."""
    raw = f"countIf({condition})" if condition else "count()"
    rollup = f"sumIf(click_count, {condition})" if condition else "sum(click_count)"
    return Part(name, text, _SUM, "toUInt64(0)", columns, clicks=raw, rollup=rollup)


def _distinct(name: str, text: str, of: str) -> Part:
    """Return a distinct count of an id, 0 left out."""
    count = f"uniqStateIf({of}, {of} != 0)"
    return Part(name, text, _UNIQ, "uniqStateIf(toUInt32(0), false)", (of,), clicks=count, rollup=count)


def _conversions(name: str, text: str, condition: str, *columns: str) -> Part:
    """Return a count of conversions under a condition; adjustments are none."""
    count = f"countIf({condition} AND {_CONVERTED})" if condition else f"countIf({_CONVERTED})"
    return Part(name, text, _SUM, "toUInt64(0)", (*columns, "attribution"), conversions=count)


def _exchanged(
    part: Part,
    *,
    clicks: str | None = None,
    rollup: str | None = None,
    conversions: str | None = None,
    impressions: str | None = None,
) -> Part:
    """Return a sum of money with its converted twin."""
    twin = replace(
        part,
        fold=_CONVERTED_SUM,
        empty="toDecimal256(0, 24)",
        clicks=clicks,
        rollup=rollup,
        conversions=conversions,
        impressions=impressions,
    )
    return replace(part, exchanged=twin)


def _money(name: str, text: str, of: str, condition: str, currency: str = "currency") -> Part:
    """Return a sum of money over the conversions under a condition."""
    total, converted = sum_of(of, currency, condition)
    columns = (of, "status", currency)
    part = Part(name, text, _SUM, "toDecimal128(0, 6)", columns, conversions=total, currency=currency)
    return _exchanged(part, conversions=converted)


def _by_event(name: str, text: str, of: str) -> Part:
    """Return the money of approved conversions, and of the clicks and impressions that are paid themselves."""
    approved, approved_converted = sum_of(of, "currency", _APPROVED)
    event, event_converted = sum_of(of, "currency")
    rollup, rollup_converted = sum_of(f"{of}_sum", "currency")
    part = replace(
        _money(name, text, of, ""), conversions=approved, clicks=event, rollup=rollup, impressions=event
    )
    return _exchanged(
        part,
        conversions=approved_converted,
        clicks=event_converted,
        rollup=rollup_converted,
        impressions=event_converted,
    )


def _cost() -> Part:
    clicks, clicks_converted = sum_of("cost", "cost_currency")
    rollup, rollup_converted = sum_of("cost_sum", "cost_currency")
    part = Part(
        "cost",
        "What all recorded clicks cost the partner",
        _SUM,
        "toDecimal128(0, 6)",
        ("cost", "cost_currency"),
        clicks=clicks,
        rollup=rollup,
        currency="cost_currency",
    )
    return _exchanged(part, clicks=clicks_converted, rollup=rollup_converted)


def _in_currency(name: str, text: str, currency: str, condition: str = _EXPECTED) -> Part:
    """Return the count of conversions that sums of money in the report's currency are made of."""
    kept = f"{condition} AND {_CONVERTED}"
    count = f"countIf({kept} AND {currency} {OF_REPORT})"
    columns = ("status", "attribution", currency)
    part = Part(name, text, _SUM, "toUInt64(0)", columns, conversions=count, currency=currency)
    # A rate is never zero.
    has_rate = f"if({currency} {OF_REPORT}, true, {factor(currency, TIME)} != 0)"
    converted = f"countIf(if({kept}, {has_rate}, false))"
    return replace(part, exchanged=replace(part, conversions=converted))


def _ctit(name: str, text: str, level: str) -> Part:
    """Return a quantile of the click-to-conversion time."""
    state = f"quantileExactInclusiveStateIf({level})(ctit_ms, attribution IN ('click', 'view'))"
    empty = f"quantileExactInclusiveStateIf({level})(toInt64(0), false)"
    return Part(name, text, _quantile(level), empty, ("ctit_ms", "attribution"), conversions=state)


_ENTRIES: tuple[Part, ...] = (
    _clicks("gross_clicks", "Every recorded click, trafficback included", ""),
    _clicks(
        "clicks",
        "Valid and duplicate clicks that reached an offer: theirs or its alternative",
        _COUNTED,
        "verdict",
        "trafficback_reason",
        "is_rerouted",
    ),
    Part(
        "unique_clicks",
        "Counted clicks that were the visitor's first on the offer within the window",
        _SUM,
        "toUInt64(0)",
        ("verdict", "trafficback_reason", "is_rerouted", "is_unique"),
        clicks=f"countIf(is_unique AND {_COUNTED})",
        rollup=f"sumIf(unique_count, {_COUNTED})",
    ),
    _clicks("duplicate_clicks", "Clicks with the verdict duplicate", "verdict = 'duplicate'", "verdict"),
    _clicks("suspect_clicks", "Clicks with the verdict suspect", "verdict = 'suspect'", "verdict"),
    _clicks("invalid_clicks", "Clicks with the verdict invalid", "verdict = 'invalid'", "verdict"),
    _clicks("bot_clicks", "Clicks whose user agent names a bot", "is_bot", "is_bot"),
    _clicks(
        "trafficback_clicks",
        "Clicks that did not reach the offer their link names, those that reached its alternative included",
        "trafficback_reason != ''",
        "trafficback_reason",
    ),
    _cost(),
    Part(
        "fraud_score_sum",
        "Sum of the fraud scores of all recorded clicks",
        _SUM,
        "toUInt64(0)",
        ("fraud_score",),
        clicks="sum(fraud_score)",
        rollup="sum(score_sum)",
    ),
    Part(
        "fraud_score_p95",
        "The fraud score 95 % of all recorded clicks stay within",
        _quantile("0.95"),
        "quantileExactInclusiveStateIf(0.95)(toUInt8(0), false)",
        ("fraud_score",),
        clicks="quantileExactInclusiveState(0.95)(fraud_score)",
    ),
    Part(
        "unique_ips",
        "Distinct addresses among all recorded clicks (approximate above 65,000)",
        _UNIQ,
        "uniqStateIf('', false)",
        ("ip",),
        clicks="uniqState(ip)",
        rollup="uniqMergeState(ips)",
    ),
    _distinct("active_partners", "Partners with a recorded click", "partner_id"),
    _distinct("active_offers", "Offers with a recorded click", "offer_id"),
    Part(
        "first_click_at",
        "When the first click was received",
        _MIN,
        "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
        ("ts",),
        clicks="minOrNull(ts)",
        rollup="minOrNull(first_ts)",
    ),
    Part(
        "last_click_at",
        "When the last click was received",
        _MAX,
        "CAST(NULL, 'Nullable(DateTime64(3, \\'UTC\\'))')",
        ("ts",),
        clicks="maxOrNull(ts)",
        rollup="maxOrNull(last_ts)",
    ),
    Part(
        "impressions",
        "Valid and duplicate impressions that came to an offer: theirs or its alternative",
        _SUM,
        "toUInt64(0)",
        ("verdict", "trafficback_reason", "is_rerouted"),
        impressions=f"countIf({_COUNTED})",
    ),
    _conversions("approved", "Conversions with the status approved", "status = 'approved'", "status"),
    _conversions("pending", "Conversions with the status pending", "status = 'pending'", "status"),
    _conversions("held", "Conversions with the status hold", "status = 'hold'", "status"),
    _conversions("rejected", "Conversions with the status rejected", "status = 'rejected'", "status"),
    _conversions("total_conversions", "All conversions in their current state, whatever the status", ""),
    _conversions(
        "events",
        "Approved and pending conversions of goals other than the base goal",
        f"goal != '' AND {_EXPECTED}",
        "goal",
        "status",
    ),
    _conversions(
        "view_through_conversions",
        "Approved and pending conversions of visitors who saw an impression and clicked nothing",
        f"attribution = 'view' AND {_EXPECTED}",
        "status",
    ),
    _by_event("approved_revenue", "Revenue of approved conversions, of paid clicks and impressions", "revenue"),
    _money("pending_revenue", "Revenue of pending conversions", "revenue", "status = 'pending'"),
    _by_event("approved_payout", "Payout of approved conversions, of paid clicks and impressions", "payout"),
    _money("pending_payout", "Payout of pending conversions", "payout", "status = 'pending'"),
    _money("held_payout", "Payout of held conversions", "payout", "status = 'hold'"),
    _money("rejected_payout", "Payout of rejected conversions", "payout", "status = 'rejected'"),
    _money("amount", "Sale amount of approved and pending conversions", "amount", _EXPECTED, "amount_currency"),
    _money("approved_amount", "Sale amount of approved conversions", "amount", _APPROVED, "amount_currency"),
    _in_currency(
        "sales", "Approved and pending conversions with a sale amount in the currency", "amount_currency"
    ),
    _in_currency(
        "approved_sales",
        "Approved conversions with a sale amount in the currency",
        "amount_currency",
        _APPROVED,
    ),
    _in_currency("payouts", "Approved and pending conversions paid out in the currency", "currency"),
    _in_currency("approved_payouts", "Approved conversions paid out in the currency", "currency", _APPROVED),
    _ctit("ctit_median_ms", "Median time from click or impression to conversion, whatever the status", "0.5"),
    _ctit(
        "ctit_p95_ms",
        "The time from click or impression to conversion 95 % of them stay within, whatever the status",
        "0.95",
    ),
)

PARTS: dict[str, Part] = {entry.name: entry for entry in _ENTRIES}
"""Every part by its name."""
