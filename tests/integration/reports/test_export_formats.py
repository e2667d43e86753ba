"""Every format holds the same rows, with types where it has them, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import anyio
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kernel.auth import ADMIN, Principal
from kernel.errors import ClickledgerError
from reports.export import files, formats
from reports.export import stream as streaming
from reports.export.download import Download
from reports.export.formats import FORMATS, Writing
from reports.export.harmless import harmless
from reports.export.request import EXPORTS, wanted
from reports.export.rows import pieces
from reports.export.windows import windows
from reports.flat import flat_columns, flat_row
from reports.registry import METRICS
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 945_000_001
WHO = Principal("manager", partner_id=P)
DAY = {"from": "2026-11-02", "to": "2026-11-03"}
COLUMNS = "click_id,ts,offer_id,sub1,fraud_reasons,cost,is_bot"
TEXTS = ["=1+1", "-5", "+a", "@x", "\tt", "\rr", "a;=b", 'q"uote, and\nline 🦊', "\x00\x01_x0041_", " lead ", ""]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def streamed(
    store: Store, table: str = "clicks", who: Principal = WHO, **parameters: object
) -> streaming.Streamed:
    export = wanted(table, {**DAY, "columns": COLUMNS, **parameters}, who)
    return streaming.stream(export, who, readers=store.readers, chosen=store.chosen)


def body(store: Store, table: str = "clicks", who: Principal = WHO, **parameters: object) -> bytes:
    return b"".join(streamed(store, table, who, **parameters).pieces)


def sheet(file: bytes) -> tuple[list[list[str | float | bool | None]], str]:
    """The cells of an xlsx file as Excel reads them, and the sheet's own XML."""
    with zipfile.ZipFile(io.BytesIO(file)) as packed:
        assert packed.testzip() is None
        text = packed.read("xl/worksheets/sheet1.xml").decode()
    rows = []
    for row in ET.fromstring(text).iter(f"{SHEET}row"):  # noqa: S314 - a file made a moment ago
        cells: dict[int, str | float | bool | None] = {}
        for cell in row:
            letters = re.match("[A-Z]+", cell.attrib["r"])[0]
            place = sum((ord(c) - 64) * 26**n for n, c in enumerate(reversed(letters))) - 1
            kind = cell.attrib.get("t", "n")
            value = "".join(part.text or "" for part in cell.iter() if part.tag in {f"{SHEET}t", f"{SHEET}v"})
            if kind == "inlineStr":
                cells[place] = re.sub("_x([0-9A-F]{4})_", lambda code: chr(int(code[1], 16)), value)
            else:
                cells[place] = value == "1" if kind == "b" else float(value)
        rows.append([cells.get(n) for n in range(max(cells) + 1)])
    return rows, text


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    clicks = [
        {
            "click_id": f"f{n:02d}",
            "ts": at("2026-11-02T10:00:00.125") + n * 1000,
            "partner_id": P,
            "offer_id": 4_000_000_000 + n,
            "sub1": text,
            "fraud_reasons": ["=a", "b"][: n % 3],
            "cost": Decimal("-123456789012.345678") if n == 1 else Decimal("0.1"),
            "cost_currency": "USD",
            "is_bot": n == 2,
        }
        for n, text in enumerate(TEXTS)
    ]
    store.put("clicks", clicks)


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_columnar_files_have_types_and_exact_values(store: Store, form):
    file = pa.BufferReader(body(store, format=form, timezone="Asia/Kolkata"))
    table = pq.read_table(file) if form == "parquet" else pa.ipc.open_stream(file).read_all()
    assert [str(field.type) for field in table.schema] == [
        "string",
        "timestamp[ms, tz=Asia/Kolkata]",
        "uint32",
        "string",
        *([str(table.schema.field("fraud_reasons").type)]),
        "decimal128(18, 6)",
        "bool",
    ]
    assert table["sub1"].to_pylist() == TEXTS
    assert table["cost"][1].as_py() == Decimal("-123456789012.345678")
    assert table["fraud_reasons"].to_pylist()[:3] == [[], ["=a"], ["=a", "b"]]
    assert table["ts"].cast(pa.int64())[0].as_py() == at("2026-11-02T10:00:00.125")
    assert (table["offer_id"][0].as_py(), table["is_bot"].to_pylist().index(True)) == (4_000_000_000, 2)


def test_a_workbook_has_numbers_times_and_texts_that_are_no_formulas(store: Store):
    (header, *rows), text = sheet(body(store, format="xlsx", timezone="Asia/Kolkata"))
    assert header == COLUMNS.split(",")
    assert [row[3] for row in rows] == [harmless(one) or None for one in TEXTS]
    assert "<f>" not in text
    assert rows[1][5] == pytest.approx(-123456789012.345678)
    assert (rows[0][2], rows[2][6], rows[0][6]) == (4_000_000_000.0, True, False)
    assert [row[4] for row in rows[:3]] == [None, "'=a", "'=a|b"]
    shown = datetime(1899, 12, 30) + timedelta(days=rows[0][1])  # noqa: DTZ001 - a sheet's times have no zone
    assert abs(shown - datetime(2026, 11, 2, 15, 30, 0, 125_000)) < timedelta(milliseconds=1)  # noqa: DTZ001 - as above


def test_raw_leaves_texts_as_they_are_and_other_formats_always_do(store: Store):
    for raw, expected in ((False, [harmless(one) for one in TEXTS]), (True, TEXTS)):
        found = csv.DictReader(io.StringIO(body(store, raw=raw).decode(), newline=""))
        assert [row["sub1"] for row in found] == expected
    (_, *rows), _ = sheet(body(store, format="xlsx", raw=True))
    assert [row[3] for row in rows] == [one or None for one in TEXTS]
    for raw in (False, True):
        assert [row["sub1"] for row in json.loads(body(store, format="json", raw=raw))] == TEXTS


def test_numbers_are_never_touched(store: Store):
    found = list(csv.DictReader(io.StringIO(body(store).decode(), newline="")))
    assert found[1]["cost"] == "-123456789012.345678"
    assert found[1]["sub1"] == "-5"
    assert b",-123456789012.345678," in body(store)


def test_json_is_one_array_of_what_json_lines_has(store: Store):
    lines = [json.loads(line) for line in body(store, format="jsonl").splitlines()]
    assert json.loads(body(store, format="json")) == lines
    assert len(lines) == len(TEXTS)
    assert json.loads(body(store, format="json", **{"from": "2026-12-02", "to": "2026-12-03"})) == []


@pytest.mark.parametrize("form", FORMATS)
def test_windows_and_chunks_change_nothing(store: Store, monkeypatch, form):
    def rows() -> object:
        file = body(store, format=form)
        match form:
            case "xlsx":
                return sheet(file)
            case "parquet":
                return pq.read_table(pa.BufferReader(file)).to_pylist()
            case "arrow":
                return pa.ipc.open_stream(file).read_all().to_pylist()
            case _:
                return file

    whole = rows()
    monkeypatch.setattr(streaming, "windows", lambda span, hours: windows(span, hours, 2))
    monkeypatch.setattr(streaming, "_CHUNK", 5)
    monkeypatch.setattr(files, "_GROUP", 3)
    assert rows() == whole


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_without_rows_is_a_valid_file(store: Store, form):
    nothing = {"from": "2026-12-02", "to": "2026-12-03", "format": form, "columns": "click_id,cost"}
    file = body(store, **nothing)
    match form:
        case "xlsx":
            assert sheet(file)[0] == [["click_id", "cost"]]
        case "parquet":
            assert pq.read_table(pa.BufferReader(file)).schema.names == ["click_id", "cost"]
        case "arrow":
            assert pa.ipc.open_stream(file).read_all().num_rows == 0
        case _:
            assert file == {"csv": b"click_id,cost\n", "json": b"[]\n", "jsonl": b""}[form]


@pytest.mark.parametrize("form", FORMATS)
def test_the_rows_are_known_before_the_first_byte(store: Store, form):
    file = streamed(store, format=form)
    assert file.rows == len(TEXTS)
    file.pieces.close()


def test_a_sheet_that_can_t_hold_the_rows_is_refused_before_the_first_byte(store: Store, monkeypatch):
    monkeypatch.setattr(formats, "XLSX_ROWS", len(TEXTS) - 1)
    with pytest.raises(ClickledgerError, match="csv, parquet or arrow") as caught:
        streamed(store, format="xlsx")
    assert (caught.value.kind.code, caught.value.details["rows"]) == ("export_too_large", len(TEXTS))
    assert streamed(store, format="csv").rows == len(TEXTS)


def test_bytes_stay_bytes_in_columns_and_are_readable_elsewhere(store: Store):
    raw = b"=\xff\x00"
    store.put("rejected", [{"ts": at("2031-06-05T10:00:00"), "rejected_id": "fr1", "raw": raw}])
    asked = {"from": "2031-06-05", "to": "2031-06-06", "columns": "raw", "who": ADMIN}
    assert pq.read_table(pa.BufferReader(body(store, "rejected", format="parquet", **asked)))[
        "raw"
    ].to_pylist() == [raw]
    assert sheet(body(store, "rejected", format="xlsx", **asked))[0][1:] == [["'=\\xff\\x00"]]
    assert body(store, "rejected", **asked) == b'raw\n"\'=\\xff\\x00"\n'


def test_changes_are_exported_by_their_own_time_and_tries_to_their_hook_s_owner_alone(store: Store):
    one = {
        "conversion_id": f"{P}c",
        "partner_id": P,
        "ts": at("2026-10-01T10:00:00"),
        "click_ts": at("2026-10-01T09:00:00"),
    }
    states = [
        (1, "pending", "2026-11-01T23:59:59"),
        (2, "approved", "2026-11-02T10:00:00"),
        (3, "rejected", "2026-11-02T11:00:00"),
    ]
    store.put(
        "conversion_changes",
        [{**one, "change_seq": s, "status": status, "changed_at": at(when)} for s, status, when in states],
    )
    assert json.loads(body(store, "conversion_changes", format="json", columns="change_seq,status")) == [
        {"change_seq": 2, "status": "approved"},
        {"change_seq": 3, "status": "rejected"},
    ]
    tried = {"ts": at("2026-11-02T10:00:00"), "partner_id": P, "attempt": 1}
    store.put(
        "outbound_attempts",
        [
            {**tried, "message_id": "own", "hook_partner_id": P},
            {**tried, "message_id": "network", "hook_partner_id": 0},
        ],
    )
    partner = Principal("partner", partner_id=P)
    assert json.loads(body(store, "outbound_attempts", partner, format="json", columns="message_id")) == [
        {"message_id": "own"}
    ]
    assert streamed(store, "outbound_attempts", ADMIN, columns="message_id").rows >= 2


def test_hidden_money_is_in_no_export(store: Store):
    for table in EXPORTS:
        if table != "rejected":
            export = wanted(table, DAY, Principal("partner", partner_id=P))
            assert "revenue" not in {column.name for column in export.columns}


REPORT = {
    "from": "2026-11-02",
    "to": "2026-11-03",
    "dimensions": ["partner", "sub1"],
    "metrics": ["gross_clicks", "cost", "cr", "first_click_at"],
    "filters": [{"dimension": "partner_id", "value": P}],
    "sort": [{"by": "first_click_at"}],
}


@pytest.fixture(scope="module")
def client(store: Store, web):
    with web(Directory({"partner": {P: "=Evil()"}})) as found:
        yield found


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_is_a_file_in_every_format(client, form):
    answer = client.post("/api/v1/reports/export", json={**REPORT, "format": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="report-20261102-20261103.{form}"'
    assert answer.headers["x-total-rows"] == str(len(TEXTS))
    names = ["partner", "partner_id", "sub1", "gross_clicks", "cost", "cr", "first_click_at"]
    match form:
        case "csv":
            rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
            assert list(rows[0]) == names
            assert [row["sub1"] for row in rows] == [harmless(text) for text in TEXTS]
            assert (rows[0]["partner"], rows[0]["cost"]) == ("'=Evil()", "0.1")
        case "xlsx":
            rows, _ = sheet(answer.content)
            assert rows[0] == names
            assert rows[1][:5] == ["'=Evil()", P, "'=1+1", 1, 0.1]
        case "parquet" | "arrow":
            file = pa.BufferReader(answer.content)
            table = pq.read_table(file) if form == "parquet" else pa.ipc.open_stream(file).read_all()
            assert table["cost"].to_pylist()[0] == Decimal("0.1")
            assert pa.types.is_decimal(table.schema.field("cost").type)
            assert table["first_click_at"].to_pylist()[0] == datetime(2026, 11, 2, 10, 0, 0, 125_000, UTC)
            assert (table["sub1"].to_pylist(), table["partner"][0].as_py()) == (TEXTS, "=Evil()")
        case _:
            rows = json.loads(answer.text) if form == "json" else list(map(json.loads, answer.text.splitlines()))
            assert [row["sub1"] for row in rows] == TEXTS
            assert list(rows[0]) == names


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_without_rows_has_its_columns(client, form):
    asked = {**REPORT, "from": "2027-01-01", "to": "2027-01-02", "format": form}
    answer = client.post("/api/v1/reports/export", json=asked)
    assert (answer.status_code, answer.headers["x-total-rows"]) == (200, "0")
    if form == "csv":
        assert answer.text == '"partner","partner_id","sub1","gross_clicks","cost","cr","first_click_at"\n'
    if form == "json":
        assert answer.json() == []


def test_a_report_that_was_cut_unasked_is_refused(store: Store, web):
    with web(chosen=store.chosen.model_copy(update={"report_max_rows": 5})) as client:
        answer = client.post("/api/v1/reports/export", json=REPORT)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "export_too_large")
        first = client.post("/api/v1/reports/export", json={**REPORT, "limit": 3, "format": "json"})
        assert [row["sub1"] for row in first.json()] == TEXTS[:3]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"format": "pdf"}, "unknown_format"),
        ({"metrics": ["klicks"]}, "unknown_metric"),
        ({"raw": 1}, "body_invalid"),
    ],
)
def test_a_mistake_in_a_report_s_export_is_a_400(client, given, code):
    answer = client.post("/api/v1/reports/export", json={**REPORT, **given})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_pivot_s_column_names_run_nothing_either():
    rows = [{"=HYPERLINK()": 1, "+a": Decimal("-2.5")}]
    columns = [{"name": name, "role": "metric", "unit": "number"} for name in rows[0]]
    assert b"".join(pieces(rows, columns, Writing("csv"))) == b'"\'=HYPERLINK()","\'+a"\n1,-2.5\n'
    (header, values), _ = sheet(b"".join(pieces(rows, columns, Writing("xlsx"))))
    assert (header, values) == (["'=HYPERLINK()", "'+a"], [1.0, -2.5])


@pytest.mark.parametrize("form", FORMATS)
def test_a_pivot_has_a_column_for_each_metric_of_each_key(client, form):
    asked = {**REPORT, "dimensions": ["partner"], "metrics": ["gross_clicks", "cost"], "sort": []}
    answer = client.post("/api/v1/reports/export", json={**asked, "pivot": "is_bot", "format": form})
    assert answer.status_code == 200, answer.text
    names = [
        "partner",
        "partner_id",
        *(f"{name}: {key}" for key in ("false", "true") for name in asked["metrics"]),
    ]
    people = Decimal("-123456789012.345678") + Decimal("0.1") * (len(TEXTS) - 2)
    values = [P, len(TEXTS) - 1, people, 1, Decimal("0.1")]
    match form:
        case "csv":
            header = ",".join(f'"{name}"' for name in names)
            assert answer.text == f'{header}\n"\'=Evil()",{",".join(map(str, values))}\n'
        case "xlsx":
            rows, _ = sheet(answer.content)
            assert rows == [names, ["'=Evil()", *(pytest.approx(float(value)) for value in values)]]
        case "parquet" | "arrow":
            file = pa.BufferReader(answer.content)
            table = pq.read_table(file) if form == "parquet" else pa.ipc.open_stream(file).read_all()
            assert table.column_names == names
            assert [column[0].as_py() for column in table.columns] == ["=Evil()", *values]
            assert pa.types.is_decimal(table.schema.field("cost: true").type)
        case _:
            rows = json.loads(answer.text) if form == "json" else list(map(json.loads, answer.text.splitlines()))
            assert rows[0]["gross_clicks"] == {"false": len(TEXTS) - 1, "true": 1}


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@pytest.mark.parametrize(
    "shape", [{}, {"pivot": "is_bot"}, {"compare": "previous_period", "pivot": "offer"}], ids=str
)
def test_every_metric_has_the_type_of_its_unit_and_the_value_of_the_answer(client, form, shape):
    formulas = [{"name": "mine", "formula": "clicks / 3", "unit": "money"}]
    formulas += [{"name": "exact", "formula": "payout - cost"}, {"name": "half", "formula": "clicks * 1.5"}]
    asked = {**REPORT, "dimensions": ["sub1"], "metrics": [*METRICS, "mine", "exact", "half"], "sort": []}
    asked |= {"formulas": formulas, "timezone": "Asia/Kolkata", **shape}
    file = client.post("/api/v1/reports/export", json={**asked, "format": form})
    assert file.status_code == 200, file.text
    reader = pa.BufferReader(file.content)
    table = pq.read_table(reader) if form == "parquet" else pa.ipc.open_stream(reader).read_all()
    answer = json.loads(client.post("/api/v1/reports/query", json=asked).content, parse_float=Decimal)
    columns = flat_columns(answer["meta"])
    assert table.column_names == [column["name"] for column in columns]
    for column in columns:
        kind = table.schema.field(column["name"]).type
        match column.get("unit"):
            case "count":
                assert kind == (pa.int64() if column["name"] != "half" else pa.float64())
            case "time":
                assert kind == pa.timestamp("ms", "Asia/Kolkata")
            case "money":
                assert pa.types.is_decimal(kind) or pa.types.is_floating(kind)
            case "ratio" | "score" | "seconds":
                assert kind == pa.float64()
    rows = [flat_row(row, columns) for row in answer["rows"]]
    for one, row in zip(table.to_pylist(), rows, strict=True):
        for column in columns:
            found, value = one[column["name"]], row[column["name"]]
            if value is not None and column.get("unit") == "time":
                value = datetime.fromisoformat(value)
            assert found == value or float(found) == float(value), column["name"]


def test_a_report_without_rows_has_the_types_of_one_with_them(client):
    asked = {**REPORT, "from": "2027-01-01", "to": "2027-01-02", "metrics": ["clicks", "cost", "cr"], "sort": []}
    answer = client.post(
        "/api/v1/reports/export", json={**asked, "dimensions": ["is_bot", "asn"], "format": "arrow"}
    )
    kinds = [str(field.type) for field in pa.ipc.open_stream(answer.content).schema]
    assert kinds == ["bool", "int64", "int64", "decimal128(38, 6)", "double"]


def test_a_comparison_without_rows_has_its_columns(client):
    asked = {**REPORT, "from": "2027-01-01", "to": "2027-01-02", "metrics": ["cost"], "sort": []}
    answer = client.post("/api/v1/reports/export", json={**asked, "compare": "previous_period", "format": "csv"})
    assert answer.text == '"partner","partner_id","sub1","cost","cost_before","cost_change"\n'


def test_headers_tell_how_much_comes(client):
    answer = client.get("/api/v1/export/clicks", params={**DAY, "columns": "click_id", "format": "csv"})
    lines = answer.text.count("\n") - 1
    assert answer.headers["x-total-rows"] == str(lines)
    assert int(answer.headers["x-expected-bytes"]) == pytest.approx(len(answer.content), rel=0.5)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_work_ends_when_the_reader_goes_away(store: Store, monkeypatch):
    """Two windows of eleven are read at most, and the handle is free again, when nobody listens any more."""
    export = wanted("clicks", {"from": "2026-11-02T10:00:00", "to": "2026-11-02T10:00:11", "format": "csv"}, WHO)
    monkeypatch.setattr(streaming, "windows", lambda span, _hours: _seconds(span))
    read: list[int] = []
    reading = streaming._read
    monkeypatch.setattr(streaming, "_read", lambda *given: (read.append(1), reading(*given)))
    file = streaming.stream(export, WHO, readers=store.readers, chosen=store.chosen)
    answer = Download(file, "clicks", export.span, "csv")
    sent = threading.Event()

    async def talk() -> None:
        async def receive() -> dict[str, str]:
            while not sent.is_set():  # noqa: ASYNC110 - the event is set by another task's send
                await anyio.sleep(0.001)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.body":
                sent.set()
                await anyio.sleep_forever()

        await answer({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)

    anyio.run(talk)
    assert len(read) <= 2
    with pytest.raises(StopIteration):
        next(file.pieces)


def _seconds(span):
    start = span.start
    while start < span.end:
        yield start, start + timedelta(seconds=1)
        start += timedelta(seconds=1)
