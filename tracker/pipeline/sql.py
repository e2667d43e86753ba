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
