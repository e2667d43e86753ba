"""What is asked of the event store about conversions that have something in common.

Self-tests and adjustments are nobody's behaviour and are left out. Partitions of ``conversions`` are the months of
their clicks, so the question also says how old a click it looks at can be.
"""

from __future__ import annotations

_KEYS = (
    "[concat('click ', click_id, ' ', goal), concat('txn ', toString(offer_id), ' ', txn_id), "
    "concat('txns ', toString(advertiser_id), ' ', txn_id), "
    "concat('customer ', toString(offer_id), ' ', goal, ' ', customer_id), "
    "concat('second ', toString(offer_id), ' ', toString(partner_id), ' ', toString(toUnixTimestamp(ts))), "
    "concat('coupon ', toString(offer_id), ' ', if(attribution = 'coupon', coupon, ''), ' ', "
    "toString(intDiv(toUnixTimestamp(ts), 86400)))]"
)
"""What a conversion shares with others; the same texts as ``fraud.conversions.others`` makes."""

SHARED = (
    f"SELECT arrayJoin({_KEYS}) AS shared, uniqExact(conversion_id) AS conversions, "  # noqa: S608 - texts above
    "arraySlice(groupUniqArray(if(click_id = '', concat('partner ', toString(partner_id)), click_id)), 1, "
    "{most:UInt32}) AS sources FROM conversions "
    "PREWHERE click_id IN {clicks:Array(String)} OR txn_id IN {txns:Array(String)} "
    "OR customer_id IN {customers:Array(String)} OR coupon IN {coupons:Array(String)} "
    "OR toUnixTimestamp(ts) IN {seconds:Array(UInt32)} "
    "WHERE click_ts >= fromUnixTimestamp64Milli({since:Int64}) AND NOT is_test AND attribution != 'adjustment' "
    "AND shared IN {wanted:Array(String)} GROUP BY shared"
)
"""Conversions that share something with those asked for, and their clicks, in one pass over a few columns."""
