import re
from collections import Counter

import pytest

from kernel.clickhouse import schema
from kernel.clickhouse.arrow import _TYPES
from kernel.clickhouse.columns import CLICK_DIMENSIONS, HOURLY_KEYS, HOURLY_MEASURES, TABLES


def statement(kind, name):
    (found,) = [
        s for s in (*schema.tables(), *schema.rollup()) if s.startswith(f"CREATE {kind} IF NOT EXISTS {name} ")
    ]
    return found


@pytest.mark.parametrize("table", TABLES)
def test_a_table_declares_each_column_once_with_a_type_a_batch_can_hold_and_a_help(table):
    names = Counter(c.name for c in TABLES[table])
    assert names.most_common(1)[0][1] == 1
    for column in TABLES[table]:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.type in _TYPES, column
        assert column.help, column


@pytest.mark.parametrize("table", ["clicks", "conversions", "conversion_changes"])
def test_a_conversion_carries_every_dimension_of_its_click(table):
    declared = {c.name: c.type for c in TABLES[table]}
    assert {c.name: c.type for c in CLICK_DIMENSIONS}.items() <= declared.items()


@pytest.mark.parametrize("table", [*TABLES, "clicks_hourly"])
def test_every_table_remembers_tokens_for_longer_than_journals_are_kept(table):
    window = int(re.search(r"non_replicated_deduplication_window = (\d+)", statement("TABLE", table)).group(1))
    # Journals are kept 300 s after their last acknowledgement; a pipeline sends at most a batch each 150 ms.
    assert window >= 300 / 0.15 * 2


def test_conversions_replace_by_their_change_sequence_in_a_partition_that_never_changes():
    ddl = statement("TABLE", "conversions")
    assert "ENGINE = ReplacingMergeTree(change_seq)" in ddl
    assert "PARTITION BY toYYYYMM(click_ts)" in ddl
    assert "ORDER BY conversion_id" in ddl


def test_clicks_can_be_found_by_id_without_reading_the_table():
    assert "PROJECTION by_id (SELECT _part_offset ORDER BY click_id)" in statement("TABLE", "clicks")


def test_the_rollup_view_fills_every_column_of_its_table():
    view = statement("MATERIALIZED VIEW", "clicks_hourly_mv")
    for name in ("hour", *(m.name for m in HOURLY_MEASURES)):
        assert f" AS {name}" in view
    for key in HOURLY_KEYS:
        assert f"`{key}`" in view
    assert {*HOURLY_KEYS} <= {c.name for c in TABLES["clicks"]}


def test_every_statement_can_run_again():
    for text in (*schema.tables(), *schema.rollup()):
        assert " IF NOT EXISTS " in text.splitlines()[0]
