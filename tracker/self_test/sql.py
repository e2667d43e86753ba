"""What the self-test looks up in the event store: its own click and conversion."""

from __future__ import annotations

CLICK = (
    "SELECT partner_id, offer_id, requested_offer_id, trafficback_reason, is_rerouted, is_test, verdict, country "
    "FROM clicks WHERE click_id = {id:String} "
    "AND ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) LIMIT 1"
)

CONVERSION = (
    "SELECT conversion_id, status, reject_reason, payout, revenue, currency, is_test FROM conversions "
    "WHERE click_id = {id:String} AND txn_id = {txn:String} "
    "AND click_ts BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64}) "
    "ORDER BY change_seq DESC LIMIT 1"
)
