"""Disputes from opening to decision, and what overturning one does to its conversion."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
import typer
from structlog.testing import capture_logs
from typer.testing import CliRunner

from clickledger.commands.fraud import dispute
from clickledger.service import Service
from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from tests.support.journals import events
from tests.support.web import ADMIN_KEY
from tracker.events import Adjustment, Event, Postback
from tracker.journal import DIRECTORY

PATH = "/api/v1/fraud/disputes"
MILLIS = int(datetime(2018, 3, 6, 12, tzinfo=UTC).timestamp() * 1000)
_numbers = itertools.count(1)


class Case:
    """A partner, its offer, and conversions of it."""

    def __init__(self, web, store):
        self.web, self.store = web, store
        self.partner_id, self.advertiser_id = web.partner(), web.advertiser()
        self.partner = web.holding(web.key(role="partner", partner_id=self.partner_id))
        offer = {"name": f"Shoes {web.number()}", "advertiser_id": self.advertiser_id, "currency": "USD"}
        self.offer_id = web.admin.made("POST", "/api/v1/offers", offer | {"destination": "https://shop.example/"})[
            "id"
        ]

    def conversion(self, status="hold", **changes):
        """Store a conversion and return its id."""
        conversion_id = f"dispute-{self.partner_id}-{next(_numbers)}"
        row = {
            "conversion_id": conversion_id,
            "ts": MILLIS,
            "changed_at": MILLIS,
            "change_seq": MILLIS * 1000,
            "partner_id": self.partner_id,
            "advertiser_id": self.advertiser_id,
            "offer_id": self.offer_id,
            "txn_id": conversion_id,
            "status": status,
            "currency": "USD",
            "payout": Decimal("1.5"),
            "revenue": Decimal(2),
            "reject_reason": "fraud" if status != "approved" else "",
            **changes,
        }
        insert(self.store, "conversions", rows_table("conversions", [row]), conversion_id)
        return conversion_id

    def dispute(self, conversion_id, who=None):
        """Open a dispute and return its path."""
        body = {"conversion_id": conversion_id, "reason": "These were real customers."}
        return f"{PATH}/{(who or self.partner).made('POST', PATH, body)['id']}"

    def decided(self, path, state, **more):
        """Review and decide; return the answer."""
        self.web.admin.made("POST", f"{path}/state", {"state": "under_review"})
        return self.web.admin.made("POST", f"{path}/state", {"state": state, "reason": "We looked again.", **more})

    def written(self, kind):
        """Return what the desk wrote down of a kind."""
        directory = self.web.app.state.settings.data_dir / DIRECTORY
        return [event for event in msgspec.convert(events(directory), list[Event]) if isinstance(event, kind)]


@pytest.fixture(scope="module")
def case(web, event_store):
    return Case(web, event_store)


def test_a_partner_opens_talks_and_is_answered_without_learning_who_or_what_is_internal(case, web):
    path = case.dispute(case.conversion())
    web.admin.made("POST", f"{path}/messages", {"text": "Looks like farm 12.", "internal": True})
    case.partner.made("POST", f"{path}/messages", {"text": "Here are the invoices."})
    told = case.decided(path, "upheld")
    assert (told["state"], told["outcome"], told["revision"]) == ("upheld", "", 5)
    assert [(one["by"], one["state"], one["text"]) for one in told["history"]] == [
        ("partner", "open", "These were real customers."),
        ("network", "", "Looks like farm 12."),
        ("partner", "", "Here are the invoices."),
        ("network", "under_review", ""),
        ("network", "upheld", "We looked again."),
    ]
    seen = case.partner.made("GET", path)
    assert [one["text"] for one in seen["history"]] == [
        "These were real customers.",
        "Here are the invoices.",
        "",
        "We looked again.",
    ]
    assert {one["actor"] for one in seen["history"] if one["by"] == "network"} == {""}
    audited = web.admin.made("GET", "/api/v1/audit", params={"kind": "dispute", "entry_id": told["id"]})["items"]
    assert [one["action"] for one in audited] == ["create", "status", "status"]


def test_states_are_left_on_the_documented_ways_only(case, web):
    path = case.dispute(case.conversion())

    def move(who, state, **more):
        return who.refused("POST", f"{path}/state", {"state": state, **more})

    assert move(case.partner, "overturned", reason="x") == (403, "forbidden")
    assert move(web.admin, "upheld", reason="x") == (409, "transition_invalid")
    web.admin.made("POST", f"{path}/state", {"state": "under_review"})
    assert move(web.admin, "upheld") == (400, "body_invalid")
    stale = {"If-Match": '"1"'}
    assert web.admin.refused("POST", f"{path}/state", {"state": "withdrawn"}, headers=stale) == (
        412,
        "changed_meanwhile",
    )
    assert case.partner.made("POST", f"{path}/state", {"state": "withdrawn"})["state"] == "withdrawn"
    assert move(web.admin, "under_review") == (409, "transition_invalid")


def test_overturning_approves_what_was_on_hold(case):
    conversion_id = case.conversion("hold")
    told = case.decided(case.dispute(conversion_id), "overturned")
    assert (told["state"], told["outcome"]) == ("overturned", "approved")
    changes = [event for event in case.written(Postback) if event.conversion_id == conversion_id]
    assert [(one.fields.status, one.trusted) for one in changes] == [("approved", True)]
    assert changes[0].reason == f"Dispute {told['id']} overturned: We looked again."


def test_overturning_approves_what_fraud_rules_rejected(case):
    conversion_id = case.conversion("rejected", asked_status="approved")
    assert case.decided(case.dispute(conversion_id), "overturned")["outcome"] == "approved"
    approved = [event for event in case.written(Postback) if event.conversion_id == conversion_id]
    assert [one.fields.status for one in approved] == ["approved"]


def test_overturning_pays_what_a_final_rejection_took(case):
    conversion_id = case.conversion("rejected", reject_reason="returned")
    told = case.decided(case.dispute(conversion_id), "overturned")
    assert told["outcome"] == "adjusted"
    assert not [event for event in case.written(Postback) if event.conversion_id == conversion_id]
    paid = [one for one in case.written(Adjustment) if one.adjustment_id == f"dispute-{told['id']}"]
    assert [(Decimal(one.payout), Decimal(one.revenue), one.currency) for one in paid] == [
        (Decimal("1.5"), 2, "USD")
    ]
    assert (paid[0].partner_id, paid[0].offer_id) == (case.partner_id, case.offer_id)
    again = {"conversion_id": conversion_id, "reason": "Once more."}
    assert case.partner.refused("POST", PATH, again) == (409, "nothing_to_dispute"), "paid once"


def test_overturning_may_leave_the_money_alone(case):
    conversion_id = case.conversion("hold")
    told = case.decided(case.dispute(conversion_id), "overturned", approve=False)
    assert told["outcome"] == "nothing"
    assert not [event for event in case.written(Postback) if event.conversion_id == conversion_id]


def test_what_cant_be_disputed_is_refused_with_a_reason(case, web):
    disputed = case.conversion()
    case.dispute(disputed)

    def refused(who, **body):
        return who.refused("POST", PATH, {"reason": "Real.", **body})

    assert refused(case.partner, conversion_id=disputed) == (409, "conflict")
    assert refused(case.partner, conversion_id=case.conversion("approved")) == (409, "nothing_to_dispute")
    assert refused(case.partner, conversion_id="nobodys") == (404, "not_found")
    assert refused(case.partner) == (400, "body_invalid")
    both = {"conversion_id": case.conversion(), "first_day": "2018-03-06"}
    assert refused(case.partner, **both) == (400, "body_invalid")
    assert refused(case.partner, first_day="2018-03-06", last_day="2018-03-05") == (400, "body_invalid")
    assert refused(case.partner, first_day="2018-03-06", partner_id=web.partner()) == (403, "forbidden")
    assert refused(web.admin, first_day="2018-03-06") == (400, "body_invalid")
    assert case.partner.refused("POST", PATH, {"conversion_id": disputed, "reason": " "}) == (400, "body_invalid")


def test_days_are_disputed_too_and_by_the_network_for_a_partner(case, web):
    body = {
        "first_day": "2018-03-05",
        "last_day": "2018-03-06",
        "reason": "A campaign.",
        "offer_id": case.offer_id,
    }
    mine = case.partner.made("POST", PATH, body)
    assert (mine["partner_id"], mine["first_day"], mine["conversion_id"]) == (case.partner_id, "2018-03-05", "")
    assert case.partner.refused("POST", PATH, body) == (409, "conflict")
    other = web.partner()
    theirs = web.admin.made("POST", PATH, {**body, "partner_id": other})
    assert (theirs["partner_id"], theirs["opened_by_partner"]) == (other, False)
    told = case.decided(f"{PATH}/{theirs['id']}", "overturned")
    assert told["outcome"] == "nothing"


def test_another_partner_and_an_advertiser_find_no_dispute_and_no_conversion(case, web):
    conversion_id = case.conversion()
    path = case.dispute(conversion_id)
    stranger = web.holding(web.key(role="partner", partner_id=web.partner()))
    assert stranger.refused("GET", path) == (404, "not_found")
    assert stranger.refused("POST", f"{path}/messages", {"text": "hm"}) == (404, "not_found")
    assert stranger.refused("POST", f"{path}/state", {"state": "withdrawn"}) == (404, "not_found")
    body = {"conversion_id": conversion_id, "reason": "Mine."}
    assert stranger.refused("POST", PATH, body) == (404, "not_found")
    assert stranger.made("GET", PATH)["items"] == []
    advertiser = web.holding(web.key(role="advertiser", advertiser_id=case.advertiser_id))
    assert advertiser.refused("GET", path) == (403, "forbidden")
    mine = case.partner.made("GET", PATH, params={"conversion_id": conversion_id, "state": "open"})["items"]
    assert [one["conversion_id"] for one in mine] == [conversion_id]


def test_the_commands_open_and_settle_disputes(case, web, monkeypatch):
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    dispute.register(app)
    conversion_id = case.conversion()

    def run(*words):
        with capture_logs():
            done = CliRunner().invoke(app, ("dispute", *words), catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    opened = json.loads(run("open", "--conversion", conversion_id, "--reason", "Real people.", "--json"))
    number = str(opened["id"])
    assert conversion_id in run("list", "--state", "open", "--partner", str(case.partner_id))
    run("review", number)
    run("say", number, "Checked with the shop.", "--internal")
    assert json.loads(run("overturn", number, "--reason", "They are.", "--json"))["outcome"] == "approved"
    assert "Checked with the shop." in run("show", number)
    for words, state in ((("uphold", "--reason", "No."), "upheld"), (("withdraw",), "withdrawn")):
        days = ("--from", "2018-03-01", "--to", "2018-03-02")
        opened = json.loads(run("open", "--partner", str(case.partner_id), *days, "--reason", "x", "--json"))
        number = str(opened["id"])
        run("review", number)
        run(words[0], number, *words[1:])
        assert json.loads(run("show", number, "--json"))["state"] == state
