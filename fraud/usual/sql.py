"""SQL of what is usual of clicks. Times are milliseconds since 1970, bound as ``start`` and ``end``."""

from __future__ import annotations

from typing import Final

_SPAN: Final = (
    "ts >= fromUnixTimestamp64Milli({start:Int64}) AND ts < fromUnixTimestamp64Milli({end:Int64}) "
    "AND NOT is_test AND verdict != 'invalid'"
)

_DAY: Final = f"{_SPAN} AND ts >= fromUnixTimestamp64Milli({{end:Int64}}) - INTERVAL 1 DAY"

BY_HOUR: Final = f"""
SELECT partner_id, toHour(ts, 'UTC') AS hour, count() AS clicks FROM clicks WHERE {_SPAN} GROUP BY partner_id, hour
"""
"""Partner, hour of the day in UTC, clicks."""

BY_MINUTE: Final = f"""
SELECT partner_id, uniqExact(toDate(minute)), sum(clicks), avg(clicks), quantileExactInclusive(0.999)(clicks)
FROM (
    SELECT partner_id, toStartOfMinute(ts, 'UTC') AS minute, count() AS clicks FROM clicks
    WHERE {_SPAN} GROUP BY partner_id, minute
)
GROUP BY partner_id
"""
"""Partner, days with clicks, clicks, mean and nearly the most of the minutes with clicks."""

BY_ADDRESS: Final = f"""
SELECT
    (SELECT if(count() = 0, 0, quantile(0.5)(clicks)) FROM (
        SELECT count() AS clicks FROM clicks WHERE {_DAY}
        GROUP BY ip, toStartOfMinute(ts, 'UTC')
    )),
    (SELECT if(count() = 0, 0, quantile(0.5)(clicks)) FROM (
        SELECT count() AS clicks FROM clicks WHERE {_DAY}
        GROUP BY ip_prefix, toStartOfMinute(ts, 'UTC')
    ))
"""
"""Median of the clicks of an address, and of a network, in the minutes in which it has any; of the last day
alone."""
