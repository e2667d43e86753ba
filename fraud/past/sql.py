"""The statements that read the past and say what judging it again would change.

Values travel as typed parameters only; names are those of our own tables and columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from fraud.past.schema import CARRIED, JUDGED, MONEY_COLUMNS

STATES = "SELECT rescoring_id, state, body FROM rescorings FINAL ORDER BY version DESC LIMIT {most:UInt32}"
STATE = "SELECT rescoring_id, state, body FROM rescorings FINAL WHERE rescoring_id = {id:String}"

WITHIN = (
    "ts >= fromUnixTimestamp64Milli({begin:Int64}) AND ts < fromUnixTimestamp64Milli({end:Int64}) "
    "AND ({partner:UInt32} = 0 OR partner_id = {partner:UInt32}) "
    "AND ({offer:UInt32} = 0 OR offer_id = {offer:UInt32})"
)
ALL_BETWEEN = "ts >= fromUnixTimestamp64Milli({begin:Int64}) AND ts < fromUnixTimestamp64Milli({end:Int64})"
_CLOCKS_APART_MS = 3_600_000
_CLICK_WITHIN = WITHIN.replace("ts ", "click_ts ")


def named(names: Sequence[str], prefix: str = "") -> str:
    """Return columns as they are written in a statement."""
    return ", ".join(f"{prefix}`{name}`" for name in names)


def _of_click(name: str) -> str:
    return f"if(p.event_id = '', c.`{name}`, p.`new_{name}`) AS `click_{name}`"


# ---- reading


def by_minute(table: str) -> str:
    """Return the query that says how many events each minute has."""
    return (
        "SELECT toUnixTimestamp64Milli(toDateTime64(toStartOfMinute(ts), 3, 'UTC')) AS minute, count() "
        f"FROM {table} WHERE {ALL_BETWEEN} GROUP BY minute ORDER BY minute"
    )


_READ_TOO = (
    *("click_id", "ts", "partner_id", "advertiser_id", "offer_id", "country"),
    *("is_rerouted", "trafficback_reason", "is_test", *MONEY_COLUMNS),
)


def read(table: str, facts: Sequence[str]) -> str:
    """Return the query for a slice's events in the order they were received.

    Args:
        table: clicks or impressions.
        facts: Columns that are judged by, beside those that tell whose an event is.

    """
    names = dict.fromkeys((*_READ_TOO, *facts, *(column.name for column in JUDGED)))
    return f"SELECT {named(list(names))} FROM {table} WHERE {ALL_BETWEEN} ORDER BY ts, click_id"


def count_within(table: str) -> str:
    """Return the query that counts the events meant."""
    return f"SELECT count() FROM {table} WHERE {WITHIN}"


_OF_CONVERSIONS = (
    *(
        "conversion_id",
        "click_id",
        "partner_id",
        "offer_id",
        "advertiser_id",
        "goal",
        "attribution",
        "ip",
        "country",
    ),
    *("conversion_source", "txn_id", "customer_id", "coupon", "amount", "amount_currency", "conversion_ip"),
)
CONVERSIONS_TO_JUDGE = (
    f"SELECT {', '.join(f'c.`{n}` AS `{n}`' for n in _OF_CONVERSIONS)}, c.click_ts AS ts, c.ts AS converted_at, "
    f"{', '.join(f'c.`{n}` AS `old_{n}`' for n in CARRIED)}, "
    f"{', '.join(_of_click(n) for n in CARRIED)}, "
    "if(f.conversion_id = '', c.conversion_source, f.source) AS first_source "
    "FROM (SELECT * FROM conversions FINAL WHERE click_ts >= fromUnixTimestamp64Milli({begin:Int64}) "
    "AND click_ts < fromUnixTimestamp64Milli({end:Int64}) AND NOT is_test AND attribution != 'adjustment' "
    "AND ({partner:UInt32} = 0 OR partner_id = {partner:UInt32}) "
    "AND ({offer:UInt32} = 0 OR offer_id = {offer:UInt32})) AS c "
    "LEFT JOIN (SELECT * FROM verdict_proposals WHERE rescoring_id = {id:String} AND kind != 'conversion' "
    f"AND {ALL_BETWEEN}) AS p ON c.click_id = p.event_id "
    "LEFT JOIN (SELECT conversion_id, argMin(conversion_source, change_seq) AS source FROM conversion_changes "
    f"WHERE changed_at >= fromUnixTimestamp64Milli({{begin:Int64}} - {_CLOCKS_APART_MS}) AND conversion_id IN ("
    f"SELECT conversion_id FROM conversions WHERE {_CLICK_WITHIN} "
    "AND conversion_source NOT IN ('postback', 'pixel', 'script')) GROUP BY conversion_id) AS f "
    "ON c.conversion_id = f.conversion_id ORDER BY converted_at, conversion_id"
)
"""Conversions of a day's clicks, each with what its click would become, and what reported it at first: the end of
a hold or a person's hand may have brought its present state."""

# ---- what would change


def verdicts_stored(table: str) -> str:
    """Return the query that counts the events meant by verdict."""
    return f"SELECT verdict, count() FROM {table} WHERE {WITHIN} GROUP BY verdict"


CONVERSIONS_STORED = (
    f"SELECT verdict, count() FROM conversions FINAL WHERE {_CLICK_WITHIN} AND attribution != 'adjustment' "
    "GROUP BY verdict"
)
VERDICTS_MOVED = (
    "SELECT kind, old_verdict, new_verdict, count() FROM verdict_proposals WHERE rescoring_id = {id:String} "
    "GROUP BY kind, old_verdict, new_verdict ORDER BY kind, old_verdict, new_verdict"
)


def reasons_stored(table: str) -> str:
    """Return the query that counts the reasons of the events meant."""
    return f"SELECT reason, count() FROM {table} ARRAY JOIN fraud_reasons AS reason WHERE {WITHIN} GROUP BY reason"


REASONS_MOVED = (
    "SELECT reason, sum(by) FROM (SELECT arrayJoin(arrayConcat("
    "arrayMap(r -> (toString(r), 1), new_fraud_reasons), "
    "arrayMap(r -> (toString(r), -1), old_fraud_reasons))) AS pair, pair.1 AS reason, pair.2 AS by "
    "FROM verdict_proposals WHERE rescoring_id = {id:String} AND kind = {kind:String}) "
    "GROUP BY reason HAVING sum(by) != 0"
)
"""By how many events each reason is given more often, or less."""


def money_stored(table: str) -> str:
    """Return the query for what the events meant earn by themselves."""
    return (
        f"SELECT currency, sum(payout), sum(revenue) FROM {table} "
        f"WHERE {WITHIN} AND currency != '' AND NOT is_test GROUP BY currency"
    )


MONEY_MOVED = (
    "SELECT c, sum(p), sum(r) FROM (SELECT arrayJoin([(old_currency, -old_payout, -old_revenue), "
    "(new_currency, new_payout, new_revenue)]) AS one, toString(one.1) AS c, one.2 AS p, one.3 AS r "
    "FROM verdict_proposals WHERE rescoring_id = {id:String} AND kind = {kind:String}) WHERE c != '' GROUP BY c"
)
PARTNERS_MOVED = (
    "SELECT partner_id, c, sum(p) AS payouts, sum(r) AS revenues, "
    "countIf(was AND from = 'valid' AND to != 'valid') AS lost, "
    "countIf(was AND from != 'valid' AND to = 'valid') AS won, countIf(was) AS changed "
    "FROM (SELECT partner_id, old_verdict AS from, new_verdict AS to, "
    "arrayJoin([(old_currency, -old_payout, -old_revenue, 1), "
    "(new_currency, new_payout, new_revenue, 0)]) AS one, "
    "toString(one.1) AS c, one.2 AS p, one.3 AS r, one.4 = 1 AS was FROM verdict_proposals "
    "WHERE rescoring_id = {id:String} AND kind != 'conversion') GROUP BY partner_id, c "
    "ORDER BY payouts, lost DESC, partner_id LIMIT {most:UInt32}"
)
CONVERSIONS_AT_STAKE = (
    "SELECT c.currency, p.old_verdict, p.new_verdict, count(), sum(c.payout), sum(c.revenue) FROM ("
    "SELECT conversion_id, currency, payout, revenue FROM conversions FINAL "
    "WHERE click_ts >= fromUnixTimestamp64Milli({begin:Int64}) "
    "AND click_ts < fromUnixTimestamp64Milli({end:Int64}) "
    "AND status IN ('approved', 'pending') AND NOT is_test) AS c INNER JOIN ("
    "SELECT event_id, old_verdict, new_verdict FROM verdict_proposals "
    "WHERE rescoring_id = {id:String} AND kind = 'conversion' AND old_verdict != new_verdict) AS p "
    "ON c.conversion_id = p.event_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
SAMPLE = (
    "SELECT kind, event_id, ts, partner_id, offer_id, old_verdict, new_verdict, old_fraud_reasons, "
    "new_fraud_reasons, new_fraud_facts, old_fraud_score, new_fraud_score "
    "FROM verdict_proposals WHERE rescoring_id = {id:String} AND old_verdict != new_verdict "
    "ORDER BY cityHash64(event_id) LIMIT {most:UInt32}"
)
PROPOSED = (
    "SELECT kind, count() FROM verdict_proposals WHERE rescoring_id = {id:String} AND is_changed GROUP BY kind"
)
FOLLOWING = (
    "SELECT c.currency, p.follows, count(), sum(c.payout), sum(c.revenue) FROM ("
    "SELECT conversion_id, currency, payout, revenue FROM conversions FINAL "
    "WHERE click_ts >= fromUnixTimestamp64Milli({begin:Int64}) "
    "AND click_ts < fromUnixTimestamp64Milli({end:Int64}) AND status IN ('approved', 'pending')) AS c INNER JOIN ("
    "SELECT event_id, follows FROM verdict_proposals WHERE rescoring_id = {id:String} AND follows != '') AS p "
    "ON c.conversion_id = p.event_id GROUP BY 1, 2 ORDER BY 1, 2"
)
"""Approved and pending conversions that the rules' actions would hold or reject."""
DROP_PROPOSAL = "ALTER TABLE verdict_proposals DROP PARTITION {id:String}"
