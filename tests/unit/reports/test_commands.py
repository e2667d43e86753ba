"""``clickledger report`` and ``clickledger export``: what they ask the service and what they print."""

from __future__ import annotations

import io
import json
import re
import signal
import threading
from contextlib import contextmanager

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from clickledger import watch
from clickledger.commands import export as export_command
from clickledger.commands import report as report_command
from kernel.errors import STORE_AWAY, ClickledgerError
from reports.errors import EMPTY_RANGE
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
        "money": "expected",
        "from": "2026-11-01T00:00:00.000+00:00",
        "to": "2026-11-08T00:00:00.000+00:00",
        "timezone": "UTC",
        "columns": [
            {"name": "partner", "label": "Partner", "role": "dimension", "kind": "id"},
            {"name": "partner_id", "label": "Partner, id", "role": "id", "kind": "number"},
            {"name": "clicks", "label": "Clicks", "role": "metric", "unit": "count"},
        ],
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
                "fill": False,
                "money": "expected",
                "formulas": [],
                "currency": "EUR",
            },
        )
    ]
    assert Query.model_validate(service.asked[0][1])


def asked(service: Service) -> Query:
    """The one query that was asked."""
    ((_, body),) = service.asked
    return Query.model_validate(body)


def test_every_shape_of_a_report_has_its_option(service: Service):
    options = (
        "--by day --metrics clicks --compare previous_year --pivot country --pivot-limit 3 --fill --money earned"
    )
    assert run("report", *options.split()).exit_code == 0
    query = asked(service)
    assert (query.compare, query.pivot, query.pivot_limit) == ("previous_year", "country", 3)
    assert (query.fill, query.money, query.currency, query.limit) == (True, "earned", None, None)


def test_a_comparison_with_a_range_is_written_with_dots(service: Service):
    assert run("report", "--compare", "2026-10-01..2026-10-08").exit_code == 0
    compare = asked(service).compare
    assert (compare.from_, compare.to) == ("2026-10-01", "2026-10-08")


def test_a_formula_is_shown_and_can_be_filtered_and_sorted_by(service: Service):
    options = [
        "--metrics",
        "clicks",
        "--formula",
        "per_sale : money = payout / approved",
        "--formula",
        "x=clicks*2",
    ]
    assert run("report", *options, "--filter", "per_sale>=1", "--filter", "own<2", "--sort", "-x").exit_code == 0
    query = asked(service)
    assert [(one.name, one.formula, one.unit) for one in query.formulas] == [
        ("per_sale", "payout / approved", "money"),
        ("x", "clicks*2", "number"),
    ]
    assert query.metrics == ["clicks", "per_sale", "x"]
    assert [(one.metric, one.dimension) for one in query.filters] == [("per_sale", None), (None, "own")]


def test_somebody_s_own_metric_can_be_filtered_by_when_it_is_asked_for(service: Service):
    assert run("report", "--metrics", "clicks,own", "--filter", "own<2").exit_code == 0
    assert [one.metric for one in asked(service).filters] == ["own"]


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--compare", "previous"], "previous_period, previous_year or FROM..TO"),
        (["--formula", "payout/clicks"], "per_sale=payout/approved"),
        (["--money", "all"], "expected"),
        (["--watch", "0.01"], "0.2"),
        (["--watch", "--format", "csv"], "CSV has one header"),
        (["--watch", "1e999"], "number of seconds"),
        (["--watch", "soon"], "soon"),
    ],
)
def test_a_wrong_option_says_what_to_write(service: Service, options, advice):
    result = run("report", *options)
    assert (result.exit_code, service.asked) == (2, [])
    assert advice in re.sub(r"[\s│]+", " ", result.stderr)


def test_a_chart_is_drawn_into_a_pipe_only_when_a_metric_is_named(service: Service):
    assert "█" not in run("report").stdout
    assert "█" in run("report", "--chart", "clicks").stdout
    assert "█" not in run("report", "--chart", "none").stdout
    wrong = run("report", "--chart", "payout")
    assert wrong.exit_code == 2
    assert "clicks" in wrong.stderr


class Interrupted(Service):
    """Answers some times, then somebody presses Ctrl-C."""

    def __init__(self, *answers) -> None:
        super().__init__()
        self.answers = list(answers)

    def post(self, path, body):
        self.asked.append((path, body))
        if not self.answers:
            raise KeyboardInterrupt
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def interrupted(monkeypatch):
    def make(*answers) -> Interrupted:
        made = Interrupted(*answers)
        monkeypatch.setattr(report_command, "Service", made)
        monkeypatch.setattr(watch.time, "sleep", lambda _: None)
        return made

    return make


def test_a_watched_report_is_asked_for_again_until_ctrl_c_ends_it(interrupted):
    service = interrupted(ANSWER, ANSWER)
    result = run("report", "--watch")
    assert (result.exit_code, len(service.asked)) == (0, 3)
    assert result.stdout.count("12,345") == 2
    assert "\x1b" not in result.stdout


def test_a_watched_report_as_json_is_one_answer_a_line(interrupted):
    interrupted(ANSWER, ANSWER)
    result = run("report", "--watch", "2", "--format", "json")
    assert [json.loads(line) for line in result.stdout.splitlines()] == [ANSWER, ANSWER]


def test_a_service_that_is_away_for_a_while_is_waited_for(interrupted):
    service = interrupted(ANSWER, STORE_AWAY.error("Away."), ANSWER)
    result = run("report", "--watch", "1", "--format", "json")
    assert (result.exit_code, len(service.asked), result.stdout.count("Ann")) == (0, 4, 2)
    assert "Away." in result.stderr


@pytest.mark.parametrize("answers", [(STORE_AWAY.error(),), (ANSWER, EMPTY_RANGE.error())])
def test_what_never_came_and_what_is_refused_for_good_ends_it(interrupted, answers):
    service = interrupted(*answers)
    result = run("report", "--watch", "1")
    assert isinstance(result.exception, ClickledgerError)
    assert len(service.asked) == len(answers)


def test_sigterm_ends_watching_like_ctrl_c_and_is_itself_again_afterwards():
    assert threading.current_thread() is threading.main_thread(), "signals are handled there"
    before = signal.getsignal(signal.SIGTERM)
    with watch.interruptible():
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("it went on")
    assert signal.getsignal(signal.SIGTERM) is before


def test_on_a_terminal_it_is_drawn_in_place(interrupted, monkeypatch):
    interrupted(ANSWER, ANSWER)
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=24, legacy_windows=False)
    monkeypatch.setattr(report_command, "console_of", lambda _: console)
    assert run("report", "--watch", "3").exit_code == 0
    drawn = screen.getvalue()
    assert "every 3 s, Ctrl-C ends" in drawn
    assert "\x1b[?25l" in drawn
    assert drawn.rstrip().endswith("\x1b[?25h"), "the cursor is back"
    assert "\x1b[1A" in drawn, "the second answer is drawn over the first"
    assert "█" in drawn


def test_days_that_were_not_given_move_on_while_it_is_watched(interrupted, monkeypatch):
    service = interrupted(ANSWER, ANSWER)
    days = iter([("2026-11-01", "2026-11-09"), ("2026-11-02", "2026-11-10"), ("2026-11-02", "2026-11-10")])
    monkeypatch.setattr(report_command.shell, "days", lambda *_: next(days))
    run("report", "--watch", "1")
    assert [body["from"] for _, body in service.asked] == ["2026-11-01", "2026-11-02", "2026-11-02"]


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
