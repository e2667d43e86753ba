"""The DDL of the event tables, made from ``columns``; that of the rollups is in ``schema_rollups``.

Why it looks like this (measured on 10 million clicks):

- clicks are sorted by (day, partner, offer, time): one partner's week by sub id takes 10 ms, everyone's
  week by country and device 30-50 ms. A projection that holds only row offsets, sorted by click id,
  answers "the click with this id" without reading the table.
- conversions change, so their current state is a ReplacingMergeTree by conversion id whose version is
  ``change_seq``; it is partitioned by the *click's* month, which never changes, so that all states of a
  conversion meet in one partition. conversion_changes keeps every state.
- a partition of conversions that nothing came to for an hour is merged into one part, and such a part is
  read as fast as a table whose rows never change.
- ``non_replicated_deduplication_window`` makes an insert with a token seen before a no-op, and
  materialized views see the same token: this is what "exactly once" stands on. The window holds more
  blocks than a pipeline can send within the journal's retention.
"""

from __future__ import annotations

from collections.abc import Collection

from kernel.clickhouse.columns import TABLES, Column

DEDUPLICATION_WINDOW = 10_000
"""Blocks remembered per table: at 6 inserts/s for the default retention of 300 s it is five times enough."""

_AT_REST = "min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1"
"""How a partition becomes one part."""

KEEPING_TOKENS = "remove_empty_parts = 0"
"""A partition that is replaced leaves an empty part over its old ones. After a kill and a new start it would be
cleared away, and with it the tokens of all that it covers: what is sent again would be stored twice. Merges
take it in."""

_DEDUPLICATION = f"non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}, {KEEPING_TOKENS}"


def _columns(columns: tuple[Column, ...]) -> str:
    return ",\n    ".join(f"`{c.name}` {c.type}" for c in columns)


PRESENT_COLUMNS = "SELECT table, name FROM system.columns WHERE database = currentDatabase()"


def additions(present: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Return the statements that give tables of an older version the columns they lack.

    Args:
        present: (table, column) of every column there is.

    """
    made = []
    for table, columns in TABLES.items():
        # In its declared place, so that an older table and a new one are the same.
        place = "FIRST"
        for column in columns:
            if (table, column.name) not in present:
                made.append(
                    f"ALTER TABLE `{table}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type} {place}"
                )
            place = f"AFTER `{column.name}`"
    return tuple(made)


def settings() -> tuple[str, ...]:
    """Return the statements that give tables of an older version the settings they lack."""
    return (
        f"ALTER TABLE conversions MODIFY SETTING {_AT_REST}",
        *(f"ALTER TABLE {table} MODIFY SETTING {KEEPING_TOKENS}" for table in ("clicks", "impressions")),
    )


def tables() -> tuple[str, ...]:
    """Return the statements that make the tables the pipeline writes, each of them safe to run again."""
    return (
        f"""CREATE TABLE IF NOT EXISTS clicks (
    {_columns(TABLES["clicks"])},
    PROJECTION by_id (SELECT _part_offset ORDER BY click_id)
) ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toDate(ts), partner_id, offer_id, ts)
SETTINGS {_DEDUPLICATION}""",
        f"""CREATE TABLE IF NOT EXISTS impressions (
    {_columns(TABLES["impressions"])},
    PROJECTION by_id (SELECT _part_offset ORDER BY click_id)
) ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toDate(ts), partner_id, offer_id, ts)
SETTINGS {_DEDUPLICATION}""",
        f"""CREATE TABLE IF NOT EXISTS conversions (
    {_columns(TABLES["conversions"])}
) ENGINE = ReplacingMergeTree(change_seq)
PARTITION BY toYYYYMM(click_ts)
ORDER BY conversion_id
SETTINGS {_DEDUPLICATION}, {_AT_REST}""",
        f"""CREATE TABLE IF NOT EXISTS conversion_changes (
    {_columns(TABLES["conversion_changes"])}
) ENGINE = MergeTree
PARTITION BY toYYYYMM(changed_at)
ORDER BY (toDate(changed_at), conversion_id, change_seq)
SETTINGS {_DEDUPLICATION}""",
        f"""CREATE TABLE IF NOT EXISTS rejected (
    {_columns(TABLES["rejected"])}
) ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toDate(ts), kind, reason, ts)
SETTINGS {_DEDUPLICATION}""",
        f"""CREATE TABLE IF NOT EXISTS outbound_attempts (
    {_columns(TABLES["outbound_attempts"])}
) ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toDate(ts), partner_id, hook_id, ts)
SETTINGS {_DEDUPLICATION}""",
        f"""CREATE TABLE IF NOT EXISTS partner_risk (
    {_columns(TABLES["partner_risk"])}
) ENGINE = ReplacingMergeTree(run_at)
PARTITION BY toYYYYMM(day)
ORDER BY (day, partner_id)
SETTINGS {_DEDUPLICATION}""",
    )
