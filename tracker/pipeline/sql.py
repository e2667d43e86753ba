"""The pipeline's questions to the event store. Values travel as typed parameters only."""

from __future__ import annotations

from kernel.clickhouse.columns import CLICK_DIMENSIONS, CONVERSION_STATE

_CLICK_COLUMNS = ", ".join(f"`{c.name}`" for c in CLICK_DIMENSIONS)
_STATE_COLUMNS = ", ".join([*(f"`{c.name}`" for c in CONVERSION_STATE), "coupon"])

CLICKS_BY_ID = (
    f"SELECT click_id, toUnixTimestamp64Milli(ts) AS click_ms, {_CLICK_COLUMNS} FROM clicks "  # noqa: S608 - column names
    "WHERE click_id IN {ids:Array(String)} "
    "AND ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "LIMIT 1 BY click_id"
)
"""The clicks with these ids. The time range, read from the ids themselves, prunes to their months and hours."""

STATES_BY_ID = (
    f"SELECT toUnixTimestamp64Milli(ts) AS ts_ms, {_STATE_COLUMNS} FROM conversions "  # noqa: S608 - column names
    "WHERE conversion_id IN {ids:Array(String)} "
    "AND click_ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "ORDER BY conversion_id, change_seq DESC LIMIT 1 BY conversion_id"
)
"""The newest state of each conversion, merged or not: the table may still hold older ones."""

RECENT_STATES = (
    f"SELECT toUnixTimestamp64Milli(ts) AS ts_ms, {_STATE_COLUMNS} FROM conversions "  # noqa: S608 - column names
    "WHERE changed_at > now() - toIntervalDay({days:UInt32}) "
    "ORDER BY conversion_id, change_seq DESC LIMIT 1 BY conversion_id LIMIT {most:UInt32}"
)
"""The newest states of conversions that changed lately, to fill an empty Redis again."""

COUNTED_CLICKS = (
    "SELECT offer_id, partner_id, count() FROM clicks "
    "WHERE offer_id IN {offers:Array(UInt32)} AND ts >= fromUnixTimestamp64Milli({since:Int64}) "
    "AND (trafficback_reason = '' OR is_rerouted) AND NOT is_test AND NOT is_bot AND method != 'HEAD' "
    "AND NOT has(fraud_reasons, 'prefetch') GROUP BY offer_id, partner_id"
)
"""Clicks that count towards caps, as the edge counts them."""

_OF_JUDGED_CLICKS = "offer_id IN {offers:Array(UInt32)} AND verdict = 'valid' AND (trafficback_reason = '' OR is_rerouted) AND NOT is_test"

RECENT_CLICKS = (
    "SELECT offer_id, country, currency, sum(click_count), sum(payout_sum) FROM clicks_hourly "  # noqa: S608 - a condition of our own
    f"WHERE hour >= fromUnixTimestamp64Milli({{since:Int64}}) AND {_OF_JUDGED_CLICKS} "
    "GROUP BY offer_id, country, currency"
)
"""Valid clicks of offers since a full hour and what the clicks themselves pay, by country."""

RECENT_CONVERSIONS = (
    "SELECT offer_id, country, currency, uniqExact(click_id), sum(payout) FROM conversions FINAL "  # noqa: S608 - a condition of our own
    f"WHERE click_ts >= fromUnixTimestamp64Milli({{since:Int64}}) AND {_OF_JUDGED_CLICKS} "
    "AND status != 'rejected' AND attribution = 'click' AND click_id != '' "
    "GROUP BY offer_id, country, currency"
)
"""Which of those clicks converted and what their conversions pay."""
