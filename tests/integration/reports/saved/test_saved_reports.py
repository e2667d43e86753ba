"""Saved reports over HTTP: kept, seen by whom they are shared with, and never with more rows than one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.reports.saved.conftest import NOON, REPORTS


def test_a_report_is_saved_read_changed_and_deleted(people):
    made = people.report(people.manager, description="Every morning", query={"timezone": "Asia/Kolkata"})
    path = f"{REPORTS}/{made['id']}"
    assert (made["revision"], made["role"], made["description"]) == (1, "manager", "Every morning")
    assert made["query"] == {
        "range": "yesterday",
        "timezone": "Asia/Kolkata",
        "dimensions": ["partner"],
        "metrics": ["clicks"],
    }
    read = people.manager.ask("GET", path)
    assert (read.json(), read.headers["ETag"]) == (made, '"1"')
    changed = people.manager.made("PATCH", path, {"name": "Renamed"}, headers={"If-Match": '"1"'})
    assert (changed["name"], changed["revision"], changed["query"]) == ("Renamed", 2, made["query"])
    assert people.manager.refused("PATCH", path, {"name": "Late"}, headers={"If-Match": '"1"'})[0] == 412
    assert people.manager.refused("DELETE", path, headers={"If-Match": '"1"'})[0] == 412
    assert people.manager.made("DELETE", path) == {"deleted": made["id"]}
    assert people.manager.refused("GET", path) == (404, "not_found")


def test_what_is_done_is_in_the_audit_log(people):
    made = people.report(people.manager)
    people.manager.made("PATCH", f"{REPORTS}/{made['id']}", {"shared_roles": ["analyst"]})
    people.manager.made("DELETE", f"{REPORTS}/{made['id']}")
    told = people.admin.made("GET", f"/api/v1/audit?kind=saved+report&entry_id={made['id']}")["items"]
    assert [(one["action"], one["actor"]) for one in told] == [
        (action, made["owner"]) for action in ("create", "share", "delete")
    ]
    assert told[1]["changes"] == {"readers": [[], ["role:analyst"]]}


def test_a_name_is_used_once_by_an_owner(people):
    made = people.report(people.manager)
    body = {"name": made["name"], "query": made["query"]}
    assert people.manager.refused("POST", REPORTS, body) == (409, "conflict")
    other = people.report(people.manager)
    path = f"{REPORTS}/{other['id']}"
    assert people.manager.refused("PATCH", path, {"name": made["name"]}) == (409, "conflict")
    assert people.analyst.made("POST", REPORTS, body)["name"] == made["name"]
    found = people.manager.made("GET", f"{REPORTS}?name={made['name']}")["items"]
    assert [one["id"] for one in found] == [made["id"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"range": "yesterday", "metrics": ["clics"]}, "unknown_metric"),
        ({"range": "yesterday", "metrics": ["clicks"], "dimensions": ["contry"]}, "unknown_dimension"),
        ({"range": "yesterday", "metrics": ["clicks"], "timezone": "Mars/Base"}, "unknown_timezone"),
        (
            {"range": "yesterday", "from": "2026-01-01", "to": "2026-01-02", "metrics": ["clicks"]},
            "range_incomplete",
        ),
        ({"from": "2026-01-01", "metrics": ["clicks"]}, "range_incomplete"),
        ({"metrics": ["clicks"]}, "range_incomplete"),
        ({"from": "2026-01-02", "to": "2026-01-01", "metrics": ["clicks"]}, "empty_range"),
        ({"range": "someday", "metrics": ["clicks"]}, "body_invalid"),
    ],
)
def test_a_query_that_can_not_run_is_not_saved(people, query, code):
    assert people.manager.refused("POST", REPORTS, {"name": "Wrong", "query": query}) == (400, code)


def test_a_relative_range_is_resolved_when_the_report_runs(people):
    made = people.report(people.manager)
    answer = people.manager.made("POST", f"{REPORTS}/{made['id']}/run", {})
    assert people.clicks(answer) == {people.partners[0]: 3, people.partners[1]: 5}
    assert answer["meta"]["from"][:10] == NOON.date().isoformat()
    today = people.manager.made("POST", f"{REPORTS}/{made['id']}/run", {"range": "today"})
    assert people.clicks(today) == {}
    days = {"from": (NOON - timedelta(days=1)).date().isoformat(), "to": NOON.date().isoformat()}
    assert people.clicks(people.manager.made("POST", f"{REPORTS}/{made['id']}/run", days)) == {}
    wrong = {"from": days["from"]}
    assert people.manager.refused("POST", f"{REPORTS}/{made['id']}/run", wrong) == (400, "range_incomplete")


def test_a_report_is_private_until_it_is_shared_with_a_role_or_a_user(people):
    made = people.report(people.manager)
    path = f"{REPORTS}/{made['id']}"
    for other in (people.analyst, people.first, people.shop):
        assert other.refused("GET", path) == (404, "not_found")
        assert other.refused("POST", f"{path}/run", {}) == (404, "not_found")
    people.manager.made("PATCH", path, {"shared_users": [people.analyst_id]})
    assert people.analyst.made("GET", path)["shared_users"] == [people.analyst_id]
    assert people.first.refused("GET", path)[0] == 404
    people.manager.made("PATCH", path, {"shared_users": [], "shared_roles": ["partner"]})
    assert people.analyst.refused("GET", path)[0] == 404
    assert people.first.made("GET", path)["id"] == made["id"]
    for method, body in (("PATCH", {"name": "Mine now"}), ("DELETE", None)):
        assert people.first.refused(method, path, body) == (404, "not_found")
    assert people.manager.refused("PATCH", path, {"shared_users": [2_000_000]}) == (400, "reference_unknown")


def test_whoever_runs_a_shared_report_sees_their_own_rows(people):
    made = people.report(people.manager, shared_roles=["partner"])
    path = f"{REPORTS}/{made['id']}/run"
    assert people.clicks(people.first.made("POST", path, {})) == {people.partners[0]: 3}
    assert people.clicks(people.second.made("POST", path, {})) == {people.partners[1]: 5}


def test_a_partners_report_shows_the_partners_rows_to_whoever_runs_it(people):
    made = people.report(people.first, shared_roles=["manager", "partner"])
    path = f"{REPORTS}/{made['id']}"
    assert made["partner_id"] == people.partners[0]
    for asker in (people.first, people.manager, people.admin):
        assert people.clicks(asker.made("POST", f"{path}/run", {})) == {people.partners[0]: 3}
    # Shared with partners means with one's own people.
    assert people.second.refused("GET", path) == (404, "not_found")
    assert people.shop.refused("GET", path) == (404, "not_found")


def test_money_a_role_does_not_see_is_neither_saved_nor_run(people):
    body = {"name": "Margin", "query": {"range": "yesterday", "metrics": ["revenue"]}}
    assert people.first.refused("POST", REPORTS, body) == (403, "metric_hidden")
    made = people.report(people.manager, query={"metrics": ["revenue"]}, shared_roles=["partner"])
    assert people.first.refused("POST", f"{REPORTS}/{made['id']}/run", {}) == (403, "metric_hidden")


def test_lists_have_pages_and_only_what_one_sees(people):
    mine = [people.report(people.second)["id"] for _ in range(3)]
    first = people.second.made("GET", f"{REPORTS}?limit=2")
    assert len(first["items"]) == 2
    rest = people.second.made("GET", f"{REPORTS}?limit=1000&cursor={first['next_cursor']}")
    seen = [one["id"] for one in first["items"] + rest["items"]]
    assert set(mine) <= set(seen)
    assert rest["next_cursor"] is None
    assert not set(mine) & {one["id"] for one in people.first.made("GET", f"{REPORTS}?limit=1000")["items"]}


def test_a_rotated_key_keeps_what_the_key_before_saved(people):
    admin, web = people.admin, people.web
    key = admin.made("POST", "/api/v1/keys", {"name": "saver", "role": "analyst"})
    made = people.report(web.holding(key["key"]))
    stranger = web.holding(web.key(role="analyst"))
    for _ in range(2):
        key = admin.made("POST", f"/api/v1/keys/{key['id']}/rotate", {"overlap_hours": 0})
    changed = web.holding(key["key"]).made("PATCH", f"{REPORTS}/{made['id']}", {"description": "Still mine"})
    assert changed["owner"] == made["owner"]
    assert stranger.refused("GET", f"{REPORTS}/{made['id']}") == (404, "not_found")
