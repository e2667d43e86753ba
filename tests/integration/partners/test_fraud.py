"""Rules, marks and who sees them over HTTP, and what of it the pipeline's rulebook knows."""

from __future__ import annotations

import pytest

from fraud.rules import RULES_VERSION, Rulebook
from kernel.api import find
from partners.resources import operations
from tests.support.program import asking_as, person
from tracker.fraud_entries import rule_entries
from tracker.snapshot import SnapshotFile

ENTRIES = "/api/v1/fraud/rule-entries"
RULES = "/api/v1/fraud/rules"
MARKS = "/api/v1/fraud/marks"
PAGE = "https://shop.example/"


@pytest.fixture
def network(api):
    """Two partners and two offers."""
    api.post("/api/v1/advertisers", json={"name": "Acme"})
    for n in (1, 2):
        api.post("/api/v1/partners", json={"name": f"Blog {n}"})
        api.post("/api/v1/offers", json={"name": f"Shoes {n}", "advertiser_id": 1, "destination": PAGE})
    return api


def entry(api, **fields):
    answer = api.post(ENTRIES, json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_force(api, code="ip_velocity", **where):
    answer = api.get(f"{RULES}/{code}", params=where)
    assert answer.status_code == 200, answer.text
    return answer.json()["in_force"]


def refused(answer, status, code):
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    return error["message"]


def test_every_rule_is_told_with_its_settings_and_how_it_is_set(network):
    told = network.get(RULES).json()
    find(operations(), "GET", RULES).answer.model_validate(told)
    assert told["version"] == RULES_VERSION
    rules = {rule["code"]: rule for rule in told["items"]}
    velocity = {one["name"]: one for one in rules["ip_velocity"]["settings"]}
    assert (velocity["per_minute"]["default"], velocity["per_minute"]["minimum"]) == (60, 1)
    none = rules["ctit_too_fast"]["settings"][1]
    assert (none["name"], none["type"], none["default"], none["maximum"]) == ("seconds", "integer", None, 86_400)
    assert [one["name"] for one in rules["score"]["settings"]] == ["threshold"]
    assert rules["ip_velocity"]["in_force"] == {
        "enabled": True,
        "settings": {"counts": True, "per_minute": 60, "per_hour": 3600},
        "action": "mark",
        "block": None,
        "block_minutes": None,
    }
    assert "fallback" in rules["bot_user_agent"]["actions"]
    assert "fallback" not in rules["ip_velocity"]["actions"]
    assert rules["score"]["settings"][0]["name"] in {"counts", "threshold"}
    refused(network.get(f"{RULES}/no_such_rule"), 404, "not_found")
    refused(network.get(RULES, params={"partner_id": 99}), 400, "reference_unknown")


def test_the_nearest_entry_has_the_last_word(network):
    entry(network, code="ip_velocity", settings={"per_minute": 100}, action="reject")
    entry(network, code="ip_velocity", offer_id=1, settings={"per_minute": 80})
    entry(network, code="ip_velocity", partner_id=1, action="block", block="source", block_minutes=30)
    entry(network, code="ip_velocity", partner_id=1, offer_id=1, enabled=False)
    here = in_force(network, partner_id=1, offer_id=1)
    assert (here["enabled"], here["settings"]["per_minute"], here["action"]) == (False, 80, "block")
    assert (here["block"], here["block_minutes"]) == ("source", 30)
    assert in_force(network, offer_id=1)["settings"]["per_minute"] == 80
    assert in_force(network, partner_id=2)["action"] == "reject"
    listed = network.get(f"{RULES}/ip_velocity").json()["entries"]
    assert [(one["partner_id"], one["offer_id"]) for one in listed] == [(None, None), (None, 1), (1, None), (1, 1)]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"code": "no_such_rule", "enabled": False}, "There is no rule 'no_such_rule'"),
        ({"code": "ip_velocity", "settings": {"per_minut": 5}}, "no setting 'per_minut'; it has"),
        (
            {"code": "ip_velocity", "settings": {"per_minute": 0}},
            "per_minute should be greater than or equal to 1",
        ),
        ({"code": "ip_velocity", "settings": {"per_minute": "many"}}, "per_minute should be a valid integer"),
        ({"code": "ip_velocity", "settings": {"per_hour": 5}}, "per_hour (5) is below per_minute (60)"),
        ({"code": "ip_velocity", "action": "fallback"}, "can't have the action 'fallback'"),
        ({"code": "datacenter_ip", "action": "fallback"}, "can't have the action 'fallback'"),
        ({"code": "ip_velocity", "action": "block"}, "needs block (what:"),
        ({"code": "ip_velocity", "action": "hold", "block_minutes": 5}, "go with the action 'block' only"),
    ],
)
def test_a_setting_that_cant_work_is_refused_when_it_is_saved(network, fields, says):
    assert says in refused(network.post(ENTRIES, json=fields), 422, "rule_invalid")
    assert network.get(ENTRIES).json()["items"] == []


def test_settings_that_contradict_a_wider_or_a_narrower_entry_are_refused(network):
    wide = entry(network, code="ip_velocity", settings={"per_minute": 100, "per_hour": 1000})
    narrow = {"code": "ip_velocity", "partner_id": 1, "settings": {"per_hour": 90}}
    assert "per_hour (90) is below per_minute (100)" in refused(
        network.post(ENTRIES, json=narrow), 422, "rule_invalid"
    )
    entry(network, **narrow | {"settings": {"per_hour": 150}})
    change = {"settings": {"per_minute": 200, "per_hour": 1000}}
    assert "per_hour (150)" in refused(network.patch(f"{ENTRIES}/{wide['id']}", json=change), 422, "rule_invalid")


def test_another_action_takes_what_was_blocked_with_it(network):
    made = entry(network, code="ip_velocity", action="block", block="source", block_minutes=30)
    where = f"{ENTRIES}/{made['id']}"
    refused(network.patch(where, json={"action": "hold", "block": "sub1"}), 422, "rule_invalid")
    for action in ("hold", None):
        changed = network.patch(where, json={"action": action, "enabled": True}).json()
        assert (changed["action"], changed["block"], changed["block_minutes"]) == (action, None, None)


def test_one_place_has_one_entry_of_a_rule(network):
    entry(network, code="ip_velocity", settings={"per_minute": 100})
    refused(network.post(ENTRIES, json={"code": "ip_velocity", "enabled": False}), 409, "conflict")
    refused(
        network.post(ENTRIES, json={"code": "ip_velocity", "enabled": False, "partner_id": 9}),
        400,
        "reference_unknown",
    )


def test_what_is_changed_is_in_the_rulebook_of_whoever_reads_the_snapshot(network, chosen):
    file = SnapshotFile(chosen.data_dir)
    made = entry(network, code="ip_velocity", partner_id=2, settings={"per_minute": 20}, action="hold")
    book = Rulebook.of(rule_entries(file.current().fraud_rules))
    assert (book.settings("ip_velocity", 2, 1).per_minute, book.action("ip_velocity", 2, 1).action) == (20, "hold")
    assert book.settings("ip_velocity", 1, 1).per_minute == 60
    before = book.version
    network.patch(f"{ENTRIES}/{made['id']}", json={"settings": {"per_minute": 10}, "note": "again"})
    book = Rulebook.of(rule_entries(file.current().fraud_rules))
    assert (book.settings("ip_velocity", 2, 1).per_minute, book.version != before) == (10, True)
    network.delete(f"{ENTRIES}/{made['id']}")
    assert Rulebook.of(rule_entries(file.current().fraud_rules)).version == RULES_VERSION


def test_marks_are_kept_and_the_newest_counts(network, app):
    analyst = asking_as(app, person("analyst"))
    manager = asking_as(app, person("manager"))
    refused(analyst.post(MARKS, json={"partner_id": 1, "mark": "fraud"}), 403, "forbidden")
    for mark in ("fraud", "fine"):
        answer = manager.post(MARKS, json={"partner_id": 1, "mark": mark, "note": f"looks {mark}"})
        assert (answer.status_code, answer.json()["actor"]) == (201, "manager for tests")
    refused(manager.post(MARKS, json={"partner_id": 1, "mark": "odd"}), 400, "body_invalid")
    refused(manager.post(MARKS, json={"partner_id": 9, "mark": "fraud"}), 400, "reference_unknown")
    listed = analyst.get(MARKS, params={"partner_id": 1, "sort": "-id"}).json()["items"]
    assert [one["mark"] for one in listed] == ["fine", "fraud"]
    told = network.get("/api/v1/audit", params={"kind": "mark"}).json()["items"]
    assert [one["changes"]["mark"] for one in told] == [[None, "fraud"], [None, "fine"]]


@pytest.mark.parametrize("role", ["partner", "advertiser"])
def test_partners_and_advertisers_see_neither_rules_nor_marks(network, app, role):
    client = asking_as(app, person(role, **{f"{role}_id": 1}))
    for path in (RULES, f"{RULES}/ip_velocity", ENTRIES, MARKS):
        refused(client.get(path), 403, "forbidden")
