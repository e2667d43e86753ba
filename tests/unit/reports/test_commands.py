"""``clickledger report`` and ``clickledger export``: what they ask the service and what they print."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import export as export_command
from clickledger.commands import report as report_command
from kernel.errors import STORE_AWAY, ClickledgerError
from reports.export.formats import FORMATS
from reports.export.request import EXPORTS
from reports.query import Query

ANSWER = {
    "rows": [{"partner": "Ann", "partner_id": 1, "clicks": 12345}],
    "meta": {
        "dimensions": ["partner"],
        "metrics": ["clicks"],
        "row_count": 1,
        "truncated": True,
        "currency": "USD",
    },
}


class Service:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.pieces: list[bytes | Exception] = [b"click_id\n", b"a\n"]
        self.headers = {"X-Total-Rows": "1", "X-Expected-Bytes": "10"}

    def find(self):
        return self

    def post(self, path, body):
        self.asked.append((path, body))
        return ANSWER

    @contextmanager
    def stream(self, path, params):
        self.asked.append((path, params))
        yield self

    def iter_bytes(self):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@pytest.fixture
def service(monkeypatch) -> Service:
    made = Service()
    monkeypatch.setattr(report_command, "Service", made)
    monkeypatch.setattr(export_command, "Service", made)
    return made


def run(*arguments: str):
    app = typer.Typer(pretty_exceptions_enable=False)
    report_command.register(app)
    export_command.register(app)
    return CliRunner().invoke(app, arguments)


def test_the_options_become_a_query(service: Service):
    options = "--from 2026-11-01 --to 2026-11-08 --timezone Asia/Kolkata --by partner,country --metrics clicks,cr --limit 5"
    more = [
        "--filter",
        "country=DE",
        "--filter",
        "clicks>=10",
        "--sort",
        "-clicks,partner",
        "--totals",
        "--currency",
        "EUR",
        "--offset",
        "2",
    ]
    assert run("report", *options.split(), *more).exit_code == 0
    assert service.asked == [
        (
            "/api/v1/reports/query",
            {
                "from": "2026-11-01",
                "to": "2026-11-08",
                "timezone": "Asia/Kolkata",
                "dimensions": ["partner", "country"],
                "metrics": ["clicks", "cr"],
                "filters": [
                    {"dimension": "country", "op": "eq", "values": ["DE"]},
                    {"metric": "clicks", "op": "gte", "values": ["10"]},
                ],
                "sort": [{"by": "clicks", "desc": True}, {"by": "partner", "desc": False}],
                "limit": 5,
                "offset": 2,
                "totals": True,
                "currency": "EUR",
            },
        )
    ]
    assert Query.model_validate(service.asked[0][1])


def test_without_options_it_is_the_last_week_until_tomorrow(service: Service):
    assert run("report").exit_code == 0
    query = Query.model_validate(service.asked[0][1])
    assert query.timezone == "UTC"
    assert query.metrics
    assert (int(query.to.replace("-", "")), len(query.from_)) > (int(query.from_.replace("-", "")), 9)


def test_json_is_the_service_s_whole_answer(service: Service):
    assert json.loads(run("report", "--format", "json").stdout) == ANSWER


def test_csv_and_tables_say_what_is_missing_on_stderr(service: Service):
    result = run("report", "--format", "csv")
    assert result.stdout == "partner,partner_id,clicks\nAnn,1,12345\n"
    assert "more than these 1 rows" in result.stderr
    result = run("report")
    assert "12,345" in result.stdout
    assert "more than these 1 rows" in result.stderr


def test_a_filter_that_is_none_is_refused_before_asking(service: Service):
    result = run("report", "--filter", "country")
    assert result.exit_code == 2
    assert "country=DE" in result.stderr
    assert service.asked == []


def test_an_export_is_streamed_to_stdout(service: Service):
    result = run(
        "export",
        "clicks",
        "--from",
        "2026-11-01",
        "--to",
        "2026-11-02",
        "--columns",
        "click_id",
        "--format",
        "jsonl",
        "--timezone",
        "UTC",
    )
    assert result.stdout_bytes == b"click_id\na\n"
    parameters = {
        "from": "2026-11-01",
        "to": "2026-11-02",
        "columns": "click_id",
        "format": "jsonl",
        "timezone": "UTC",
    }
    assert service.asked == [("/api/v1/export/clicks", parameters)]


def test_an_export_into_a_file_has_its_name_when_it_is_whole(service: Service, tmp_path):
    file = tmp_path / "clicks.csv"
    assert (
        run("export", "clicks", "--from", "2026-11-01", "--to", "2026-11-02", "--output", str(file)).exit_code == 0
    )
    assert file.read_bytes() == b"click_id\na\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_broken_export_never_looks_whole(service: Service, tmp_path):
    service.pieces.append(STORE_AWAY.error())
    file = tmp_path / "clicks.csv"
    result = run("export", "clicks", "--from", "2026-11-01", "--to", "2026-11-02", "--output", str(file))
    assert isinstance(result.exception, ClickledgerError)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_only_when_told(service: Service, tmp_path):
    file = tmp_path / "clicks.csv"
    file.write_bytes(b"dear")
    result = run("export", "clicks", "--output", str(file))
    assert (result.exit_code, file.read_bytes(), service.asked) == (2, b"dear", [])
    assert "--force" in result.stderr
    assert run("export", "clicks", "--output", str(file), "--force").exit_code == 0
    assert file.read_bytes() == b"click_id\na\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_came_meanwhile_stays(service: Service, tmp_path):
    file = tmp_path / "clicks.csv"

    def pieces():
        yield b"click_id\n"
        file.write_bytes(b"another's")

    service.iter_bytes = pieces
    assert run("export", "clicks", "--output", str(file)).exit_code == 2
    assert file.read_bytes() == b"another's"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("form", [form.value for form in export_command.ExportFormat])
@pytest.mark.parametrize("table", [table.value for table in export_command.Exported])
def test_every_table_is_exported_in_every_format(service: Service, table, form):
    result = run("export", table, "--format", form, "--raw", "--columns", "ts")
    assert (result.exit_code, result.stdout_bytes) == (0, b"click_id\na\n")
    path, parameters = service.asked[0]
    assert path == f"/api/v1/export/{table}"
    assert (parameters["format"], parameters["raw"], parameters["columns"]) == (form, "true", "ts")


def test_the_command_offers_what_the_service_has():
    assert [table.value for table in export_command.Exported] == list(EXPORTS)
    assert [form.value for form in export_command.ExportFormat] == list(FORMATS)


def test_progress_is_drawn_on_stderr_for_a_person(service: Service, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = run("export", "clicks")
    assert result.stdout_bytes == b"click_id\na\n"
    assert "clicks: 1 rows, 11 bytes" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", result.stderr)


def test_only_known_tables_are_exported(service: Service):
    assert run("export", "users", "--from", "2026-11-01", "--to", "2026-11-02").exit_code == 2
    assert service.asked == []
