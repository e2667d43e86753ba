from decimal import Decimal

import pyarrow as pa
import pytest

from kernel.clickhouse.arrow import arrow_schema, arrow_table, rows_table
from kernel.clickhouse.columns import TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_batch_has_the_tables_columns_in_the_tables_order(table):
    batch = arrow_table(table, {}, 2)
    assert batch.column_names == [c.name for c in TABLES[table]]
    assert batch.schema == arrow_schema(table)
    assert batch.num_rows == 2


def test_columns_that_are_not_given_hold_their_types_empty_value():
    row = arrow_table("clicks", {"click_id": ["a"]}, 1).to_pylist()[0]
    assert row["click_id"] == "a"
    assert (row["country"], row["partner_id"], row["is_bot"], row["fraud_reasons"]) == ("", 0, False, [])
    assert row["cost"] == Decimal(0)
    assert row["ts"].timestamp() == 0
    assert None not in row.values()
    assert arrow_table("rejected", {}, 1).to_pylist()[0]["raw"] == b""


def test_times_are_milliseconds_in_utc():
    (row,) = arrow_table("clicks", {"ts": [1_762_000_000_123]}, 1).to_pylist()
    assert row["ts"].isoformat() == "2025-11-01T12:26:40.123000+00:00"


def test_rows_may_each_leave_out_other_columns():
    batch = rows_table("clicks", [{"click_id": "a", "country": "DE"}, {"click_id": "b", "sub1": "x"}])
    assert batch.select(["click_id", "country", "sub1"]).to_pylist() == [
        {"click_id": "a", "country": "DE", "sub1": ""},
        {"click_id": "b", "country": "", "sub1": "x"},
    ]


def test_rejected_bytes_need_not_be_text():
    batch = rows_table("rejected", [{"raw": b"\xff\x00"}, {"reason": "no raw"}])
    assert batch.column("raw").to_pylist() == [b"\xff\x00", b""]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("partner_id", -1),
        ("partner_id", 2**32),
        ("fraud_score", 256),
        ("country", b"\xff"),
        ("country", "\ud800"),
        ("cost", Decimal("0.0000001")),
        ("cost", Decimal(10**12)),
        ("ts", "yesterday"),
        ("is_bot", "no"),
    ],
)
def test_a_value_the_store_could_only_change_silently_is_refused(column, value):
    with pytest.raises((pa.ArrowException, OverflowError, UnicodeError, TypeError)):
        arrow_table("clicks", {column: [value]}, 1)


def test_columns_of_different_length_are_refused():
    with pytest.raises(pa.ArrowInvalid):
        arrow_table("clicks", {"click_id": ["a", "b"], "country": ["DE"]}, 2)
