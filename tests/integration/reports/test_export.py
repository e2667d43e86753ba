"""Exports: exactly the range's rows, in order of time, in readable bytes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from kernel.auth import ADMIN, Principal
from kernel.clickhouse.columns import TABLES
from kernel.errors import ClickledgerError
from reports.export import stream as streaming
from reports.export.narrowing import narrowed
from reports.export.request import wanted
from reports.export.windows import windows
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 940_000_001
WHO = Principal("manager", partner_id=P)
START = datetime(2026, 11, 2, tzinfo=UTC)
COUNT = 2_000


def exported(store: Store, table: str = "clicks", who: Principal = WHO, **parameters: str) -> bytes:
    given = {"from": "2026-11-02", "to": "2026-11-03", **parameters}
    export = wanted(table, given, who)
    return b"".join(streaming.stream(export, who, readers=store.readers, chosen=store.chosen).pieces)


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    step = timedelta(days=1) / COUNT
    clicks = [
        {
            "click_id": f"e{n:05d}",
            "ts": int((START + n * step).timestamp() * 1000),
            "partner_id": P,
            "offer_id": n % 7,
            "is_bot": n == 0,
            "fraud_reasons": ["a", "b"] if n == 0 else [],
            "cost": Decimal("0.25"),
            "sub1": 'quo"te, and\nline 🦊' if n == 0 else f"s{n}",
        }
        for n in range(COUNT)
    ]
    edges = [
        {**clicks[0], "click_id": "before", "ts": at("2026-11-01T23:59:59.999")},
        {**clicks[0], "click_id": "after", "ts": at("2026-11-03T00:00:00")},
    ]
    store.put("clicks", [*reversed(clicks), *edges])


def test_the_range_is_half_open_and_ordered_by_time(store: Store):
    found = rows(exported(store, columns="click_id,ts"))
    assert [row["click_id"] for row in found] == [f"e{n:05d}" for n in range(COUNT)]
    assert found[0]["ts"] == "2026-11-02T00:00:00.000000+00:00"


def test_the_zone_moves_the_range_and_writes_its_times(store: Store):
    found = rows(exported(store, columns="ts,click_id", timezone="Asia/Kolkata"))
    assert found[0] == {"click_id": "before", "ts": "2026-11-02T05:29:59.999000+05:30"}
    assert datetime.fromisoformat(found[-1]["ts"]) < datetime.fromisoformat("2026-11-03T00:00:00+05:30")


def test_csv_has_all_columns_in_their_order_unless_told(store: Store):
    body = exported(store, to="2026-11-02T00:00:01")
    (first,) = rows(body)
    assert list(first) == [column.name for column in TABLES["clicks"]]
    assert first["sub1"] == 'quo"te, and\nline 🦊'
    assert (first["is_bot"], first["fraud_reasons"], first["cost"], first["offer_id"]) == (
        "true",
        "a|b",
        "0.25",
        "0",
    )


def test_columns_stand_in_the_order_asked_for_and_once(store: Store):
    body = exported(store, columns=" sub2, click_id ,sub2", to="2026-11-02T00:00:01")
    assert body == b'sub2,click_id\n"","e00000"\n'


def test_json_lines_keep_types(store: Store):
    (line,) = exported(
        store, columns="click_id,is_bot,fraud_reasons,cost,partner_id,ts", to="2026-11-02T00:00:01", format="jsonl"
    ).splitlines()
    assert json.loads(line) == {
        "click_id": "e00000",
        "is_bot": True,
        "fraud_reasons": ["a", "b"],
        "cost": 0.25,
        "partner_id": P,
        "ts": "2026-11-02T00:00:00.000000+00:00",
    }


def test_an_empty_export_is_its_header_or_nothing(store: Store):
    nothing = {"from": "2026-12-02", "to": "2026-12-03", "columns": "click_id,ts"}
    assert exported(store, **nothing) == b"click_id,ts\n"
    assert exported(store, **nothing, format="jsonl") == b""


def test_many_windows_make_the_same_export_as_one(store: Store, monkeypatch):
    whole = exported(store, columns="click_id,ts,sub1")
    monkeypatch.setattr(streaming, "windows", lambda span, hours: windows(span, hours, 10))
    assert exported(store, columns="click_id,ts,sub1") == whole


def test_small_chunks_make_the_same_export_too(store: Store, monkeypatch):
    whole = exported(store, columns="sub1,click_id")
    monkeypatch.setattr(streaming, "_CHUNK", 7)
    monkeypatch.setattr(streaming, "_IN_MEMORY", 100)
    assert exported(store, columns="sub1,click_id") == whole
    assert "🦊" in whole.decode()


def test_conversions_are_exported_in_their_newest_state(store: Store):
    one = {
        "conversion_id": f"{P}c",
        "partner_id": P,
        "ts": at("2026-11-02T10:00:00"),
        "click_ts": at("2026-11-02T09:00:00"),
    }
    for seq, status in ((2, "approved"), (3, "rejected"), (1, "pending")):
        store.put("conversions", [{**one, "change_seq": seq, "status": status, "payout": Decimal(seq)}])
    body = exported(store, "conversions", columns="conversion_id,status,payout,change_seq")
    assert rows(body) == [{"conversion_id": f"{P}c", "status": "rejected", "payout": "3", "change_seq": "3"}]


RAW = b"GET /postback?a=\xff\xfe&b=\x00\x1b[2J\n\xc3\xa9\xf0\x9f\x98"
AS_TEXT = "GET /postback?a=\\xff\\xfe&b=\\x00\\x1b[2J\né\\xf0\\x9f\\x98"


@pytest.fixture(scope="module")
def _rejected(store: Store) -> None:
    one = {"ts": at("2031-05-05T10:00:00"), "kind": "postback", "reason": "click_id_malformed"}
    store.put("rejected", [{**one, "rejected_id": "r1", "raw": RAW}, {**one, "rejected_id": "r2", "raw": b'\\"'}])


@pytest.mark.usefixtures("_rejected")
def test_raw_bytes_are_readable_text(store: Store):
    asked = {"from": "2031-05-05", "to": "2031-05-06", "columns": "rejected_id,raw"}
    found = rows(exported(store, "rejected", ADMIN, **asked))
    assert found == [{"rejected_id": "r1", "raw": AS_TEXT}, {"rejected_id": "r2", "raw": '\\"'}]
    lines = [json.loads(line) for line in exported(store, "rejected", ADMIN, **asked, format="jsonl").splitlines()]
    assert lines[1] == {"rejected_id": "r2", "raw": '\\"'}
    assert lines[0]["raw"] == AS_TEXT.replace("\\x00\\x1b", "\x00\x1b")


@pytest.mark.usefixtures("_rejected")
def test_a_narrow_caller_has_no_export_of_what_belongs_to_nobody(store: Store):
    with pytest.raises(ClickledgerError) as caught:
        exported(store, "rejected")
    assert caught.value.kind.code == "forbidden"


def test_another_s_rows_are_never_exported(store: Store):
    assert exported(store, who=Principal("partner", partner_id=P + 1), columns="click_id") == b"click_id\n"


@pytest.mark.parametrize(
    ("table", "parameters", "code"),
    [
        ("click", {}, "unknown_export"),
        ("clicks_hourly", {}, "unknown_export"),
        ("clicks", {"columns": "click_id,contry"}, "unknown_column"),
        ("clicks", {"columns": "click_id` FROM system.users --"}, "unknown_column"),
        ("clicks", {"columns": "*"}, "unknown_column"),
        ("clicks", {"format": "xls"}, "unknown_format"),
        ("clicks", {"from": ""}, "parameter_missing"),
        ("clicks", {"to": "2026-11-02"}, "empty_range"),
        ("clicks", {"to": "later"}, "date_invalid"),
        ("clicks", {"timezone": "Nowhere"}, "unknown_timezone"),
    ],
)
def test_each_mistake_has_its_own_code(store: Store, table, parameters, code):
    with pytest.raises(ClickledgerError) as caught:
        exported(store, table, **parameters)
    assert (caught.value.kind.code, caught.value.kind.status) == (code, 400)


def test_a_misspelled_column_is_answered_with_the_nearest(store: Store):
    with pytest.raises(ClickledgerError, match="country"):
        exported(store, columns="contry")


def narrow(store: Store, *filters: str, table: str = "clicks", who: Principal = WHO, **parameters: str) -> bytes:
    given = {"from": "2026-11-02", "to": "2026-11-03", **parameters}
    export = narrowed(wanted(table, given, who), filters, who, Directory())
    return b"".join(streaming.stream(export, who, readers=store.readers, chosen=store.chosen).pieces)


@pytest.mark.parametrize("table", ["clicks", "conversions", "conversion_changes"])
def test_filters_keep_the_rows_that_the_log_keeps(store: Store, table: str):
    if table == "clicks":
        found = rows(narrow(store, "offer_id=3", "sub1~s8", "hour=2026-11-02 10:00"))
        expected = [
            f"e{n:05d}"
            for n in range(COUNT)
            if n % 7 == 3 and "s8" in f"s{n}" and (START + n * timedelta(days=1) / COUNT).hour == 10
        ]
        assert expected
        assert [row["click_id"] for row in found] == expected
    else:
        assert rows(narrow(store, "conversion_status=hold", table=table)) == []


def test_a_filter_is_about_the_stored_value_and_not_about_the_written_one(store: Store):
    # 'ts' is written with an offset and labels are joined: neither is what a filter looks at.
    (found,) = rows(narrow(store, "fraud_reason=b", columns="fraud_reasons,ts"))
    assert found["fraud_reasons"] == "a|b"


@pytest.mark.parametrize("form", ["json", "parquet", "xlsx"])
def test_filters_hold_in_every_format(store: Store, form: str):
    given = {"from": "2026-11-02", "to": "2026-11-03", "format": form}
    export = narrowed(wanted("clicks", given, WHO), ["offer_id=3"], WHO, Directory())
    file = streaming.stream(export, WHO, readers=store.readers, chosen=store.chosen)
    body = b"".join(file.pieces)
    assert file.rows == sum(n % 7 == 3 for n in range(COUNT))
    assert form != "json" or len(json.loads(body)) == file.rows
    assert form != "parquet" or pq.read_table(io.BytesIO(body)).num_rows == file.rows


@pytest.mark.parametrize(
    ("table", "condition", "code"),
    [
        ("clicks", "nonsense=1", "unknown_dimension"),
        ("clicks", "clicks>=3", "filter_incomplete"),
        ("clicks", "{", "filter_incomplete"),
        ("outbound_attempts", "country=DE", "unknown_dimension"),
    ],
)
def test_a_filter_that_cant_be_meant_is_refused(store: Store, table: str, condition: str, code: str):
    with pytest.raises(ClickledgerError) as refused:
        narrow(store, condition, table=table)
    assert refused.value.kind.code == code


def test_who_does_not_see_a_dimension_filters_by_it_in_no_export(store: Store):
    with pytest.raises(ClickledgerError) as refused:
        narrow(store, "partner_tag=vip", who=Principal("partner", partner_id=P))
    assert refused.value.kind.code == "dimension_hidden"
