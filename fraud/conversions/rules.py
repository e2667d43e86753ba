"""The rules about conversions: what one conversion, what it shares with others and what is usual give away.

Invariants: a rule raises nothing whatever the facts; without a baseline it says nothing that needs one; what it
finds comes with the numbers that make it readable. ``fraud.rules`` says what can be set on each, and where its
thresholds come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from fraud.conversions.facts import Conversion, Shared
from fraud.findings import facts_text
from fraud.usual.conversions import PRIOR, UsualConversions

Rule: TypeAlias = Callable[[Conversion, Shared, UsualConversions, Any], str | None]
"""Conversion, what it shares, what is usual, the rule's settings -> facts of what it found, None for nothing."""

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_TAIL_FROM_S = 86_400.0
_DID = {"install": "Installed", "lead": "Signed up", "sale": "Bought", "action": "Converted"}
_LONGEST_ID = 64
"""Characters of an id that are told."""
_ADDRESSES_ENOUGH = 30
_SERVERS_SHARE = 0.8
"""Where so many of an offer's conversions name another address than their click's, it is a server's."""
_MAD_TO_SIGMA = 1.4826
"""Of a normal distribution: its standard deviation over its median absolute deviation."""
_LEAST_DEVIATION = 0.05
"""Of logarithms: 5 %. Where all amounts are the same their deviation is 0."""
_COUPON_DAYS = 3.0
"""A coupon younger than this has no usual day yet."""


def too_fast(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find conversions that come sooner after the click than a person can act."""
    if one.attribution != "click" or not one.is_live or not one.click_ms:
        return None
    limit_s = settings.seconds or getattr(settings, f"{one.kind}_seconds")
    # Before its click: the clock of the click's host is ahead, and says nothing.
    if not 0 <= one.ctit_ms < limit_s * 1000:
        return None
    goal = usual.of_goals.get((one.offer_id, one.goal))
    if goal is not None and goal.number >= settings.ordinary_from and goal.quarter_s < limit_s:
        return None
    facts = {"did": _DID[one.kind], "took": _duration(one.ctit_ms / 1000)}
    half_s = usual.median_s(one.offer_id, one.goal)
    if half_s > limit_s:
        facts["half"] = _duration(half_s)
    return facts_text(**facts, least=_duration(limit_s))


def flat(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find late conversions of partners whose conversions come late, evenly, and later than everybody's."""
    if one.attribution != "click" or not one.is_live or one.ctit_ms <= _DAY_MS:
        return None
    own = usual.of_pairs.get((one.offer_id, one.partner_id))
    if own is None or own.number < settings.conversions or own.late < settings.late:
        return None
    share = usual.late_share(one.offer_id, one.partner_id)
    others = usual.late_share_of_others(one.offer_id, one.partner_id)
    if share <= settings.late_share or share <= others * settings.factor:
        return None
    span_s = own.tail_far_s - _TAIL_FROM_S
    if span_s <= 0 or (own.tail_median_s - _TAIL_FROM_S) / span_s < settings.flatness:
        return None
    return facts_text(share=_percent(own.late / own.number), hours=24, usual=_percent(others))


def replayed(one: Conversion, shared: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find conversions of a click that brings more of them than one visitor makes."""
    most = settings.sales if one.kind == "sale" else settings.conversions
    ordinary = usual.of_one_click.get((one.offer_id, one.goal))
    if ordinary is not None and ordinary.clicks >= settings.ordinary_from:
        most = max(most, ordinary.most)
    if shared.of_click <= most:
        return None
    return facts_text(count=shared.of_click, most=int(most))


def same_second(one: Conversion, shared: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find conversions that a partner has together with many others in one second."""
    if not one.is_live or shared.in_second <= settings.conversions:
        return None
    pace = usual.paces.get(one.offer_id)
    ordinary = pace.in_second if pace is not None else 1.0
    if shared.in_second <= ordinary * settings.factor:
        return None
    return facts_text(count=shared.in_second, usual=round(ordinary))


def duplicate_txn(one: Conversion, shared: Shared, _: UsualConversions, settings: Any) -> str | None:
    """Find transactions that were reported for another click before."""
    count = shared.txn_at_advertiser if settings.across_offers else shared.txn_on_offer
    return facts_text(txn=one.txn_id[:_LONGEST_ID], count=count) if count else None


def duplicate_customer(one: Conversion, shared: Shared, _: UsualConversions, settings: Any) -> str | None:
    """Find customers who are no new ones."""
    most = settings.sales_before if one.kind == "sale" else settings.before
    return facts_text(count=shared.customer) if shared.customer > most else None


def rate(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find conversions of partners whose clicks convert far more, or far less, often than the others'.

    Both counts lean on the expected one: a handful of conversions more or less is chance.
    """
    pair = (one.offer_id, one.partner_id)
    clicks, converted = usual.clicks.get(pair, 0), usual.converted.get(pair, 0)
    if one.attribution != "click" or clicks < settings.clicks:
        return None
    expected = usual.expected(*pair)
    if expected <= 0:
        return None
    lean = PRIOR / 4
    ratio = (converted + lean) / (expected + lean)
    above = converted >= settings.conversions and ratio > settings.factor
    below = expected >= settings.conversions and ratio < 1 / settings.below
    if not above and not below:
        return None
    return facts_text(rate=_percent(converted / clicks), clicks=clicks, usual=_percent(expected / clicks))


def amount(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find amounts far above what sales on the offer usually bring."""
    if not 0 < one.amount < math.inf:
        return None
    scale = usual.amount_scale(one.offer_id, one.currency)
    if scale is None or scale.number < settings.conversions:
        return None
    deviation = max(scale.deviation * _MAD_TO_SIGMA, _LEAST_DEVIATION)
    above = max(math.log(settings.factor), settings.deviations * deviation)
    if math.log(one.amount) - scale.median <= above:
        return None
    return facts_text(
        amount=f"{one.amount:.2f}",
        usual=f"{math.exp(scale.median):.2f}",
        most=f"{math.exp(scale.median + above):.2f}",
    )


def address(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find customers in another network than the click's shortly after it."""
    if not _comparable(one, usual) or not 0 <= one.ctit_ms <= settings.minutes * _MINUTE_MS:
        return None
    same_family = (":" in one.prefix) == (":" in one.conversion_prefix)
    if not same_family or not one.prefix or not one.conversion_prefix or one.prefix == one.conversion_prefix:
        return None
    return facts_text(click=one.prefix, conversion=one.conversion_prefix)


def country(one: Conversion, _: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find customers in another country than the click's within hours of it."""
    if not _comparable(one, usual) or not 0 <= one.ctit_ms <= settings.hours * _HOUR_MS:
        return None
    if not one.country or not one.conversion_country or one.country == one.conversion_country:
        return None
    return facts_text(click=one.country, conversion=one.conversion_country)


def coupon(one: Conversion, shared: Shared, usual: UsualConversions, settings: Any) -> str | None:
    """Find coupons that come with another partner's click, or far more often than usual, or to nobody's clicks."""
    if not one.coupon:
        return None
    told = one.coupon[:_LONGEST_ID]
    if one.attribution != "coupon" or one.path_partner_id:
        owner, clicked = (one.coupon_partner_id, one.partner_id)
        if one.attribution == "coupon":
            owner, clicked = one.partner_id, one.path_partner_id
        if 0 not in {owner, clicked} and owner != clicked:
            return facts_text(coupon=told, owner=owner, clicked=clicked)
    if one.attribution != "coupon":
        return None
    use = usual.coupons.get((one.offer_id, one.coupon))
    if use is None:
        return None
    daily = use.uses / use.days
    grown = use.days >= _COUPON_DAYS and shared.coupon_today > daily * settings.factor
    if grown and shared.coupon_today > settings.sales:
        return facts_text(coupon=told, count=shared.coupon_today, usual=f"{daily:.1f}")
    if use.uses > settings.without_clicks and not usual.clicks.get((one.offer_id, one.partner_id)):
        return facts_text(coupon=told, sales=use.uses)
    return None


RULES: dict[str, Rule] = {
    "ctit_too_fast": too_fast,
    "ctit_flat": flat,
    "replayed_click_id": replayed,
    "same_second_batch": same_second,
    "duplicate_txn": duplicate_txn,
    "duplicate_customer": duplicate_customer,
    "cr_outlier": rate,
    "amount_outlier": amount,
    "conversion_ip_mismatch": address,
    "conversion_country_mismatch": country,
    "coupon_leak": coupon,
}
"""Every rule about conversions by its reason."""

DEPEND_ON: dict[str, frozenset[str]] = {
    "amount": frozenset({"amount_outlier"}),
    "amount_currency": frozenset({"amount_outlier"}),
    "customer_id": frozenset({"duplicate_customer"}),
    "coupon": frozenset({"coupon_leak"}),
    "conversion_ip": frozenset({"conversion_ip_mismatch", "conversion_country_mismatch"}),
}
"""What a later postback may change of a conversion, and the reasons that are found again then."""


def _comparable(one: Conversion, usual: UsualConversions) -> bool:
    """Return whether the customer's address says something about the visitor's."""
    if one.attribution != "click" or not one.conversion_ip:
        return False
    known = usual.addresses.get(one.offer_id)
    return known is None or known.number < _ADDRESSES_ENOUGH or known.differing <= known.number * _SERVERS_SHARE


def _percent(part: float) -> str:
    """Return a share as people read it: three digits at most, and no 0 that isn't one."""
    return f"{100 * part:.3g}"


def _duration(seconds: float) -> str:
    """Return a time as people read it: 0.4 s, 12 s, 4 min, 3 h, 2 days."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    for most, unit, name in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < most:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
