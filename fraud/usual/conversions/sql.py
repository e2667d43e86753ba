"""What is asked of the event store about usual conversions. Times are milliseconds since 1970.

Self-tests and adjustments are nobody's behaviour and are left out. Partitions of ``conversions`` are the months of
their clicks, so each question also says how old a click it looks at can be.
"""

from __future__ import annotations

_SPAN = (
    "ts >= fromUnixTimestamp64Milli({since:Int64}) AND ts < fromUnixTimestamp64Milli({until:Int64}) "
    "AND click_ts >= fromUnixTimestamp64Milli({oldest:Int64}) AND NOT is_test AND attribution != 'adjustment'"
)
_AS_THEY_CAME = "conversion_source NOT IN ('upload', 'api')"
"""A file and a person tell of a conversion long after it happened; postbacks come at once."""

TIMING = (
    "SELECT grouping(partner_id) AS any_partner, grouping(offer_id) AS any_offer, grouping(goal) AS any_goal, "  # noqa: S608 - texts above
    "partner_id, offer_id, goal, count() AS number, countIf(ctit_ms > 86400000) AS late, "
    "quantiles(0.05, 0.25, 0.5, 0.75, 0.95)(ctit_ms / 1000) AS seconds, "
    "quantilesIf(0.5, 0.95)(ctit_ms / 1000, ctit_ms > 86400000) AS tail FROM conversions FINAL "
    f"WHERE {_SPAN} AND attribution = 'click' AND ctit_ms >= 0 AND {_AS_THEY_CAME} "
    "GROUP BY GROUPING SETS ((offer_id, partner_id), (offer_id, goal), (offer_id), (partner_id), ())"
)
"""Click to conversion time of partners on offers, of goals, of offers, of partners, and of the network."""

CLICKS = (
    "SELECT offer_id, partner_id, sum(click_count) AS number FROM clicks_daily_verdicts "
    "WHERE hour >= toStartOfDay(fromUnixTimestamp64Milli({since:Int64}, 'UTC')) "
    "AND hour < fromUnixTimestamp64Milli({until:Int64}) AND NOT is_test AND verdict != 'invalid' "
    "AND (trafficback_reason = '' OR is_rerouted) GROUP BY offer_id, partner_id"
)
"""Clicks of people on offers, from the beginning of the first day."""

CONVERTED = (
    "SELECT offer_id, partner_id, uniqExact(click_id) AS number FROM conversions FINAL "  # noqa: S608 - texts above
    "WHERE click_ts >= toStartOfDay(fromUnixTimestamp64Milli({since:Int64}, 'UTC')) "
    f"AND {_SPAN} AND attribution = 'click' AND click_id != '' GROUP BY offer_id, partner_id"
)
"""How many of the clicks since then converted."""

_LOGS = "groupArraySample(2000, 1)(log(toFloat64(amount)))"
AMOUNTS = (
    "SELECT offer_id, amount_currency, count() AS number, "  # noqa: S608 - texts above
    f"arrayReduce('quantile(0.5)', {_LOGS} AS logs) AS middle, "
    "arrayReduce('quantile(0.5)', arrayMap(one -> abs(one - middle), logs)) AS deviation "
    f"FROM conversions FINAL WHERE {_SPAN} AND amount > 0 GROUP BY offer_id, amount_currency"
)
"""Median and median absolute deviation of amounts' natural logarithms, over at most 2,000 of each offer."""

PACE = (
    "SELECT offer_id, quantileExactInclusive(0.5)(most_s) AS in_second, "  # noqa: S608 - texts above
    "quantileExactInclusive(0.5)(number) AS in_minute, count() AS minutes FROM ("
    "SELECT offer_id, partner_id, minute, max(n) AS most_s, sum(n) AS number FROM ("
    "SELECT offer_id, partner_id, toUnixTimestamp(ts) AS second, intDiv(second, 60) AS minute, count() AS n "
    f"FROM conversions FINAL WHERE {_SPAN} AND {_AS_THEY_CAME} GROUP BY offer_id, partner_id, second"
    ") GROUP BY offer_id, partner_id, minute) GROUP BY offer_id"
)
"""How many conversions of one partner come in one minute that has any, and in its busiest second."""

OF_ONE_CLICK = (
    "SELECT offer_id, goal, quantileExactInclusive(0.95)(n) AS most, count() AS clicks FROM ("  # noqa: S608 - texts above
    f"SELECT offer_id, goal, click_id, count() AS n FROM conversions FINAL WHERE {_SPAN} AND click_id != '' "
    "GROUP BY offer_id, goal, click_id) GROUP BY offer_id, goal"
)
"""How many conversions on a goal one click has."""

COUPONS = (
    "SELECT offer_id, partner_id, coupon, count() AS uses, uniqExact(toDate(ts)) AS days, "  # noqa: S608 - texts above
    f"toUnixTimestamp64Milli(min(ts)) AS first_ms FROM conversions FINAL WHERE {_SPAN} "
    "AND attribution = 'coupon' AND coupon != '' GROUP BY offer_id, partner_id, coupon"
)
"""Uses of coupons that gave a sale to their partner."""

PLACES = (
    "SELECT offer_id, country, count() AS number, countIf(conversion_ip != '' AND ip != '') AS addressed, "  # noqa: S608 - texts above
    "countIf(conversion_ip != '' AND ip != '' AND conversion_ip != ip) AS differing "
    f"FROM conversions FINAL WHERE {_SPAN} AND attribution = 'click' GROUP BY offer_id, country"
)
"""Countries of converting clicks, and how often the customer's address is another than the click's."""
