"""``clickledger hook``: what it asks the service and what it prints."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import hook as command

TRY = {
    "ts": "2025-11-01T12:00:00.000Z",
    "hook_id": 3,
    "message_id": "3_c_5",
    "attempt": 1,
    "outcome": "failed",
    "response_status": 500,
    "duration_ms": 12,
    "url": "https://p.example/?a=[1]",
    "error": "The receiver answered 500.",
}


class Service:
    def __init__(self):
        self.asked = []
        self.outcome = "failed"

    def find(self):
        return self

    def get(self, path, params=None):
        self.asked.append((path, params))
        if path == command.ATTEMPTS:
            first = params["cursor"] == ""
            return {"items": [TRY] * params["limit"], "next_cursor": "more" if first else None}
        if path == "/api/v1/partners":
            return {"items": [{"id": 7}]}
        return {"message_id": "3_c_5", "attempts": [TRY, TRY | {"attempt": 2, "outcome": "delivered"}]}

    def post(self, path, body):
        self.asked.append((path, body))
        if path.endswith("/test"):
            return TRY | {"outcome": self.outcome}
        if path.endswith("/resend"):
            return {"status": "queued", "message_id": "3_c_5"}
        return {"id": 9, "secret": "whsec_shown-once"}


@pytest.fixture
def service(monkeypatch):
    made = Service()
    monkeypatch.setattr(command, "Service", made)
    monkeypatch.setattr("clickledger.program_entries.Service", made)
    monkeypatch.setattr("clickledger.entries.kind.Service", made)
    return made


def run(*words):
    app = typer.Typer(callback=lambda: None)
    command.register(app)
    return CliRunner().invoke(app, ["hook", *words])


def test_attempts_pass_their_filters_on_and_read_as_many_pages_as_it_takes(service):
    done = run("attempts", "--partner", "Nora", "--hook", "3", "--outcome", "failed", "--from", "2025-11-01", "--limit", "1500")  # fmt: skip
    assert done.exit_code == 0
    filters = {"hook_id": 3, "partner_id": 7, "outcome": "failed", "from": "2025-11-01"}
    assert service.asked[1:] == [
        (command.ATTEMPTS, filters | {"limit": 1000, "cursor": ""}),
        (command.ATTEMPTS, filters | {"limit": 500, "cursor": "more"}),
    ]
    assert len(done.stdout.splitlines()) == 1501
    assert "https://p.example/?a=[1]" in done.stdout


def test_json_is_the_tries_and_nothing_else(service):
    assert json.loads(run("attempts", "--limit", "2", "--json").stdout) == [TRY, TRY]


def test_a_message_shows_every_try(service):
    lines = run("message", "3_c_5").stdout.splitlines()
    assert len(lines) == 3
    assert "delivered" in lines[2]
    assert service.asked == [("/api/v1/outbound/messages/3_c_5", None)]


def test_resend_says_that_it_is_queued(service):
    assert run("resend", "3_c_5").stdout == "3_c_5 queued\n"
    assert service.asked == [("/api/v1/outbound/messages/3_c_5/resend", {})]


@pytest.mark.parametrize(("outcome", "code"), [("delivered", 0), ("failed", 1), ("refused", 1)])
def test_a_trial_ends_with_whether_it_was_taken(service, outcome, code):
    service.outcome = outcome
    done = run("test", "3")
    assert done.exit_code == code
    assert outcome in done.stdout


def test_a_hook_is_created_with_what_was_named_and_shows_its_secret(service):
    done = run("create", "Mine", "--url", "https://p.example/", "--kind", "webhook", "--partner", "Nora", "--status", "approved", "--status", "rejected", "--goal", "")  # fmt: skip
    assert "whsec_shown-once" in done.stdout
    assert service.asked[-1] == (
        "/api/v1/hooks",
        {
            "name": "Mine",
            "url": "https://p.example/",
            "kind": "webhook",
            "partner_id": 7,
            "statuses": ["approved", "rejected"],
            "goal": "",
        },
    )
