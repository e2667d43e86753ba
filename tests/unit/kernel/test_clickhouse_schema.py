import re
from collections import Counter
from dataclasses import replace

import pytest

from kernel.clickhouse import schema, schema_rollups
from kernel.clickhouse.arrow import _TYPES
from kernel.clickhouse.columns import CLICK_DIMENSIONS, COUNTS, ROLLUPS, TABLES

OF_ROLLUPS = [statement for rollup in ROLLUPS for statement in schema_rollups.make(rollup)]


def statement(kind, name):
    (found,) = [s for s in (*schema.tables(), *OF_ROLLUPS) if s.startswith(f"CREATE {kind} IF NOT EXISTS {name} ")]
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


@pytest.mark.parametrize("table", [*TABLES, *(rollup.name for rollup in ROLLUPS)])
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


def test_a_rollup_remembers_a_batch_as_long_as_the_clicks_do_though_a_month_is_five_of_its_parts():
    assert schema_rollups.ROLLUP_DEDUPLICATION_WINDOW >= 5 * schema.DEDUPLICATION_WINDOW


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.name)
def test_a_rollup_s_view_fills_every_column_of_its_table_in_order(rollup):
    view = statement("MATERIALIZED VIEW", f"{rollup.name}_mv")
    filled = re.findall(r" AS (\w+),?$|^    ((?:`\w+`(?:, )?)+),$", view, re.MULTILINE)
    names = [name for alias, keys in filled for name in ([alias] if alias else re.findall(r"`(\w+)`", keys))]
    assert names == [column.name for column in rollup.columns]


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.name)
def test_a_rollup_tells_test_traffic_and_currencies_apart(rollup):
    assert {"is_test", "cost_currency", "currency"} <= {*rollup.keys}


def test_a_summary_holds_every_count_and_no_dimension_that_would_tell_counted_clicks_apart():
    telling = {"verdict", "trafficback_reason", "is_rerouted", "is_bot"}
    counts = {f"n_{name}" for name in COUNTS}
    assert len({rollup.is_summary for rollup in ROLLUPS}) == 2
    for rollup in ROLLUPS:
        columns = {column.name for column in rollup.columns}
        if rollup.is_summary:
            assert counts <= columns
            assert not telling & columns
        else:
            assert telling <= columns
            assert not counts & columns


def test_two_rollups_that_differ_in_anything_have_shapes_that_differ():
    shapes = {schema_rollups.shape(rollup) for rollup in ROLLUPS}
    daily = next(rollup for rollup in ROLLUPS if rollup.is_daily)
    shapes |= {
        schema_rollups.shape(replace(daily, is_daily=False)),
        schema_rollups.shape(replace(daily, keys=daily.keys[1:])),
    }
    assert len(shapes) == len(ROLLUPS) + 2


def test_every_statement_can_run_again():
    for text in (*schema.tables(), *OF_ROLLUPS):
        assert " IF NOT EXISTS " in text.splitlines()[0]
