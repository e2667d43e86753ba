"""Custom metrics: made of others, used by name, hidden with the money they are made of."""

from __future__ import annotations

import itertools

import pytest

from partners.models import CustomMetric
from tests.integration.reports.saved.conftest import REPORTS

PATH = "/api/v1/custom-metrics"
_numbers = itertools.count(1)


def metric(asker, formula="clicks * 10", **fields):
    return asker.made("POST", PATH, {"name": f"own_{next(_numbers)}", "formula": formula} | fields)


def asked(people, asker, name):
    query = {"from": "2000-01-01", "to": "2099-01-01", "dimensions": ["partner"], "metrics": [name]}
    rows = asker.made("POST", "/api/v1/reports/query", query)["rows"]
    return {row["partner_id"]: row[name] for row in rows if row["partner_id"] in people.partners}


def test_a_metric_is_used_by_its_name_by_its_owners_role(people):
    made = metric(people.manager, unit="count", help="Ten times the clicks")
    assert (made["role"], made["unit"], made["revision"]) == ("manager", "count", 1)
    assert asked(people, people.manager, made["name"]) == {people.partners[0]: 30, people.partners[1]: 50}
    for other in (people.analyst, people.first):
        query = {"from": "2000-01-01", "to": "2099-01-01", "metrics": [made["name"]]}
        assert other.refused("POST", "/api/v1/reports/query", query) == (400, "unknown_metric")
        assert other.refused("GET", f"{PATH}/{made['id']}") == (404, "not_found")


def test_a_partners_metric_is_its_own_and_its_name_free_for_the_other(people):
    one = metric(people.first)
    assert people.second.refused("GET", f"{PATH}/{one['id']}") == (404, "not_found")
    assert (
        people.second.made("POST", PATH, {"name": one["name"], "formula": "clicks * 2"})["formula"] == "clicks * 2"
    )
    assert asked(people, people.first, one["name"]) == {people.partners[0]: 30}
    assert asked(people, people.second, one["name"]) == {people.partners[1]: 10}
    assert people.first.refused("POST", PATH, {"name": one["name"], "formula": "clicks"}) == (409, "conflict")


def test_a_changed_metric_changes_the_reports_that_use_it(people):
    made = metric(people.manager)
    report = people.report(people.manager, query={"metrics": [made["name"]]}, shared_roles=["analyst"])

    def values(asker):
        rows = asker.made("POST", f"{REPORTS}/{report['id']}/run", {})["rows"]
        return {row["partner_id"]: row[made["name"]] for row in rows if row["partner_id"] in people.partners}

    # Whoever it is shared with runs it, though only its owner's role knows the metric.
    assert values(people.manager) == values(people.analyst) == {people.partners[0]: 30, people.partners[1]: 50}
    path = f"{PATH}/{made['id']}"
    people.manager.made("PATCH", path, {"formula": "clicks + 1"}, headers={"If-Match": '"1"'})
    assert values(people.analyst) == {people.partners[0]: 4, people.partners[1]: 6}
    assert people.manager.refused("PATCH", path, {"formula": "clicks"}, headers={"If-Match": '"1"'})[0] == 412
    people.manager.made("DELETE", path)
    assert people.manager.refused("POST", f"{REPORTS}/{report['id']}/run", {}) == (400, "unknown_metric")


@pytest.mark.parametrize(
    "formula", ["clicks +", "clics * 2", "__import__('os')", "clicks ** 9", "1 if clicks else 2"]
)
def test_a_formula_that_is_none_is_refused(people, formula):
    status, _ = people.manager.refused("POST", PATH, {"name": "wrong_one", "formula": formula})
    assert status == 400


@pytest.mark.parametrize("name", ["clicks", "partner"])
def test_a_name_every_report_knows_is_taken(people, name):
    assert people.manager.refused("POST", PATH, {"name": name, "formula": "clicks"}) == (409, "conflict")


@pytest.mark.parametrize("name", ["Clicks", "1st", "a b", "", "x" * 65, "a`b"])
def test_a_name_is_of_small_letters_digits_and_underscores(people, name):
    assert people.manager.refused("POST", PATH, {"name": name, "formula": "clicks"}) == (400, "body_invalid")


def test_a_metric_of_hidden_money_is_not_made(people):
    body = {"name": "margin_per_click", "formula": "profit / clicks"}
    assert people.first.refused("POST", PATH, body) == (403, "metric_hidden")


def test_metrics_are_listed_to_those_who_may_use_them(people):
    made = metric(people.manager)
    assert made in people.manager.made("GET", f"{PATH}?limit=1000")["items"]
    assert people.manager.made("GET", f"{PATH}?name={made['name']}")["items"] == [made]
    assert people.first.made("GET", f"{PATH}?name={made['name']}")["items"] == []


def in_schema(asker):
    """The custom metrics that the schema lists to somebody, by name."""
    listed = asker.made("GET", "/api/v1/reports/schema")["metrics"]
    assert {one["custom"] for one in listed if one["group"] != "custom"} == {False}
    return {one["name"]: one for one in listed if one["custom"]}


def test_the_schema_lists_a_metric_to_everybody_who_may_use_it_and_to_nobody_else(people):
    made = metric(people.manager, "payout / clicks", unit="money", help="Payout of a click")
    plain = metric(people.first, "clicks * 2")
    assert in_schema(people.manager)[made["name"]] == {
        "name": made["name"],
        "label": made["name"],
        "help": "Payout of a click",
        "group": "custom",
        "unit": "money",
        "formula": "payout / clicks",
        "custom": True,
        "operators": ["eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"],
    }
    assert in_schema(people.first)[plain["name"]]["help"] == "clicks * 2"
    for other in (people.admin, people.analyst, people.first, people.second, people.shop):
        assert made["name"] not in in_schema(other)
    for other in (people.admin, people.manager, people.second, people.shop):
        assert plain["name"] not in in_schema(other)
    # What is listed can be asked for as it stands.
    for asker in (people.manager, people.first):
        names = list(in_schema(asker))
        query = {"from": "2026-11-01", "to": "2026-11-02", "metrics": names}
        assert list(asker.made("POST", "/api/v1/reports/query", query)["rows"][0]) == names
    people.manager.made("DELETE", f"{PATH}/{made['id']}")
    assert made["name"] not in in_schema(people.manager)


def test_a_formula_that_is_none_any_more_is_not_listed(people):
    made = metric(people.manager)
    people.web.change(CustomMetric, made["id"], formula="clicks_of_yore * 2")
    assert made["name"] not in in_schema(people.manager)


def test_a_mistyped_custom_metric_is_answered_with_its_name(people):
    metric(people.manager, name="payout_per_thousand")
    for wrong in (
        {"metrics": ["payout_per_thosand"]},
        {"filters": [{"metric": "payout_per_thosand", "value": 1}]},
    ):
        query = {"from": "2026-11-01", "to": "2026-11-02", "metrics": ["clicks"]} | wrong
        refused = people.manager.ask("POST", "/api/v1/reports/query", query)
        assert refused.json()["error"]["details"]["nearest"][0] == "payout_per_thousand"
        refused = people.analyst.ask("POST", "/api/v1/reports/query", query)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unknown_metric")
        assert "payout_per_thousand" not in refused.text
