"""What the event store is asked about events whose rules block: one question per table and blocked thing."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from fraud.entries import BlockWhat

Table: TypeAlias = Literal["clicks", "conversions"]

_VALUES: Final[dict[BlockWhat, str]] = {
    "source": "source",
    "sub1": "sub1",
    "partner": "toString(partner_id)",
    "prefix": "ip_prefix",
    "address": "ip",
}
_DOUBTED: Final = "verdict IN ('suspect', 'invalid')"
"""Of what nobody suspects, too, a tenth has a percentile of 90."""
_MOMENTS: Final[dict[Table, str]] = {"clicks": "ts", "conversions": "changed_at"}

MOST_FOUND: Final = 5_000
"""Things looked at in one answer, those with the most events first."""


def found(table: Table, what: BlockWhat) -> str:
    """Return the statement that finds things of one kind in new events.

    Its parameters are ``since`` (a moment), ``codes`` (rules) and ``score`` (from which the rule ``score`` speaks;
    101 for never). Its columns: code, partner_id, offer_id, value, score (the highest), events, last (a moment).
    """
    moment, value = _MOMENTS[table], _VALUES[what]
    return f"""
SELECT code, partner_id, offer_id, {value} AS value,
       max(fraud_score) AS score, count() AS events, max({moment}) AS last
FROM {table}
ARRAY JOIN arrayConcat(
    arrayFilter(one -> has({{codes:Array(String)}}, one), arrayMap(one -> toString(one), fraud_reasons)),
    if(fraud_score >= {{score:UInt8}} AND {_DOUBTED}, ['score'], emptyArrayString())
) AS code
WHERE {moment} >= {{since:DateTime64(3, 'UTC')}} AND NOT is_test AND partner_id != 0 AND value != ''
  AND (hasAny(arrayMap(one -> toString(one), fraud_reasons), {{codes:Array(String)}})
       OR fraud_score >= {{score:UInt8}} AND {_DOUBTED})
GROUP BY code, partner_id, offer_id, value
ORDER BY events DESC, code, partner_id, offer_id, value
LIMIT {MOST_FOUND}
"""  # noqa: S608 - names of columns and tables
