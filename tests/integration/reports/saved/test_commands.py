"""``clickledger saved`` against the real API."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import saved as command
from kernel.errors import NOT_FOUND, ClickledgerError
from reports.saved import links

RUNNER = CliRunner()


class Service:
    """The running service, asked through the test's client."""

    def __init__(self, asker):
        self.asker = asker

    def find(self):
        return self

    def _json(self, method, path, json=None, params=None):
        answer = self.asker.ask(method, path, json, params=params)
        if answer.status_code >= 400:
            raise ClickledgerError(NOT_FOUND, answer.json()["error"]["message"])
        return answer.json()

    def get(self, path, params=None):
        return self._json("GET", path, params=params)

    def post(self, path, json):
        return self._json("POST", path, json)

    def delete(self, path):
        return self._json("DELETE", path)


@pytest.fixture
def saved(people, monkeypatch):
    """Run ``clickledger saved …`` as the manager; returns what it printed."""
    service = Service(people.manager)
    monkeypatch.setattr(command, "Service", service)
    monkeypatch.setattr("clickledger.program_entries.Service", service)
    app = typer.Typer(callback=lambda: None)
    command.register(app)

    def run(*arguments, code=0, **options):
        done = RUNNER.invoke(app, ["saved", *arguments], **options)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    return run


def test_a_report_is_created_listed_shown_run_and_deleted(people, saved):
    created = saved(
        *(
            "create",
            "Weekly",
            "--by",
            "partner",
            "--metrics",
            "clicks",
            "--sort",
            "-clicks",
            "--share-role",
            "analyst",
        ),
        *("--filter", f"partner={people.partners[0]}", "--timezone", "Asia/Kolkata", "--totals", "--json"),
    )
    made = json.loads(created)
    assert made["query"]["range"] == "last_7_days"
    assert (made["query"]["timezone"], made["shared_roles"]) == ("Asia/Kolkata", ["analyst"])
    assert made["id"] in {one["id"] for one in json.loads(saved("list", "--json"))}
    answer = json.loads(saved("run", "Weekly", "--format", "json"))
    assert people.clicks(answer) == {people.partners[0]: 3}
    assert answer["totals"] == {"clicks": 3}
    assert "clicks" in saved("run", str(made["id"]))
    assert (
        saved("run", "Weekly", "--range", "today", "--format", "csv").splitlines()[0]
        == "partner,partner_id,clicks"
    )
    shown = json.loads(saved("show", "Weekly", "--json"))
    assert (shown["links"], shown["schedules"]) == ([], [])
    saved("delete", "Weekly", input="n\n", code=1)
    saved("delete", "Weekly", "--yes")
    assert made["id"] not in {one["id"] for one in json.loads(saved("list", "--json"))}


def test_a_query_may_be_given_whole(saved):
    query = {"from": "2026-01-01", "to": "2026-02-01", "metrics": ["clicks"]}
    made = json.loads(saved("create", "January", "--query", "-", "--json", input=json.dumps(query)))
    assert made["query"] == query
    for wrong in ("{", "[]"):
        saved("create", "Wrong", "--query", wrong, code=2)


def test_a_report_is_shared_and_a_link_ended(people, saved):
    report = people.report(people.manager)
    made = json.loads(saved("share", report["name"], "--days", "2", "--note", "Anna", "--json"))
    path = f"{links.PATH}/{made['token']}"
    assert people.web.holding(None).ask("GET", path).status_code == 200
    assert made["note"] == "Anna"
    saved("share", report["name"], "--revoke", str(made["id"]))
    assert people.web.holding(None).ask("GET", path).status_code == 404


def test_a_report_is_scheduled_and_its_schedule_looked_into_and_removed(people, saved):
    report = people.report(people.manager)
    name = report["name"]
    made = json.loads(
        saved("schedule", name, "--every", "week", "--weekday", "1", "--at", "07:00", "--file", "weekly", "--json")
    )
    assert (made["target"], made["file_name"], made["weekday"], made["at"]) == ("file", "weekly", 1, "07:00")
    assert json.loads(saved("schedule", name, "--history", str(made["id"]), "--json")) == []
    assert [one["id"] for one in json.loads(saved("show", name, "--json"))["schedules"]] == [made["id"]]
    saved("schedule", name, "--remove", str(made["id"]))
    assert json.loads(saved("show", name, "--json"))["schedules"] == []
    saved("schedule", name, code=2)
