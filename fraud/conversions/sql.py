"""What is asked of the event store about conversions that have something in common.

Self-tests and adjustments are nobody's behaviour and are left out. Partitions of ``conversions`` are the months of
their clicks, so the question also says how old a click it looks at can be.
"""

from __future__ import annotations

_CLICK = "click_id IN {clicks:Array(String)}"
_TXN = "txn_id IN {txns:Array(String)}"
_CUSTOMER = "customer_id IN {customers:Array(String)}"
_COUPON = "coupon IN {coupons:Array(String)}"
_SECOND = "toUnixTimestamp(ts) IN {seconds:Array(UInt32)}"

_THINGS = (
    f"[if({_CLICK}, concat('click ', click_id, ' ', goal), ''), "
    f"if({_TXN}, concat('txn ', toString(offer_id), ' ', txn_id), ''), "
    f"if({_TXN}, concat('txns ', toString(advertiser_id), ' ', txn_id), ''), "
    f"if({_CUSTOMER}, concat('customer ', toString(offer_id), ' ', goal, ' ', customer_id), ''), "
    f"if({_SECOND} AND conversion_source IN ('postback', 'pixel', 'script'), "
    "concat('second ', toString(offer_id), ' ', toString(partner_id), ' ', toString(toUnixTimestamp(ts))), ''), "
    f"if({_COUPON} AND attribution = 'coupon', concat('coupon ', toString(offer_id), ' ', coupon, ' ', "
    "toString(intDiv(toUnixTimestamp(ts), 86400))), '')]"
)
"""What a conversion shares with those asked for; the same texts as ``fraud.conversions.others`` makes."""

SHARED = (
    f"SELECT arrayJoin({_THINGS}) AS shared, uniqExact(conversion_id) AS conversions, "  # noqa: S608 - texts above
    "arraySlice(groupUniqArray(if(click_id = '', concat('partner ', toString(partner_id)), click_id)), 1, "
    "{most:UInt32}) AS sources FROM conversions "
    f"PREWHERE {_CLICK} OR {_TXN} OR {_CUSTOMER} OR {_COUPON} OR {_SECOND} "
    "WHERE click_ts >= fromUnixTimestamp64Milli({since:Int64}) AND NOT is_test AND attribution != 'adjustment' "
    "AND shared != '' GROUP BY shared"
)
"""Conversions that share something with those asked for, and their clicks, in one pass over a few columns."""
