"""The past judged again over the API and by commands, by the rules and prices of a running web role."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import fraud
from clickledger.service import Service
from tests.support.past import Past
from tests.support.running_service import eventually
from tests.support.web import ADMIN_KEY, running_web

PATH = "/api/v1/fraud/rescorings"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
PERSON = {"user_agent": CHROME, "method": "GET", "click_source": "redirect", "country": "DE", "language": "de"}
BOT = {**PERSON, "user_agent": "curl/8.5.0", "is_bot": True, "bot_family": "curl"}


@pytest.fixture(scope="module")
def web(store_settings, event_store, tmp_path_factory):
    with running_web(store_settings, tmp_path_factory.mktemp("past")) as web:
        yield web


@pytest.fixture
def past(event_store):
    return Past(event_store)


@pytest.fixture
def run(web, monkeypatch):
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    fraud.register(app)

    def run(*words):
        return CliRunner().invoke(app, ["fraud", *map(str, words)])

    return run


def ended(web, record):
    busy = {"computing", "applying", "committed"}
    return eventually(
        "its end", lambda: (now := web.admin.made("GET", f"{PATH}/{record['id']}"))["state"] not in busy and now
    )


def asked(past, **only):
    day = past.day(0)
    return {"from": str(day), "to": str(day + dt.timedelta(days=1)), "partner_id": past.partner, **only}


def test_a_range_is_proposed_shown_applied_and_then_reports_say_the_same(web, past):
    past.clicks(past.day(0), "a", "b", **BOT)
    person, *_ = past.clicks(past.day(0), "c", "d", "e", **PERSON)
    # Reported by a postback, and then its hold ended.
    soon = past.convert(person, ts=person["ts"] + 1_000, ctit_ms=1_000, payout=Decimal(0))
    past.store_rows([{**soon, "change_seq": 1_001, "conversion_source": "hold"}], table="conversion_changes")
    past.store_rows([{**soon, "change_seq": 1_001, "conversion_source": "hold"}], table="conversions")
    record = ended(web, web.admin.made("POST", PATH, asked(past)))
    assert (record["state"], record["problem"]) == ("proposed", "")
    assert record["difference"]["verdicts"]["click"] == {
        "before": {"valid": 5},
        "after": {"invalid": 2, "valid": 3},
    }
    assert {"reason": "http_library", "before": 0, "after": 2} in record["difference"]["reasons"]
    (money,) = record["difference"]["money"]
    assert (money["currency"], money["payout_before"], money["payout_after"]) == ("EUR", 0.5, 0.3)

    def report():
        query = {
            "from": str(past.day(0)),
            "to": str(past.day(1)),
            "timezone": "UTC",
            "currency": "EUR",
            "metrics": ["clicks", "invalid_clicks", "payout"],
            "dimensions": ["partner"],
            "filters": [{"dimension": "partner", "value": past.partner}],
        }
        (row,) = web.admin.made("POST", "/api/v1/reports/query", query)["rows"]
        return row["clicks"], row["invalid_clicks"], row["payout"]

    before = report()
    assert before == (5, 0, money["payout_before"])
    web.admin.made("POST", f"{PATH}/{record['id']}/apply")
    assert ended(web, record)["state"] == "applied"
    assert report() == (3, 2, money["payout_after"])
    assert web.admin.made("GET", PATH)["rescorings"][0]["id"] == record["id"]
    now = past.asked(
        "SELECT verdict, fraud_reasons, conversion_source FROM conversions FINAL "
        "WHERE partner_id = {partner:UInt32}"
    )
    assert now == [("suspect", ["ctit_too_fast", "private_ip"], "hold")], "it goes on saying what brought it"
    again = ended(web, web.admin.made("POST", PATH, asked(past)))
    assert again["changed"] == {}, "a second time changes nothing"


def test_the_command_shows_what_moves_and_writes_only_when_told_to(web, run, past):
    web.partner(id=past.partner)
    past.clicks(past.day(0), "a", **BOT)
    past.clicks(past.day(0), "b", **PERSON)
    words = ("rescore", "--from", past.day(0), "--to", past.day(0), "--partner", past.partner)
    shown = run(*words)
    assert (shown.exit_code, shown.exception.kind.code) == (1, "rescoring_not_asked"), shown.output
    assert "2 clicks and impressions judged" in shown.output
    assert "1 verdict would change" in shown.output
    assert "EUR: payout of clicks and impressions 0.2 -> 0.1 (-0.1)" in shown.output
    assert "Nothing was written." in shown.output
    assert past.verdicts() == {"valid": 2}
    written = json.loads(run(*words, "--yes", "--json").stdout)
    assert (written["state"], written["changed"]) == ("applied", {"click": 2})
    assert past.verdicts() == past.rolled_up() == {"invalid": 1, "valid": 1}
    again = run(*words)
    assert (again.exit_code, "no verdict would change" in again.output) == (0, True), (
        "a second time changes nothing"
    )
    day, before = str(past.day(0)), str(past.day(-1))
    for first, last, sentence in (
        ("soon", "later", "'soon' is no day"),
        ("9999-12-31", "9999-12-31", "too far"),
        (day, before, f"--to {before} is before --from {day}"),
        (f"{day}T00:00+02:00", day, "no zone"),
        ("2001-01-01", day, "at most 400"),
    ):
        refused = run("rescore", "--from", first, "--to", last)
        assert refused.exit_code == 1
        assert sentence in str(refused.exception)
    for nobody in (("rescore", "--from", day, "--to", day, "--partner"), ("dry-run", "--for-partner")):
        refused = run(*nobody, "Nobody of this name")
        assert "There is no partner named 'Nobody of this name'" in str(refused.exception)


def test_a_dry_run_tells_what_a_rule_set_otherwise_would_have_done_and_writes_nothing(web, run, past, event_store):
    today = Past(event_store)
    web.partner(id=today.partner)
    today.first = dt.datetime.now(dt.UTC).date()
    moment = int(dt.datetime.now(dt.UTC).timestamp() * 1000) - 1000
    address = f"85.214.132.{today.partner % 250}"
    clicks = today.clicks(today.day(0), *["x"] * 12, ts=moment, ip=address, is_unique=True, **PERSON)
    today.convert(clicks[-1])
    today.clicks(today.day(0), "what the rules in force call a bot anyway", ts=moment, **BOT)
    words = ("dry-run", "--rule", "ip_velocity", "--set", "per_minute=5", "--action", "reject", "--days", 1)
    told = json.loads(run(*words, "--for-partner", today.partner, "--json").stdout)
    assert told["state"] == "answered"
    found = told["difference"]
    (partner,) = [one for one in found["partners"] if one["partner_id"] == today.partner]
    assert partner["no_longer_valid"] == 7
    sampled = [one["after"] for one in found["sample"] if one["partner_id"] == today.partner]
    assert any("count=12" in fact for one in sampled for fact in one["facts"])
    followed = [(one["currency"], one["action"], one["conversions"], one["payout"]) for one in found["followed"]]
    assert followed == [("EUR", "reject", 1, 3.0)]
    assert {one["reason"] for one in found["reasons"] if one["before"] != one["after"]} == {"ip_velocity"}
    assert today.verdicts() == {"valid": 13}
    refused = run("dry-run", "--rule", "ip_velocity", "--set", "per_minute=-5")
    assert refused.exit_code == 1
    assert web.admin.refused("POST", f"{PATH}/{told['id']}/apply") == (409, "rescoring_not_ready")


def test_what_makes_no_sense_is_refused_with_a_sentence(web, past):
    day = str(past.day(0))
    for body, code in (
        ({"from": day, "to": day}, "range_invalid"),
        ({"from": "2000-01-01", "to": "2099-01-01"}, "range_invalid"),
        ({"from": day}, "body_invalid"),
        ({"from": "yesterday", "to": day}, "body_invalid"),
    ):
        assert web.admin.refused("POST", PATH, body)[1] == code
    entry = {"code": "ip_velocity", "settings": {"per_minute": "many"}}
    assert web.admin.refused("POST", "/api/v1/fraud/dry-runs", {"entries": [entry]})[1] == "rule_invalid"
    for method, path in (("GET", f"{PATH}/none"), ("POST", f"{PATH}/none/apply"), ("POST", f"{PATH}/none/cancel")):
        assert web.admin.refused(method, path) == (404, "rescoring_unknown")
    analyst = web.holding(web.key(role="analyst"))
    assert analyst.refused("POST", PATH, asked(past)) == (403, "forbidden")
    assert analyst.made("GET", PATH)["rescorings"] is not None
