"""The pipeline's questions to the event store. Values travel as typed parameters only."""

from __future__ import annotations

from kernel.clickhouse.columns import CLICK_DIMENSIONS, CLICKS, CONVERSION_STATE, TIME

_CLICK_COLUMNS = ", ".join(f"`{c.name}`" for c in CLICK_DIMENSIONS)
_STATE_COLUMNS = ", ".join(
    [f"toUnixTimestamp64Milli({c.name}) AS {c.name}_ms" if c.type == TIME else c.name for c in CONVERSION_STATE]
)
"""Times come as milliseconds since 1970, under names ending in _ms."""
_NEWEST = "ORDER BY conversion_id, change_seq DESC LIMIT 1 BY conversion_id"
"""One row for each conversion, merged or not: the table may still hold older states."""

CLICKS_BY_ID = (
    f"SELECT click_id, toUnixTimestamp64Milli(ts) AS click_ms, {_CLICK_COLUMNS} FROM clicks "  # noqa: S608 - column names
    "WHERE click_id IN {ids:Array(String)} "
    "AND ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "LIMIT 1 BY click_id"
)
"""The clicks with these ids. The time range, read from the ids themselves, prunes to their months and hours."""

IMPRESSIONS_BY_ID = CLICKS_BY_ID.replace("FROM clicks", "FROM impressions")

STORED_ROWS = {
    table: f"SELECT {', '.join(f'`{column.name}`' for column in CLICKS)} FROM {table} "  # noqa: S608 - column names
    "WHERE click_id IN {ids:Array(String)} "
    "AND ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "LIMIT 1 BY click_id"
    for table in ("clicks", "impressions")
}
"""Whole rows of events with these ids, as they are stored; by table."""

CLICKS_OF_VISITORS = (
    "SELECT click_id, offer_id, ip, user_agent, is_test, toUnixTimestamp64Milli(ts) AS click_ms FROM clicks "
    "PREWHERE offer_id IN {offers:Array(UInt32)} AND ip IN {ips:Array(String)} "
    "WHERE ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "AND verdict != 'invalid' AND (trafficback_reason = '' OR is_rerouted) "
    "ORDER BY ts DESC LIMIT {most:UInt32} BY offer_id, ip, user_agent"
)
"""The latest clicks by which visitors reached offers."""

IMPRESSIONS_OF_VISITORS = CLICKS_OF_VISITORS.replace("FROM clicks", "FROM impressions")

STATES_BY_ID = (
    f"SELECT {_STATE_COLUMNS}, {_CLICK_COLUMNS} FROM conversions "  # noqa: S608 - column names
    "WHERE conversion_id IN {ids:Array(String)} "
    "AND click_ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    + _NEWEST
)
"""Conversions as they are now, by id. Where their clicks' time is known, it prunes to those months."""

HOLDS_OVER = (
    "SELECT conversion_id, click_id, goal, txn_id, offer_id, status, "  # noqa: S608 - texts above
    "toUnixTimestamp64Milli(hold_until) AS hold_until_ms FROM conversions WHERE conversion_id IN ("
    "SELECT conversion_id FROM conversions WHERE status = 'hold' AND reject_reason = 'hold_period' "
    "AND hold_until > fromUnixTimestamp64Milli(0) AND hold_until <= fromUnixTimestamp64Milli({now:Int64})) "
    f"{_NEWEST}"
)
"""Conversions that were in a hold period that is over, as they are now: some have been decided since."""

RATES_MISSING = (
    "SELECT conversion_id, click_id, goal, txn_id, offer_id, change_seq, amount_currency, "  # noqa: S608 - texts above
    "toUnixTimestamp64Milli(rate_missing_since) AS since_ms FROM conversions WHERE conversion_id IN ("
    "SELECT conversion_id FROM conversions WHERE status = 'hold' "
    "AND reject_reason IN ('currency_rate_missing', 'fraud') "
    f"AND rate_missing_since > fromUnixTimestamp64Milli(0)) {_NEWEST}"
)
"""Conversions whose amount once waited for its rate, as they are now: some have been decided since."""

_IN_BUCKETS = (
    "INNER JOIN (SELECT b.1 AS n, b.2 AS offer_id, b.3 AS first_ms, b.4 AS end_ms, b.5 AS partner, "
    "b.6 AS every_goal, b.7 AS one_goal, b.8 AS is_each FROM (SELECT arrayJoin(arrayZip("
    "arrayEnumerate({offers:Array(UInt32)}), {offers:Array(UInt32)}, {firsts:Array(Int64)}, {ends:Array(Int64)}, "
    "{partners:Array(UInt32)}, {every_goal:Array(UInt8)}, {goals:Array(String)}, {each:Array(UInt8)})) AS b)"
    ") AS bucket USING (offer_id) WHERE ts_ms >= first_ms AND ts_ms < end_ms AND partner IN (0, partner_id) "
    "AND (every_goal OR goal = one_goal) GROUP BY n, owner, currency, day"
)
"""Every event with each bucket (parallel arrays) that it is in. Joined by offer: one has few buckets."""
_BY_BUCKET = (
    "SELECT n, if(is_each, partner_id, 0) AS owner, currency, intDiv(ts_ms, 86400000) AS day, "
    "sum(payout) AS payouts, sum(revenue) AS revenues"
)

CONVERSIONS_COUNTED = (
    f"{_BY_BUCKET}, count() AS number FROM ("  # noqa: S608 - texts above
    "SELECT offer_id, partner_id, goal, currency, payout, revenue, toUnixTimestamp64Milli(ts) AS ts_ms "
    "FROM conversions FINAL PREWHERE offer_id IN {offers:Array(UInt32)} "
    "WHERE ts >= fromUnixTimestamp64Milli({first:Int64}) "
    "AND (status IN ('approved', 'pending') OR (status = 'hold' AND reject_reason = 'hold_period' "
    "AND hold_until > fromUnixTimestamp64Milli(0))) AND NOT is_test AND attribution != 'adjustment'"
    f") AS event {_IN_BUCKETS} SETTINGS do_not_merge_across_partitions_select_final = 1"
)
"""What counts towards caps and steps, in buckets, by partner where each has its own.

All states of a conversion lie in the partition of its click's month: partitions need no merging with each other.
"""

CLICKS_PAID = (
    f"{_BY_BUCKET}, 0 AS number FROM ("  # noqa: S608 - texts above
    "SELECT offer_id, partner_id, '' AS goal, currency, payout, revenue, toUnixTimestamp64Milli(ts) AS ts_ms "
    "FROM clicks PREWHERE offer_id IN {offers:Array(UInt32)} AND ts >= fromUnixTimestamp64Milli({first:Int64}) "
    f"WHERE currency != '') AS event {_IN_BUCKETS}"
)
"""What clicks earned by themselves (CPC), in the same buckets."""

IMPRESSIONS_PAID = CLICKS_PAID.replace("FROM clicks", "FROM impressions")

RECENT_STATES = (
    f"SELECT {_STATE_COLUMNS}, coupon FROM conversions "  # noqa: S608 - column names
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

_OF_JUDGED_CLICKS = (
    "offer_id IN {offers:Array(UInt32)} AND verdict = 'valid' "
    "AND (trafficback_reason = '' OR is_rerouted) AND NOT is_test"
)

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
