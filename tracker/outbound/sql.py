"""The questions about outgoing messages to the event store. Values travel as typed parameters only."""

from __future__ import annotations

CLOCKS_APART_MS = 3_600_000
"""A try may bear an earlier time than the change it tells of, where two hosts' clocks differ."""
LAST_MS = 4_102_444_800_000
"""The year 2100: what claims to be later is no time."""

LAST_TRY = (
    "SELECT message_id AS id, hook_id, hook_kind AS kind, hook_partner_id, conversion_id, change_seq, partner_id, "
    "advertiser_id, offer_id, method, url, request_body AS body, attempt AS attempts FROM outbound_attempts "
    "WHERE message_id = {id:String} AND ts >= fromUnixTimestamp64Milli({since:Int64}) "
    "ORDER BY attempt DESC LIMIT 1"
)
"""A message as it was sent last. The time, read from the id, prunes to its month and days."""

SHOWN = (
    "SELECT message_id, attempt, ts, hook_id, hook_kind, conversion_id, change_seq, partner_id, advertiser_id, "
    "offer_id, method, url, request_body, outcome, error, response_status, response_body, address, duration_ms, "
    "next_try, actor, hook_partner_id FROM outbound_attempts"
)
"""What the API shows of tries; conditions follow."""

FAILING = (
    "SELECT hook AS hook_id, any(kind) AS hook_kind, any(owner) AS hook_partner_id, count() AS messages, "
    "countIf(last = 'given_up') AS given_up, countIf(last = 'refused') AS refused, "
    "max(latest) AS last_try, argMax(code, latest) AS last_status, argMax(reason, latest) AS last_error "
    "FROM (SELECT any(hook_id) AS hook, any(hook_kind) AS kind, any(hook_partner_id) AS owner, "
    "argMax(outcome, attempt) AS last, max(ts) AS latest, argMax(error, attempt) AS reason, "
    "argMax(response_status, attempt) AS code FROM outbound_attempts "
    "WHERE {conditions} GROUP BY message_id HAVING last != 'delivered') "
    "GROUP BY hook ORDER BY messages DESC, hook_id LIMIT {{limit:UInt32}}"
)
"""Hooks by the messages whose latest try didn't deliver them, the most first. ``conditions`` are CONDITIONS."""

NEWEST_FIRST = "ORDER BY ts DESC, message_id DESC, attempt DESC"

CONDITIONS: dict[str, str] = {
    "start": "ts >= fromUnixTimestamp64Milli({start:Int64})",
    "end": "ts < fromUnixTimestamp64Milli({end:Int64})",
    "message_id": "message_id = {message_id:String}",
    "conversion_id": "conversion_id = {conversion_id:String}",
    "hook_id": "hook_id = {hook_id:UInt32}",
    "partner_id": "partner_id = {partner_id:UInt32}",
    "outcome": "outcome = {outcome:String}",
    "advertiser": "advertiser_id = {advertiser:UInt32}",
    "owner": "hook_partner_id = {owner:UInt32}",
    "before": (
        "(ts, message_id, attempt) < "
        "(fromUnixTimestamp64Milli({before_ts:Int64}), {before_id:String}, {before_attempt:UInt16})"
    ),
}
"""By name; each takes the parameters it names."""
