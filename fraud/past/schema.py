"""The tables of judging the past: proposals, what was stored before, and the re-scorings themselves.

- ``verdict_proposals`` holds, for each event that would change, its columns before and after. It is partitioned by
  re-scoring, so that one which is applied or cancelled goes with one statement.
- ``verdict_history`` keeps what an event's columns were before each re-scoring that changed it. Writing the same
  again changes nothing, because a re-scoring that was interrupted is written once more.
- ``rescorings`` has one row for each state of a re-scoring; the newest counts.

Invariant: ``CHANGING`` are all columns of an event that judging it again may change, and nothing else changes.
"""

from __future__ import annotations

from functools import cache

from kernel.clickhouse.columns import CLICKS, CONVERSIONS, LABEL, TIME, Column

_JUDGED = (
    "verdict",
    "fraud_reasons",
    "fraud_facts",
    "fraud_category",
    "fraud_score",
    "model_score",
    "model_features",
    "rules_version",
    "model_version",
)
MONEY_COLUMNS = ("payout", "revenue", "currency")
"""What a click or an impression itself earns; a conversion's money follows its status, never its verdict."""

JUDGED: tuple[Column, ...] = tuple(column for column in CLICKS if column.name in _JUDGED)
CHANGING: tuple[Column, ...] = (*JUDGED, *(column for column in CLICKS if column.name in MONEY_COLUMNS))

_WHOSE: tuple[Column, ...] = (
    Column("kind", LABEL, "click, impression or conversion"),
    Column("event_id", "String", "Click id or conversion id"),
    Column("ts", TIME, "When the click was received; of a conversion its click"),
    Column("partner_id", "UInt32", "Its partner"),
    Column("offer_id", "UInt32", "Its offer"),
)

PROPOSALS: tuple[Column, ...] = (
    Column("rescoring_id", "String", "Which re-scoring"),
    *_WHOSE,
    Column("is_changed", "Bool", "It would be stored otherwise"),
    Column("follows", LABEL, "Of a conversion what the rules' actions would make of it: hold, reject or ''"),
    *(Column(f"old_{c.name}", c.type, f"{c.help}, as stored") for c in CHANGING),
    *(Column(f"new_{c.name}", c.type, f"{c.help}, as judged now") for c in CHANGING),
)

HISTORY: tuple[Column, ...] = (
    *_WHOSE,
    *CHANGING,
    Column("rescoring_id", "String", "Re-scoring that replaced it"),
    Column("rescored_at", TIME, "When"),
    Column("actor", LABEL, "By whom"),
)

RESCORINGS: tuple[Column, ...] = (
    Column("rescoring_id", "String", "Its id"),
    Column("version", "UInt64", "Grows with every state"),
    Column("state", LABEL, "computing, proposed, applying, committed, applied, cancelled or failed"),
    Column("body", "String", "Everything else, as JSON"),
)


def _declared(columns: tuple[Column, ...]) -> str:
    return ",\n    ".join(f"`{column.name}` {column.type}" for column in columns)


@cache
def tables() -> tuple[str, ...]:
    """Return the statements that make the tables, each of them safe to run again."""
    return (
        f"""CREATE TABLE IF NOT EXISTS verdict_proposals (
    {_declared(PROPOSALS)}
) ENGINE = MergeTree
PARTITION BY rescoring_id
ORDER BY (kind, toDate(ts), event_id)""",
        f"""CREATE TABLE IF NOT EXISTS verdict_history (
    {_declared(HISTORY)}
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (event_id, rescoring_id)""",
        f"""CREATE TABLE IF NOT EXISTS rescorings (
    {_declared(RESCORINGS)}
) ENGINE = ReplacingMergeTree(version)
ORDER BY rescoring_id""",
    )


PRESENT = (
    "SELECT table, name FROM system.columns WHERE database = currentDatabase() "
    "AND table IN ('verdict_proposals', 'verdict_history')"
)


def additions(present: set[tuple[str, str]]) -> tuple[str, ...]:
    """Return the statements that give tables of an older version the columns they lack."""
    return tuple(
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS `{column.name}` {column.type}"
        for table, columns in (("verdict_proposals", PROPOSALS), ("verdict_history", HISTORY))
        for column in columns
        if (table, column.name) not in present
    )


CARRIED = tuple(column.name for column in JUDGED if column in CONVERSIONS)
"""What a conversion carries of its click's judgement."""
