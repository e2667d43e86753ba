"""The statements that gather what an evidence pack holds; times come as milliseconds since 1970."""

from __future__ import annotations

from fraud.past.sql import ALL_BETWEEN
from kernel.clickhouse.columns import TABLES, TIME


def _columns(table: str) -> str:
    return ", ".join(
        f"toUnixTimestamp64Milli(`{c.name}`) AS `{c.name}_ms`" if c.type == TIME else f"`{c.name}`"
        for c in TABLES[table]
    )


CONVERSION = (
    f"SELECT {_columns('conversions')} FROM conversions WHERE conversion_id = {{id:String}} "
    "ORDER BY change_seq DESC LIMIT 1"
)
STATES = (
    f"SELECT {_columns('conversion_changes')} FROM conversion_changes "
    "WHERE changed_at >= fromUnixTimestamp64Milli({since:Int64}) AND conversion_id = {id:String} "
    "ORDER BY change_seq LIMIT 200"
)


def click(table: str) -> str:
    """Return the query for a click or an impression, by id and time."""
    return (
        f"SELECT {_columns(table)} FROM {table} WHERE click_id = {{id:String}} "
        "AND ts = fromUnixTimestamp64Milli({ts:Int64}) LIMIT 1"
    )


HAS_HISTORY = "EXISTS TABLE verdict_history"
HISTORY = (
    "SELECT kind, event_id, rescoring_id, toUnixTimestamp64Milli(rescored_at) AS rescored_at_ms, actor, verdict, "
    "fraud_reasons, fraud_facts, fraud_score, rules_version, model_version FROM verdict_history FINAL "
    "WHERE event_id IN {ids:Array(String)} ORDER BY rescored_at, event_id LIMIT 200"
)
_OURS = f"NOT is_test AND partner_id = {{partner:UInt32}} AND {ALL_BETWEEN}"
BASELINE = (
    "SELECT count() AS clicks, countIf(verdict = 'valid') AS valid, countIf(verdict = 'duplicate') AS duplicate, "
    "countIf(verdict = 'suspect') AS suspect, countIf(verdict = 'invalid') AS invalid, uniq(ip) AS addresses, "
    f"sum(toUInt64(fraud_score)) AS scores FROM clicks WHERE {_OURS}"
)
BASELINE_REASONS = (
    f"SELECT reason, count() FROM clicks ARRAY JOIN fraud_reasons AS reason WHERE {_OURS} GROUP BY reason"
)
NETWORK = f"SELECT count() FROM clicks WHERE NOT is_test AND {ALL_BETWEEN}"
NETWORK_REASONS = (
    "SELECT reason, count() FROM clicks ARRAY JOIN fraud_reasons AS reason "
    f"WHERE NOT is_test AND {ALL_BETWEEN} GROUP BY reason"
)
BASELINE_CONVERSIONS = (
    "SELECT count() AS conversions, countIf(status = 'rejected') AS rejected, "
    "quantileExact(0.1)(ctit_ms) AS ctit_tenth_ms, quantileExact(0.5)(ctit_ms) AS ctit_median_ms "
    "FROM conversions FINAL WHERE NOT is_test AND attribution = 'click' AND partner_id = {partner:UInt32} "
    "AND click_ts >= fromUnixTimestamp64Milli({begin:Int64}) AND click_ts < fromUnixTimestamp64Milli({end:Int64})"
)
