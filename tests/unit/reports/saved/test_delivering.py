from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from kernel.errors import ClickledgerError
from kernel.settings import Settings
from partners.models import ReportSchedule
from reports.saved.delivering import (
    MOST_WEBHOOK_BYTES,
    DeliveryError,
    file_name,
    message_id,
    webhook_body,
    whole,
    write_file,
    written,
)
from tests.unit.reports.asking import SETTINGS, query

DUE = datetime(2026, 11, 18, 20, tzinfo=UTC)


def schedule(**fields):
    given = {"id": 4, "report_id": 2, "timezone": "Asia/Kolkata", "format": "csv", "file_name": "daily"}
    return ReportSchedule(**given | fields)


COLUMNS = [
    {"name": "country", "label": "Country", "role": "dimension", "kind": "text"},
    {"name": "clicks", "label": "Clicks", "role": "metric", "unit": "count"},
]


def answer(*rows, truncated=False):
    meta = {"row_count": len(rows), "truncated": truncated, "dimensions": ["country"], "metrics": ["clicks"]}
    return {"rows": list(rows), "meta": meta | {"timezone": "UTC", "columns": COLUMNS}}


def test_a_file_is_called_by_the_local_date_of_its_run():
    assert file_name(schedule(), DUE) == "daily-2026-11-19.csv"
    assert file_name(schedule(timezone="UTC", format="parquet"), DUE) == "daily-2026-11-18.parquet"


def test_a_file_replaces_the_one_of_its_name_and_leaves_no_other(tmp_path):
    write_file(tmp_path, "a.csv", b"first")
    write_file(tmp_path, "a.csv", b"second")
    assert [path.read_bytes() for path in (tmp_path / "reports").iterdir()] == [b"second"]
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "a/b.csv", "..", ".a.csv", ""])
def test_no_name_leads_out_of_the_directory(tmp_path, name):
    with pytest.raises(DeliveryError):
        write_file(tmp_path / "data", name, b"x")
    assert list(tmp_path.rglob("*.csv")) == []


def test_a_text_travels_as_it_is_and_a_file_of_bytes_in_base64():
    shown = answer({"country": "DE", "clicks": 3})
    for kind, content, sent in (("csv", b"country\n", "country\n"), ("xlsx", b"PK\x00", "UEsA")):
        told = json.loads(webhook_body(schedule(format=kind), "Daily", DUE, shown, content))
        assert (told["timestamp"], told["data"]["content"]) == ("2026-11-18T20:00:00Z", sent)
    assert told["data"]["encoding"] == "base64"
    assert base64.b64decode(told["data"]["content"]) == b"PK\x00"


def test_a_webhook_that_is_too_long_is_not_sent():
    with pytest.raises(DeliveryError, match="larger than 5 MiB"):
        webhook_body(schedule(), "Daily", DUE, answer(), b"x" * MOST_WEBHOOK_BYTES)


def test_tries_of_one_run_share_an_id_and_other_runs_have_others():
    assert message_id(schedule(), DUE) == "report_4_1795032000"
    assert message_id(schedule(id=5), DUE) != message_id(schedule(), DUE)


def test_a_file_has_all_rows_unless_the_report_asks_for_its_first():
    assert (whole(query(totals=True), SETTINGS).limit, whole(query(totals=True), SETTINGS).totals) == (1000, False)
    assert whole(query(limit=5), SETTINGS).limit == 5


def test_rows_that_are_missing_unasked_are_an_error_not_a_shorter_file():
    row = {"country": "DE", "clicks": 3}
    assert json.loads(written(answer(row, truncated=True), "json", 1)) == [row]
    with pytest.raises(ClickledgerError, match="more than 1 rows"):
        written(answer(row, truncated=True), "csv", None)


def test_links_begin_with_the_url_people_reach_the_web_role_at():
    assert Settings(web_public_url="https://reports.example/").shared_url == "https://reports.example"
    assert Settings(web_port=9001).shared_url == "http://127.0.0.1:9001"
