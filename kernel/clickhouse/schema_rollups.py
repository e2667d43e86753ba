"""The DDL of the rollups and the statements that make, compare and replace them, from ``columns.ROLLUPS``.

Why it looks like this (measured on 20 million clicks of 90 days, two cores):

- the rollup of fifteen dimensions has 0.8 rows for each click, so it answers what a few dimensions ask no
  faster than the clicks: 90 days by partner take 160 ms. The summaries take 15 to 50.
- a part costs half a millisecond of every report that reads it. Partitions of days double what 90 days take,
  partitions of weeks don't, and a week is small enough to be written anew for one day of it.
- a rollup's shape (columns, order, partitions, the query that fills it) is kept in its comment in short, so
  that one of another shape is found and made anew.

Invariant: rows of a rollup come from one query, whether the view runs it on a batch or a repair on a day.
"""

from __future__ import annotations

import hashlib

from kernel.clickhouse.columns import COUNTS, Rollup, count_column
from kernel.clickhouse.schema import DEDUPLICATION_WINDOW, KEEPING_TOKENS

ROLLUP_DEDUPLICATION_WINDOW = 5 * DEDUPLICATION_WINDOW
"""Blocks remembered per rollup: what makes one part of clicks, a month's, makes one for each of its weeks here."""

PRESENT = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
PRESENT_COLUMNS = (
    "SELECT name, type FROM system.columns "
    "WHERE database = currentDatabase() AND table = {name:String} ORDER BY position"
)
HAS_CLICKS = "SELECT count() > 0 FROM (SELECT 1 FROM clicks LIMIT 1)"

_MEASURES = {
    "click_count": "count()",
    "unique_count": "sum(toUInt64(is_unique))",
    "cost_sum": "sum(CAST(cost, 'Decimal(38, 6)'))",
    "payout_sum": "sum(CAST(payout, 'Decimal(38, 6)'))",
    "revenue_sum": "sum(CAST(revenue, 'Decimal(38, 6)'))",
    "score_sum": "sum(toUInt64(fraud_score))",
    "first_ts": "min(ts)",
    "last_ts": "max(ts)",
    "ips": "uniqState(ip)",
    **{count_column(name): expression for name, expression in COUNTS.items()},
}
"""Every measure a rollup may have, over clicks."""


def _named(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


BETWEEN = "{time} >= {{begin:DateTime('UTC')}} AND {time} < {{end:DateTime('UTC')}}"
"""A range of whole UTC days; ``time`` is the column."""


def _all(rollup: Rollup) -> str:
    return _named(tuple(column.name for column in rollup.columns))


def columns(rollup: Rollup) -> tuple[tuple[str, str], ...]:
    """Return (name, type) of every column."""
    return tuple((column.name, column.type) for column in rollup.columns)


def successor(rollup: Rollup) -> str:
    """Return the name of a rollup's successor while it is being filled."""
    return f"{rollup.name}_next"


def stage(rollup: Rollup) -> str:
    """Return the name of the table a week of a rollup is repaired in."""
    return f"{rollup.name}_repair"


def _definition(rollup: Rollup) -> str:
    declared = ",\n    ".join(f"`{name}` {kind}" for name, kind in columns(rollup))
    return f"""(
    {declared}
) ENGINE = AggregatingMergeTree
PARTITION BY toMonday(hour)
ORDER BY (toDate(hour), {_named(rollup.keys)}, hour)
SETTINGS non_replicated_deduplication_window = {ROLLUP_DEDUPLICATION_WINDOW}, {KEEPING_TOKENS}"""


def select(rollup: Rollup, where: str = "", source: str = "clicks") -> str:
    """Return the query that makes rollup rows of clicks, or of another table of their shape."""
    keys = _named(rollup.keys)
    begin = "toDateTime(toStartOfDay(ts, 'UTC'), 'UTC')" if rollup.is_daily else "toStartOfHour(ts, 'UTC')"
    measures = [c.name for c in rollup.columns if c.name in _MEASURES]
    sums = ",\n    ".join(f"{_MEASURES[name]} AS {name}" for name in measures)
    return f"""SELECT
    {begin} AS hour,
    {keys},
    {sums}
FROM {source}{f" WHERE {where}" if where else ""}
GROUP BY hour, {keys}"""


def shape(rollup: Rollup) -> str:
    """Return what tells a rollup of this shape from one of any other."""
    whole = f"{_definition(rollup)}\n{select(rollup)}"
    return f"shape {hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def table(rollup: Rollup, name: str = "") -> str:
    """Return the statement that makes a rollup, or a table of its shape under another name."""
    return f"CREATE TABLE IF NOT EXISTS {name or rollup.name} {_definition(rollup)}\nCOMMENT '{shape(rollup)}'"


def view(rollup: Rollup) -> str:
    """Return the statement that makes the view that fills a rollup."""
    return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {rollup.name}_mv TO {rollup.name} AS\n{select(rollup)}"


def make(rollup: Rollup) -> tuple[str, str]:
    """Return the statements that make a rollup and the view that fills it."""
    return table(rollup), view(rollup)


def fill(rollup: Rollup, into: str) -> str:
    """Return the statement that adds the rows of the clicks in ``BETWEEN`` to a table of the rollup's shape."""
    return f"INSERT INTO {into} ({_all(rollup)}) {select(rollup, BETWEEN.format(time='ts'))}"


def begin_successor(rollup: Rollup) -> tuple[str, ...]:
    """Return the statements that make an empty successor of a rollup of another shape; ``fill`` fills it."""
    following = successor(rollup)
    return f"DROP TABLE IF EXISTS {following} SYNC", table(rollup, following)


def succeed(rollup: Rollup) -> tuple[str, ...]:
    """Return the statements that put the filled successor in its rollup's place.

    The view comes last: whenever this is interrupted, doing all of it again, or ``make`` alone, ends in the same.
    """
    return (
        f"DROP VIEW IF EXISTS {rollup.name}_mv SYNC",
        f"DROP TABLE IF EXISTS {rollup.name} SYNC",
        f"RENAME TABLE {successor(rollup)} TO {rollup.name}",
        *make(rollup),
    )


def begin_repair(rollup: Rollup) -> tuple[str, ...]:
    """Return the statements that make an empty table to repair a week in."""
    return f"DROP TABLE IF EXISTS {stage(rollup)} SYNC", table(rollup, stage(rollup))


def end_repair(rollup: Rollup) -> str:
    """Return the statement that removes that table."""
    return f"DROP TABLE IF EXISTS {stage(rollup)} SYNC"


def copy(rollup: Rollup) -> str:
    """Return the statement that takes the rows in ``BETWEEN`` over as they are."""
    named, within = _all(rollup), BETWEEN.format(time="hour")
    return f"INSERT INTO {stage(rollup)} ({named}) SELECT {named} FROM {rollup.name} WHERE {within}"


def replace(rollup: Rollup, *, by_nothing: bool) -> str:
    """Return the statement that puts a repaired week in its place, for every reader at once."""
    if by_nothing:
        return f"ALTER TABLE {rollup.name} DROP PARTITION {{week:String}}"
    return f"ALTER TABLE {rollup.name} REPLACE PARTITION {{week:String}} FROM {stage(rollup)}"


def count_of(table_name: str) -> str:
    """Return the query that counts all rows of a table."""
    return f"SELECT count() FROM {table_name}"


CLICKS_BETWEEN = f"SELECT count() FROM clicks WHERE {BETWEEN.format(time='ts')}"
WEEKS_OF_CLICKS = "SELECT DISTINCT toString(toMonday(toDate(ts, 'UTC'))) AS week FROM clicks ORDER BY week"
INSERTS_UNDER_WAY = "SELECT query_id FROM system.processes WHERE query_kind = 'Insert'"


def digest(rollup: Rollup, *, of_clicks: bool) -> str:
    """Return the query that tells a range's rows from any others: (day, clicks, sum of all rows' hashes).

    Args:
        rollup: Whose rows.
        of_clicks: As they ought to be; False: as they are.

    """
    names = [c.name for c in rollup.columns if c.name in _MEASURES]
    keys = _named(("hour", *rollup.keys))
    if of_clicks:
        source = f"({select(rollup, BETWEEN.format(time='ts'))})"
    else:
        sums = ", ".join(f"{_AGAIN.get(name, 'sum')}({name}) AS m_{name}" for name in names)
        within = BETWEEN.format(time="hour")
        source = f"(SELECT {keys}, {sums} FROM {rollup.name} WHERE {within} GROUP BY {keys})"
    prefix = "" if of_clicks else "m_"
    values = [f"finalizeAggregation({prefix}ips)" if n == "ips" else f"{prefix}{n}" for n in names]
    hashed = f"sum(cityHash64({keys}, {', '.join(values)}))"
    return (
        f"SELECT toString(toDate(hour, 'UTC')) AS day, sum({prefix}click_count), {hashed} "
        f"FROM {source} GROUP BY day ORDER BY day"
    )


_AGAIN = {"first_ts": "min", "last_ts": "max", "ips": "uniqMergeState"}
"""How a measure's partial values meet; all others are sums."""
