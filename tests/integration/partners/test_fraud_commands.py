"""``clickledger fraud rules``, ``mark`` and ``marks`` against the API."""

from __future__ import annotations

import json

import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from clickledger.commands import advertiser, offer, partner
from clickledger.commands.fraud import mark, marks, rules
from clickledger.service import Service
from kernel.errors import ClickledgerError
from tests.support.program import KEY


@pytest.fixture
def run(api, monkeypatch):
    """Run a command against the API and return its stdout; a failure raises as it does for ``main``."""
    service = Service("http://testserver", KEY, transport=api._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    for module in (advertiser, offer, partner, rules, mark, marks):
        module.register(app)

    def run(*words):
        with capture_logs():
            done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    run("advertiser", "create", "Acme")
    run("partner", "create", "Blog")
    run("offer", "create", "Shoes", "--advertiser", "Acme", "--url", "https://shop.example/")
    return run


def shown(run, code, *where):
    rule = json.loads(run("rules", "show", code, "--json", *where))
    return rule["in_force"], rule["entries"]


def test_a_rule_is_set_step_by_step_and_taken_back(run):
    made = json.loads(run("rules", "set", "ip_velocity", "per_minute=30", "--partner", "Blog", "--json"))
    assert (made["partner_id"], made["offer_id"], made["settings"]) == (1, None, {"per_minute": 30})
    run("rules", "set", "ip_velocity", "per_hour=900", "counts=false", "--partner", "Blog", "--note", "farm")
    run(
        "rules",
        "set",
        "ip_velocity",
        "--partner",
        "Blog",
        "--action",
        "block",
        "--block",
        "source",
        "--minutes",
        "5",
    )
    force, entries = shown(run, "ip_velocity", "--partner", "Blog")
    assert force["settings"] == {"counts": False, "per_minute": 30, "per_hour": 900}
    assert (force["action"], force["block"], force["block_minutes"]) == ("block", "source", 5)
    assert (len(entries), entries[0]["note"]) == (1, "farm")
    run("rules", "set", "ip_velocity", "--partner", "Blog", "--action", "hold", "--disable")
    force, _ = shown(run, "ip_velocity", "--partner", "Blog")
    assert (force["enabled"], force["action"], force["block"]) == (False, "hold", None)
    run("rules", "unset", "ip_velocity", "per_hour", "counts", "--partner", "Blog")
    assert shown(run, "ip_velocity")[1][0]["settings"] == {"per_minute": 30}
    run("rules", "unset", "ip_velocity", "--partner", "Blog")
    assert shown(run, "ip_velocity")[1] == []


def test_everybody_an_offer_and_a_partner_are_places_of_their_own(run):
    run("rules", "set", "bot_user_agent", "--action", "fallback")
    run("rules", "set", "bot_user_agent", "--offer", "Shoes", "--partner", "Blog", "--disable")
    assert shown(run, "bot_user_agent")[0]["action"] == "fallback"
    assert shown(run, "bot_user_agent", "--offer", "Shoes", "--partner", "Blog")[0]["enabled"] is False
    listed = run("rules", "list").splitlines()
    assert next(line for line in listed if line.startswith("bot_user_agent")).split()[3:5] == ["yes", "fallback"]
    with pytest.raises(ClickledgerError, match="Nothing is set there"):
        run("rules", "unset", "bot_user_agent", "--offer", "Shoes")
    assert "ENTRIES" in run("rules", "show", "bot_user_agent").upper()


def test_what_cant_work_is_said_with_the_services_own_sentence(run):
    with pytest.raises(ClickledgerError, match="greater than or equal to 1"):
        run("rules", "set", "ip_velocity", "per_minute=0")
    with pytest.raises(ClickledgerError, match="There is no rule"):
        run("rules", "set", "nonsense", "--disable")
    with pytest.raises(ClickledgerError, match="There is no rule"):
        run("rules", "show", "nonsense")


def test_partners_are_marked_and_marks_listed_the_newest_first(run):
    run("mark", "Blog", "fraud", "--note", "same phones")
    run("mark", "Blog", "fine")
    listed = json.loads(run("marks", "--partner", "Blog", "--json"))
    assert [(one["mark"], one["note"]) for one in listed] == [("fine", ""), ("fraud", "same phones")]
    assert len(json.loads(run("marks", "--mark", "fraud", "--json"))) == 1
    with pytest.raises(ClickledgerError, match="mark"):
        run("mark", "Blog", "odd")
