"""The statements that gather what an evidence pack holds."""

from __future__ import annotations

from collections.abc import Sequence

from fraud.past.sql import ALL_BETWEEN
from kernel.clickhouse.columns import TABLES, TIME

HISTORY_OF = (
    "SELECT kind, event_id, rescoring_id, rescored_at, actor, verdict, fraud_reasons, fraud_facts, fraud_score, "
    "rules_version, model_version, payout, revenue, currency FROM verdict_history FINAL "
    "WHERE event_id IN {ids:Array(String)} ORDER BY rescored_at, event_id LIMIT 1000"
)


def _told(names: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"toUnixTimestamp64Milli({n}) AS {n}" if kind == TIME else f"`{n}`" for n, kind in names)


def row(table: str, *, is_state: bool = False) -> str:
    """Return the query for rows of an event table by id, all columns, times in milliseconds since 1970."""
    columns = _told([(column.name, column.type) for column in TABLES[table]])
    if is_state:
        return f"SELECT {columns} FROM {table} WHERE conversion_id = {{id:String}} ORDER BY change_seq LIMIT 1000"
    return (
        f"SELECT {columns} FROM {table} WHERE click_id = {{id:String}} "
        "AND ts = fromUnixTimestamp64Milli({ts:Int64}) LIMIT 1"
    )


BASELINE = (
    "SELECT count() AS clicks, countIf(verdict = 'valid') AS valid, countIf(verdict = 'duplicate') AS duplicate, "
    "countIf(verdict = 'suspect') AS suspect, countIf(verdict = 'invalid') AS invalid, uniq(ip) AS addresses, "
    "avg(fraud_score) AS average_score FROM clicks WHERE NOT is_test AND partner_id = {partner:UInt32} "
    f"AND {ALL_BETWEEN}"
)
BASELINE_REASONS = (
    "SELECT reason, count() FROM clicks ARRAY JOIN fraud_reasons AS reason WHERE NOT is_test "
    f"AND partner_id = {{partner:UInt32}} AND {ALL_BETWEEN} GROUP BY reason"
)
ALL_BASELINE_REASONS = (
    "SELECT reason, count() / (SELECT greatest(count(), 1) FROM clicks WHERE NOT is_test "
    f"AND {ALL_BETWEEN}) FROM clicks ARRAY JOIN fraud_reasons AS reason WHERE NOT is_test "
    f"AND {ALL_BETWEEN} GROUP BY reason"
)
