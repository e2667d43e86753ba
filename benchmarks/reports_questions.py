"""What the reports' benchmark asks: reports that rollups cover, and raw ones beside SQL written by hand.

The SQL by hand is the shortest that gives the same rows, without rollups, scopes, names or totals of its own;
``{from}`` and ``{to}`` are the range's ends, in UTC.
"""

from __future__ import annotations

from typing import Any, NamedTuple

WEEK = {"from": "2026-10-19", "to": "2026-10-26"}
MONTH = {"from": "2026-10-01", "to": "2026-10-30"}
QUARTER = {"from": "2026-08-01", "to": "2026-10-30"}
NEW_YORK = {"timezone": "America/New_York"}
PARTNER = 1
"""The heaviest one; reports named "a partner's" are asked with its key."""

COVERED: dict[str, dict[str, Any]] = {
    "partners, a week": {**WEEK, "dimensions": ["partner"], "metrics": ["clicks", "unique_clicks", "unique_rate"]},
    "partners, a quarter": {**QUARTER, "dimensions": ["partner"], "metrics": ["clicks", "unique_clicks"]},
    "days, a quarter": {**QUARTER, "dimensions": ["day"], "metrics": ["clicks", "invalid_clicks", "cost"]},
    "days in New York, a quarter": {**QUARTER, **NEW_YORK, "dimensions": ["day"], "metrics": ["clicks"]},
    "days and countries, a month": {**MONTH, "dimensions": ["day", "country"], "metrics": ["clicks"]},
    "partners and countries, a month": {**MONTH, "dimensions": ["partner", "country"], "metrics": ["clicks"]},
    "offers in New York, a month": {**MONTH, **NEW_YORK, "dimensions": ["offer"], "metrics": ["clicks", "cost"]},
    "offers against the month before": {
        **MONTH, "compare": "previous_period", "dimensions": ["offer"], "metrics": ["clicks"], "totals": True,
    },
    "hours of a week": {**WEEK, "dimensions": ["hour"], "metrics": ["clicks", "bot_clicks"]},
    "devices and systems, a quarter": {**QUARTER, "dimensions": ["device_type", "os"], "metrics": ["clicks"]},
    "browsers by hour of day, a month": {**MONTH, "dimensions": ["browser", "hour_of_day"], "metrics": ["clicks"]},
    "verdicts by day, a week": {**WEEK, "dimensions": ["day", "verdict"], "metrics": ["gross_clicks"]},
    "links, a week": {**WEEK, "dimensions": ["link"], "metrics": ["clicks"]},
    "a partner's offers and days, a quarter": {
        **QUARTER, "dimensions": ["offer", "day"], "metrics": ["clicks", "unique_clicks"],
    },
    "a partner's devices, a month": {**MONTH, "dimensions": ["device_type"], "metrics": ["clicks"]},
}  # fmt: skip
"""Reports on clicks alone."""

WITH_CONVERSIONS: dict[str, dict[str, Any]] = {
    "partners with cr and epc, a week": {**WEEK, "dimensions": ["partner"], "metrics": ["clicks", "cr", "epc"]},
    "offers with profit, a month": {**MONTH, "dimensions": ["offer"], "metrics": ["clicks", "profit"]},
    "days with revenue, a quarter": {**QUARTER, "dimensions": ["day"], "metrics": ["clicks", "revenue"]},
}
"""Clicks out of a rollup beside conversions, of which there is none: they change."""

_COUNTED = "verdict IN ('valid', 'duplicate') AND (trafficback_reason = '' OR is_rerouted)"
_WITHIN = "ts >= '{from}' AND ts < '{to}' AND NOT is_test"


class Question(NamedTuple):
    """A report and the SQL somebody would write for it."""

    report: dict[str, Any]
    by_hand: str


def _raw(by: str, metrics: dict[str, str], limit: int = 100, where: str = "", **more: Any) -> Question:
    keys = by.split(",")
    first = next(iter(metrics))
    condition = f"{_WITHIN} AND {where}" if where else _WITHIN
    columns = ", ".join([*keys, *(f"{sql} AS m_{name}" for name, sql in metrics.items())])
    text = (
        f"SELECT {columns} FROM clicks WHERE {condition} GROUP BY {by} "  # noqa: S608 - our own words
        f"ORDER BY m_{first} DESC LIMIT {limit}"
    )
    return Question({**WEEK, "dimensions": keys, "metrics": list(metrics), "limit": limit, **more}, text)


_CLICKS = {"clicks": f"countIf({_COUNTED})"}
_UNIQUE = {"unique_clicks": f"countIf(is_unique AND {_COUNTED})"}

RAW: dict[str, Question] = {
    "sub ids": _raw("sub1", {**_CLICKS, **_UNIQUE}),
    "sources and second sub ids": _raw("source,sub2", _CLICKS),
    "cities with addresses": _raw("city", {**_CLICKS, "unique_ips": "uniq(ip)"}),
    "referrers of one country": _raw(
        "referrer_host", _CLICKS, where="country IN ('US')",
        filters=[{"dimension": "country", "op": "in", "values": ["US"]}],
    ),
    "networks by score": _raw(
        "asn", {"gross_clicks": "count()", "p95_fraud_score": "quantileExactInclusive(0.95)(fraud_score)"}
    ),
    "versions of browsers": _raw("browser,browser_version,os_version", _CLICKS),
}  # fmt: skip
"""Reports no rollup covers, over one week."""
