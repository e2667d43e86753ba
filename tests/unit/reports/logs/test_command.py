"""``clickledger log``: what it asks the service and what it prints."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import log as command
from kernel.errors import ClickledgerError
from reports.logs.log import LOGS
from tracker.click_id import parse_keys

CLICK_ID = parse_keys("1:" + "cd" * 32).mint(1_793_620_800_000, 10)
ROAD = {
    "kind": "click",
    "click": {
        "click_id": CLICK_ID,
        "ts": "2026-11-02T12:00:00.000+00:00",
        "partner_id": 1,
        "partner": "Ann",
        "country": "DE",
        "city": "",
        "user_agent": "evil \x1b[31m[bold]agent",
        "is_bot": False,
        "destination": "https://shop.example/",
    },
    "decision": {
        "outcome": "reached",
        "reason": "",
        "explained": "Sent to Shoes, the offer that was asked for.",
        "destination": "https://shop.example/",
    },
    "verdict": {
        "verdict": "suspect",
        "explained": "Something speaks against it.",
        "category": "SIVT",
        "score": 45,
        "reasons": [{"code": "anonymous_proxy", "sentence": "Through a proxy.", "help": "Watch it."}],
    },
    "conversions": [
        {
            "conversion": {"conversion_id": "v1", "goal": "sale", "txn_id": ""},
            "explained": "Approved: it counts and is paid for.",
            "states": [],
        }
    ],
    "outbound": None,
    "rejected": None,
    "money": [{"currency": "USD", "earned_payout": 2.25}],
    "timeline": [
        {"at": "2026-11-02T12:00:00.000+00:00", "what": "click", "text": "A link was clicked.", "id": "c"}
    ],
}


class Service:
    """Has 1,500 clicks, remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def find(self):
        return self

    def get(self, path, params):
        self.asked.append((path, params))
        if path.startswith("/api/v1/clicks/"):
            return ROAD
        start = int(params["cursor"] or 0)
        end = min(start + params["limit"], 1_500)
        rows = [{"ts": f"t{n}", "partner_id": 1, "partner": "Ann", "os": "iOS"} for n in range(start, end)]
        columns = params.get("columns", "ts,partner_id,os").split(",")
        return {"items": rows, "next_cursor": str(end) if end < 1_500 else None, "meta": {"columns": columns}}


@pytest.fixture
def service(monkeypatch) -> Service:
    found = Service()
    monkeypatch.setattr(command, "Service", found)
    return found


def run(*words: str):
    app = typer.Typer()
    command.register(app)
    return CliRunner().invoke(app, ["log", *words])


def test_a_log_is_a_table_of_a_few_columns_with_names_for_ids(service):
    result = run("clicks", "--filter", "country=DE", "--filter", "os~i", "--from", "2026-11-01", "--limit", "2")
    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["ts", "partner"],
        ["t0", "Ann"],
        ["t1", "Ann"],
    ]
    assert "There are more than these 2 rows; raise --limit or filter." in result.stderr
    assert service.asked == [
        (
            "/api/v1/logs/clicks",
            {"timezone": "UTC", "filter": ["country=DE", "os~i"], "from": "2026-11-01", "limit": 2, "cursor": ""},
        )
    ]


def test_many_rows_are_asked_for_page_by_page(service):
    result = run("clicks", "--limit", "1200", "--json", "--columns", "ts,os")
    assert len(json.loads(result.stdout)) == 1_200
    assert [(asked["cursor"], asked["limit"]) for _, asked in service.asked] == [("", 1_000), ("1000", 200)]
    assert run("clicks", "--limit", "9000", "--columns", "ts,os").stdout.count("iOS") == 1_500


@pytest.mark.parametrize("log", LOGS)
def test_every_log_has_a_command_whose_columns_are_among_the_usual_ones(service, log):
    assert run(log).exit_code == 0
    assert service.asked[0][0] == f"/api/v1/logs/{log}"
    assert set(command._SHORT[log].split(",")) <= set(LOGS[log].usual)


def test_a_road_is_told_whole_and_without_anything_that_steers_a_terminal(service):
    result = run("click", CLICK_ID, "--timezone", "Asia/Kolkata")
    assert result.exit_code == 0, result.output
    assert service.asked == [(f"/api/v1/clicks/{CLICK_ID}", {"timezone": "Asia/Kolkata"})]
    for told in (
        "Sent to Shoes",
        "suspect, score 45.",
        "- anonymous_proxy: Through a proxy. Watch it.",
        "v1 sale: Approved",
        "2.25",
        "A link was clicked.",
        "evil \\x1b[31m[bold]agent",
    ):
        assert told in result.stdout
    assert "\x1b" not in result.stdout
    assert "city" not in result.stdout
    assert json.loads(run("click", CLICK_ID, "--json").stdout) == ROAD


@pytest.mark.parametrize("click_id", ["x", "../keys", "a/b", ""])
def test_what_is_no_click_id_is_never_asked_for(service, click_id):
    result = run("click", click_id)
    assert isinstance(result.exception, ClickledgerError)
    assert result.exception.kind.code == "click_id_unreadable"
    assert service.asked == []
