"""An answer as types, and as a data frame."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import pytest

from clickledger.client import PandasMissingError
from clickledger.client.frames import first_moment
from clickledger.client.report import read
from reports.registry import DIMENSIONS

ZONE = "Asia/Kolkata"


def column(name, role="metric", **more):
    return {"name": name, "label": name.title(), "role": role, **more}


COLUMNS = [
    column("partner", "dimension", kind="id"),
    column("partner_id", "id", kind="number"),
    column("day", "dimension", kind="time"),
    column("is_bot", "dimension", kind="bool"),
    column("clicks", unit="count"),
    column("cr", unit="ratio"),
    column("payout", unit="money"),
    column("first_click_at", unit="time"),
    column("payout_before", "before", unit="money"),
    column("payout_change", "change", unit="ratio"),
]
ROWS = [
    (
        b'{"partner":"Ann","partner_id":1,"day":"2026-11-02","is_bot":true,"clicks":12345,"cr":0,"payout":0.100000000000000001,'
        b'"first_click_at":"2026-11-02T05:30:00.125+05:30","payout_before":2,"payout_change":-0.95}'
    ),
    (
        b'{"partner":"#2","partner_id":2,"day":"2026-11-03","is_bot":false,"clicks":null,"cr":null,"payout":3,'
        b'"first_click_at":null,"payout_before":0,"payout_change":null}'
    ),
]


def answered(rows=ROWS, columns=COLUMNS, totals=None, **more):
    meta = {
        "from": "2026-11-02T00:00:00.000+05:30",
        "to": "2026-11-04T00:00:00.000+05:30",
        "timezone": ZONE,
        "currency": "USD",
        "money": "expected",
        "source": "raw",
        "row_count": len(rows),
        "truncated": False,
        "elapsed_ms": 4,
        "rows_read": None,
        "dimensions": [c["name"] for c in columns if c["role"] == "dimension"],
        "metrics": [c["name"] for c in columns if c["role"] == "metric"],
        "columns": columns,
        "a_field_of_tomorrow": 1,
        **more,
    }
    body = b'{"rows":[' + b",".join(rows) + b'],"meta":' + msgspec.json.encode(meta)
    return read(body + (b"" if totals is None else b',"totals":' + totals) + b"}")


def test_rows_have_the_types_of_their_columns():
    report = answered(
        totals=b'{"clicks":7,"cr":1,"payout":4,"first_click_at":null,"payout_before":2,"payout_change":1}'
    )
    assert report.rows == [
        {
            "partner": "Ann",
            "partner_id": 1,
            "day": "2026-11-02",
            "is_bot": True,
            "clicks": 12345,
            "cr": 0.0,
            "payout": Decimal("0.100000000000000001"),
            "first_click_at": datetime(2026, 11, 2, 0, 0, 0, 125_000, UTC),
            "payout_before": Decimal(2),
            "payout_change": -0.95,
        },
        {
            "partner": "#2",
            "partner_id": 2,
            "day": "2026-11-03",
            "is_bot": False,
            "clicks": None,
            "cr": None,
            "payout": Decimal(3),
            "first_click_at": None,
            "payout_before": Decimal(0),
            "payout_change": None,
        },
    ]
    first = report[0]
    assert (type(first["cr"]), type(first["payout"])) == (float, Decimal)
    assert first["first_click_at"].tzinfo == ZoneInfo(ZONE)
    assert (report.totals["payout"], report.totals["cr"]) == (Decimal(4), 1.0)
    assert answered().totals is None


def test_a_report_is_a_sequence_of_rows_that_tells_about_itself():
    report = answered(truncated=True, other_currencies={"EUR": 3})
    assert (len(report), [row["partner_id"] for row in report], report[-1], report[:1]) == (
        2,
        [1, 2],
        report.rows[1],
        report.rows[:1],
    )
    assert report.column("clicks") == [12345, None]
    with pytest.raises(KeyError, match="partner_id"):
        report.column("klicks")
    assert [(one.name, one.unit or one.kind) for one in report.columns][3:6] == [
        ("is_bot", "bool"),
        ("clicks", "count"),
        ("cr", "ratio"),
    ]
    assert report.meta.start == datetime(2026, 11, 1, 18, 30, tzinfo=UTC)
    assert report.meta.other_currencies == {"EUR": 3}
    assert "2026-11-02 00:00 to 2026-11-04 00:00 Asia/Kolkata: 2 rows of partner" in repr(report)
    assert "more exist" in repr(report)


def test_a_data_frame_has_types_and_exact_money():
    frame = answered().to_pandas()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "partner": "str",
        "partner_id": "Int64",
        "day": f"datetime64[us, {ZONE}]",
        "is_bot": "boolean",
        "clicks": "Int64",
        "cr": "float64",
        "payout": "object",
        "first_click_at": f"datetime64[us, {ZONE}]",
        "payout_before": "object",
        "payout_change": "float64",
    }
    assert frame["payout"].sum() == Decimal("3.100000000000000001")
    assert frame["day"][0] == pd.Timestamp("2026-11-02", tz=ZONE)
    assert frame["first_click_at"][0] == pd.Timestamp("2026-11-02 05:30:00.125", tz=ZONE)
    assert frame["first_click_at"][1] is pd.NaT
    assert frame["clicks"][1] is pd.NA
    assert pd.isna(frame["cr"][1])


def test_money_as_floats_is_for_plotting():
    frame = answered().to_pandas(money="float")
    assert (str(frame["payout"].dtype), frame["payout"].tolist()) == ("float64", [0.1, 3.0])
    with pytest.raises(ValueError, match="'decimal' or 'float'"):
        answered().to_pandas(money="cents")


def test_no_rows_make_a_frame_with_the_same_types():
    assert (
        answered(rows=[]).to_pandas().dtypes.astype(str).tolist()
        == answered().to_pandas().dtypes.astype(str).tolist()
    )


def test_a_pivot_has_columns_of_two_levels():
    columns = [COLUMNS[0], COLUMNS[1], column("clicks", unit="count"), column("payout", unit="money")]
    row = b'{"partner":"Ann","partner_id":1,"clicks":{"DE":3,"(other)":null},"payout":{"DE":1.5,"(other)":0}}'
    keys = [{"key": "DE", "country": "DE"}, {"key": "(other)", "is_other": True}]
    report = answered([row], columns, pivot={"dimension": "country", "columns": keys})
    assert report[0]["payout"] == {"DE": Decimal("1.5"), "(other)": Decimal(0)}
    assert report.meta.pivot.keys == ["DE", "(other)"]
    frame = report.to_pandas()
    assert frame.columns.tolist() == [
        ("partner", ""),
        ("partner_id", ""),
        ("clicks", "DE"),
        ("clicks", "(other)"),
        ("payout", "DE"),
        ("payout", "(other)"),
    ]
    assert frame["partner"][0] == "Ann"
    assert frame["clicks"]["DE"][0] == 3
    assert frame["clicks", "(other)"][0] is pd.NA
    assert str(frame["clicks", "DE"].dtype) == "Int64"


def test_a_row_and_a_cell_are_drilled_into_by_the_answer_s_own_filters():
    columns = [COLUMNS[0], COLUMNS[1], COLUMNS[3], column("clicks", unit="count")]
    row = b'{"partner":"Ann","partner_id":0,"is_bot":false,"clicks":{"DE":3,"(other)":1}}'
    keys = [
        {"key": "DE", "filters": [{"dimension": "country", "op": "eq", "value": "DE"}]},
        {"key": "(other)", "is_other": True},
    ]
    pivot = {"dimension": "country", "columns": keys}
    report = answered([row], columns, pivot=pivot, drill=["partner_id", "is_bot"])
    of_row = [
        {"dimension": "partner_id", "op": "eq", "value": 0},
        {"dimension": "is_bot", "op": "eq", "value": False},
    ]
    assert report.drill(report[0]) == of_row
    assert report.drill(report[0], "DE") == [*of_row, {"dimension": "country", "op": "eq", "value": "DE"}]
    for key in ("(other)", "FR"):
        with pytest.raises(KeyError, match="no column that filters can keep"):
            report.drill(report[0], key)
    with pytest.raises(KeyError):
        answered().drill(answered()[0], "DE")


def test_a_count_that_is_a_quotient_stays_what_it_is():
    columns = [column("half", unit="count")]
    frame = answered([b'{"half":1.5}', b'{"half":2}'], columns).to_pandas()
    assert frame["half"].tolist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-11-01 13:45", "UTC", "2026-11-01T13:45:00+00:00"),
        ("2026-11-01 13:00", ZONE, "2026-11-01T07:30:00+00:00"),
        ("2026-11-01", "America/New_York", "2026-11-01T04:00:00+00:00"),
        # the hour that comes twice is its first occurrence
        ("2026-11-01 01:00", "America/New_York", "2026-11-01T05:00:00+00:00"),
        # a day without a midnight begins when it begins
        ("2026-09-06", "America/Santiago", "2026-09-06T04:00:00+00:00"),
        ("2026-11", "UTC", "2026-11-01T00:00:00+00:00"),
        ("2026-Q4", ZONE, "2026-09-30T18:30:00+00:00"),
        ("2026-Q1", "UTC", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_is_the_first_moment_of_what_it_names(text, zone, instant):
    assert first_moment(text, zone).isoformat() == instant


def test_no_time_is_none():
    assert first_moment("", "UTC") is None


def test_every_time_dimension_can_be_read():
    shown = {"minute": "2026-11-02 10:05", "hour": "2026-11-02 10:00", "day": "2026-11-02", "week": "2026-11-02"}
    shown |= {"month": "2026-11", "quarter": "2026-Q4"}
    assert {name for name, one in DIMENSIONS.items() if one.kind == "time"} == set(shown)
    assert all(first_moment(text, "UTC") for text in shown.values())


def test_without_pandas_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(PandasMissingError, match=r"pip install 'clickledger\[client\]'"):
        answered().to_pandas()
