"""Rows of values become rows of names and numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import msgspec
import pytest

from kernel.http import answer as http_answer
from reports.execute import Result
from reports.present import present
from tests.unit.reports.asking import NAMES, planned


def presented(rows, totals=None, left_out=None, **fields):
    dimensions = [None] * len(fields.get("dimensions", []))
    if totals:
        fields["totals"] = True
        rows = [*((0, *row) for row in rows), *((1, *dimensions, *row) for row in totals)]
    return present(
        planned(**fields),
        Result(rows, 10),
        Result(left_out, 1) if left_out is not None else None,
        names=NAMES,
        elapsed_s=0.0123,
    )


def test_a_named_dimension_has_its_id_beside_it():
    answer = presented([(1, "DE", 5), (0, "FR", 4), (12, "", 3)], dimensions=["partner", "country"])
    assert answer["rows"] == [
        {"partner": "Ann", "partner_id": 1, "country": "DE", "clicks": 5},
        {"partner": "(none)", "partner_id": 0, "country": "FR", "clicks": 4},
        {"partner": "#12", "partner_id": 12, "country": "", "clicks": 3},
    ]


def test_metrics_that_were_not_asked_for_fall_away():
    answer = presented([(5, 1.5)], metrics=["clicks"], sort=[{"by": "epc"}])
    assert answer["rows"] == [{"clicks": 5}]


def test_one_row_more_than_the_limit_says_that_there_are_more():
    answer = presented([(3,), (2,), (1,)], limit=2)
    assert [row["clicks"] for row in answer["rows"]] == [3, 2]
    assert (answer["meta"]["row_count"], answer["meta"]["truncated"]) == (2, True)
    assert presented([(3,), (2,)], limit=2)["meta"]["truncated"] is False


def test_the_meta_part_says_what_was_answered_and_how():
    answer = presented(
        [], left_out=[("EUR", 3)], totals=[(1,)], metrics=["payout"], timezone="Asia/Kolkata", currency="INR"
    )
    assert answer["meta"] == {
        "row_count": 0,
        "truncated": False,
        "source": "raw",
        "elapsed_ms": 12.3,
        "rows_read": 11,
        "dimensions": [],
        "metrics": ["payout"],
        "columns": [{"name": "payout", "label": "Payout", "role": "metric", "unit": "money"}],
        "drill": [],
        "from": "2026-11-01T00:00:00.000+05:30",
        "to": "2026-11-08T00:00:00.000+05:30",
        "timezone": "Asia/Kolkata",
        "currency": "INR",
        "money": "expected",
        "other_currencies": {"EUR": 3},
    }
    assert answer["totals"] == {"payout": 1}
    assert "totals" not in presented([])
    assert "other_currencies" not in presented([])["meta"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("12.500000"), b"12.5"),
        (Decimal("0.000000"), b"0"),
        (Decimal("100.000000"), b"100"),
        (Decimal("-3.100000"), b"-3.1"),
        (Decimal("0.000001"), b"0.000001"),
        (Decimal("12345678901234567890.123456"), b"12345678901234567890.123456"),
        (0.25, b"0.25"),
        (float("nan"), b"null"),
        (float("inf"), b"null"),
        (None, b"null"),
        (7, b"7"),
        (datetime(2026, 11, 1, 6, 30, 0, 5000), b'"2026-11-01T12:00:00.005+05:30"'),  # noqa: DTZ001 - as the driver gives it
    ],
)
def test_a_metric_is_a_json_number_or_null(value, written):
    answer = presented([(value,)], timezone="Asia/Kolkata")
    body = http_answer(answer["rows"]).body
    assert body == b'[{"clicks":' + written + b"}]"
    assert msgspec.json.decode(body)


def test_rows_read_is_null_where_the_store_does_not_tell():
    answer = present(planned(), Result([(1,)], None), Result([], 5), names=NAMES, elapsed_s=0)
    assert answer["meta"]["rows_read"] is None


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (3, 2, 0.5),
        (0, 4, -1.0),
        (4, 0, None),
        (None, 4, None),
        (4, None, None),
        (Decimal("1.5"), Decimal("-0.5"), -4.0),
        (0.25, 0.5, -0.5),
        (float("nan"), 0.5, None),
        (0.5, float("nan"), None),
        (datetime(2026, 11, 1), datetime(2026, 10, 1), None),  # noqa: DTZ001 - as the driver gives it
    ],
)
def test_a_change_is_a_share_of_what_was_before(now, before, change):
    (row,) = presented([(now, before)], compare="previous_period")["rows"]
    assert list(row) == ["clicks", "clicks_before", "clicks_change"]
    assert row["clicks_change"] == change


def test_what_was_only_sorted_by_has_no_comparison():
    (row,) = presented([(5, 1.5, 4)], sort=[{"by": "epc"}], compare="previous_period")["rows"]
    assert row == {"clicks": 5, "clicks_before": 4, "clicks_change": 0.25}


def pivoted(rows, columns, **fields):
    plan = replace(planned(**fields), columns=columns)
    return present(plan, Result(rows, 1), None, names=NAMES, elapsed_s=0)


def test_cells_become_columns_and_missing_ones_hold_nothing():
    cells = [(2, 3, 1.5), (0, 1, None)]
    answer = pivoted(
        [("mobile", 4, 0.5, cells, (0, None))],
        ("DE", "(other)"),
        pivot="country",
        dimensions=["device_type"],
        metrics=["clicks", "epc"],
    )
    assert answer["rows"] == [
        {
            "device_type": "mobile",
            "clicks": {"DE": 0, "(other) #2": 3, "(other)": 1},
            "epc": {"DE": None, "(other) #2": 1.5, "(other)": None},
        }
    ]
    columns = answer["meta"]["pivot"]["columns"]
    assert [{name: one[name] for name in one if name != "filters"} for one in columns] == [
        {"key": "DE", "country": "DE"},
        {"key": "(other) #2", "country": "(other)"},
        {"key": "(other)", "is_other": True},
    ]
    assert [one["filters"] for one in columns] == [
        [{"dimension": "country", "op": "eq", "value": "DE"}],
        [{"dimension": "country", "op": "eq", "value": "(other)"}],
        [{"dimension": "country", "op": "not_in", "values": ["DE", "(other)"]}],
    ]
    assert answer["meta"]["drill"] == ["device_type"]


@pytest.mark.parametrize(
    ("pivot", "columns", "filters"),
    [
        ("partner", ("1", "2"), [["eq", 1], ["eq", 2], ["not_in", [1, 2]]]),
        ("hour_of_day", ("0",), [["eq", 0], ["not_in", [0]]]),
        ("is_bot", ("true",), [["eq", True], ["ne", True]]),
        ("partner_tag", ("",), [["eq", ""], None]),
        ("country", (), [[]]),
    ],
)
def test_a_column_of_a_pivot_says_which_filters_keep_it(pivot, columns, filters):
    answer = pivoted([(1, [(0, 1)], (0,))], columns, pivot=pivot)
    told = [one.get("filters") for one in answer["meta"]["pivot"]["columns"]]
    name = "partner_id" if pivot == "partner" else pivot
    assert all(one["dimension"] == name for found in told for one in found or [])
    assert [found and [found[0]["op"], found[0].get("value", found[0].get("values"))] for found in told] == filters


def test_columns_of_numbers_of_time_are_in_the_numbers_order():
    answer = pivoted([(1, [], (0,))], ("9", "10", "2"), pivot="hour_of_day")
    assert list(answer["rows"][0]["clicks"]) == ["2", "9", "10"]


def test_the_columns_of_an_answer_are_told_in_the_order_of_its_rows():
    fields = {
        "dimensions": ["partner", "day", "is_bot"],
        "metrics": ["cr", "own"],
        "formulas": [{"name": "own", "formula": "payout / clicks", "unit": "money", "label": "Own ratio"}],
        "compare": "previous_period",
    }
    answer = presented([(1, "2026-11-02", True, 0.5, 2, 0.25, 1)], **fields)
    columns = answer["meta"]["columns"]
    assert [column["name"] for column in columns] == list(answer["rows"][0])
    assert columns[:5] == [
        {"name": "partner", "label": "Partner", "role": "dimension", "kind": "id"},
        {"name": "partner_id", "label": "Partner, id", "role": "id", "kind": "number"},
        {"name": "day", "label": "Day", "role": "dimension", "kind": "time"},
        {"name": "is_bot", "label": "Bot", "role": "dimension", "kind": "bool"},
        {"name": "cr", "label": "Conversion rate", "role": "metric", "unit": "ratio"},
    ]
    assert [(one["name"], one["role"], one["unit"]) for one in columns[7:]] == [
        ("own", "metric", "money"),
        ("own_before", "before", "money"),
        ("own_change", "change", "ratio"),
    ]
    assert columns[7]["label"] == "Own ratio"
