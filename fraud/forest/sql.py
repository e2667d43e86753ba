"""The SQL by which training reads its window; values are always bound."""

from __future__ import annotations

from typing import Final

VERDICT_COLUMNS: Final = ("verdict", "fraud_category")

CLICKS_BY_MINUTE: Final = """
SELECT intDiv(toUnixTimestamp(ts), 60) AS minute, count() AS clicks
FROM clicks
WHERE ts >= fromUnixTimestamp64Milli({begin:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND NOT is_test
GROUP BY minute
ORDER BY minute
"""


def clicks_between(columns: tuple[str, ...]) -> str:
    """Return the query for clicks from ``begin`` up to ``end``, in the order of their time."""
    return f"""
SELECT {", ".join(columns)}
FROM clicks
WHERE ts >= fromUnixTimestamp64Milli({{begin:Int64}}, 'UTC')
    AND ts < fromUnixTimestamp64Milli({{end:Int64}}, 'UTC')
    AND NOT is_test
ORDER BY ts, click_id
"""  # noqa: S608 - names of our own columns
