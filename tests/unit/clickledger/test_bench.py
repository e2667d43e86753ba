from __future__ import annotations

import json
import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from clickledger import cli
from clickledger.bench import redirect, wrk
from clickledger.bench.lines import Line, table
from clickledger.bench.programs import program
from clickledger.bench.redirect import OURS, RULED, YARDSTICK
from clickledger.bench.wrk import Prepared, write_script
from tracker.edge.program import Program
from tracker.snapshot import decode, encode


def server(name, share, p99_times=1.5, failed=0):
    return {"server": name, "requests_per_second": 1_000, "p50_ms": 1.0, "p99_ms": 2.0, "failed": failed,
            "share_of_bare": share, "p99_times_bare": p99_times}  # fmt: skip


def found(*servers, answered=10, stored=10):
    memory = {"highest_mib": 70.0, "target_mib": 150, "holds": True}
    return {"servers": list(servers), "edge_memory": memory, "answered": answered, "in_the_journal": stored}


def test_without_wrk_the_command_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(cli.build("bench"), ["bench"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip().endswith(wrk.HOW_TO_GET_WRK)


def test_the_command_loads_what_it_is_told_and_shows_it(monkeypatch):
    asked = {}

    def measure(**arguments):
        asked.update(arguments)
        return found(server(YARDSTICK, 1.0), server(OURS, 0.3), server("http://other.example/x", 2.0)) | {
            "holds": False
        }

    monkeypatch.setattr(redirect, "measure", measure)
    arguments = [
        "bench",
        "--target",
        "http://other.example/x",
        "--rounds",
        "2",
        "--connections",
        "8",
        "--seconds",
        "1",
    ]
    result = CliRunner().invoke(cli.build("bench"), arguments)
    assert asked == {"rounds": 2, "connections": 8, "seconds": 1.0, "targets": ("http://other.example/x",)}
    assert result.exit_code == 1
    assert json.loads(result.stdout)["servers"][2]["server"] == "http://other.example/x"
    assert "http://other.example/x" in re.sub(r"\s+", "", result.stderr).replace("│", "")


@pytest.mark.parametrize(
    ("ours", "ruled", "holding"),
    [(0.45, 0.30, [True, True]), (0.44, 0.31, [False, True]), (0.60, 0.29, [True, False])],
)
def test_each_share_is_held_against_its_own_target(ours, ruled, holding):
    lines = redirect.lines(found(server(YARDSTICK, 1.0), server(OURS, ours), server(RULED, ruled)))
    assert [line.holds for line in lines if line.what.endswith("bare, redirects")] == holding


def test_answers_that_failed_are_shown_and_clicks_missing_from_the_journal_are_no_success():
    lines = redirect.lines(found(server(YARDSTICK, 1.0), server(OURS, 0.5, failed=7), answered=10, stored=9))
    assert any("7 failed" in line.measured for line in lines)
    assert [line.holds for line in lines if line.what.startswith("clicks answered")] == [False]


def test_the_table_says_what_holds_and_what_does_not():
    console = Console(record=True, width=80, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115 - a sink
    console.print(table([Line("a", "1", ">= 1", holds=True), Line("b", "0", ">= 1", holds=False), Line("c", "2")]))
    cells = [line.replace("│", " ").split() for line in console.export_text().splitlines() if "│" in line]
    assert cells == [["a", "1", ">=", "1", "yes"], ["b", "0", ">=", "1", "NO"], ["c", "2"]]


def test_the_rules_that_are_measured_are_known_to_the_edge():
    made = Program(decode(encode(program(3, 2, rules=True))))
    offer = made.offers["3"]
    assert offer.targeting is not None
    assert (offer.route.caps[0].kind, offer.route.duplicates.by) == ("click", "visitor")
    assert Program(decode(encode(program(3, 2)))).offers["3"].route.caps == ()


def test_requests_reach_wrk_with_their_path_and_headers(tmp_path):
    script = write_script(tmp_path / "s.lua", [Prepared({"User-Agent": 'a "b"'}, "/click?x=1"), Prepared({})])
    text = script.read_text()
    assert '{path="/click?x=1",headers={["User-Agent"]="a \\"b\\""}}' in text
    assert "{headers={}}" in text
