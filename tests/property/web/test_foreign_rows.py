"""Whatever two partners and two advertisers ask, none of them is shown a row of the other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from clickledger.roles.web import operations
from kernel.api import Operation
from reports.registry import DIMENSIONS, METRICS
from tests.property.web.network import BOTH, Network, Party, build, of_advertiser, of_partner

RANGE = {"from": "2026-11-01", "to": "2026-11-08"}
SLOW = {"/api/v1/links/{id}/test", "/api/v1/hooks/{id}/test"}
"""They send requests of their own; what they answer is asked for in their own tests."""
ENDING = {"/api/v1/keys/{id}/revoke", "/api/v1/keys/{id}/rotate", "/api/v1/sessions/current"}
"""Whoever finds the id of their own key is nobody from then on; what these answer is asked for there, too."""
OPERATIONS = [operation for operation in operations() if operation.path not in SLOW | ENDING]


@pytest.fixture(scope="module")
def network(web, event_store) -> Network:
    return build(web, event_store)


def requests(network: Network) -> st.SearchStrategy[tuple[Party, Operation, str, dict[str, Any]]]:
    """Any operation, with ids and texts that exist somewhere in the network."""
    ids = st.sampled_from(network.ids)
    texts = st.sampled_from((*network.texts, "goal1", "", "name", "2026-11-03", "approved"))
    events = st.sampled_from(
        [f"web-{kind}-{p}-{o}" for kind in "cm" for p in network.ids[:12] for o in network.ids[:24]]
    )

    def value(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        if name.endswith("_id") or name == "id":
            return ids
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema.get("type"):
            case "integer":
                return st.integers(0, 10)
            case "boolean":
                return st.booleans()
            case "array":
                return st.lists(value("", schema.get("items", {})), max_size=2)
            case "object":
                return st.just({})
            case _ if "url" in name or name in {"destination", "website"}:
                return st.just("https://x.example/")
            case _ if "amount" in name or name in {"payout", "revenue"}:
                return st.just("1.50")
            case _ if name == "currency":
                return st.just("USD")
            case _ if name in {"sort", "cursor"}:
                return st.sampled_from(["id", "-id", "-created_at"])
            case _:
                return texts

    def fields(model: Any) -> st.SearchStrategy[dict[str, Any]]:
        schema = model.model_json_schema()
        known = {name: value(name, field) for name, field in schema.get("properties", {}).items()}
        needed = st.fixed_dictionaries({name: known[name] for name in schema.get("required", ())})
        others = sorted(set(known) - set(schema.get("required", ())))
        # A few at a time: each more is one more reason to be refused before anything is looked up.
        some = st.lists(st.sampled_from(others), max_size=2, unique=True) if others else st.just([])
        chosen = some.flatmap(lambda names: st.fixed_dictionaries({name: known[name] for name in names}))
        return st.builds(lambda one, other: one | other, needed, chosen)

    report = st.fixed_dictionaries(
        {
            **{name: st.just(day) for name, day in RANGE.items()},
            "metrics": st.lists(st.sampled_from(sorted(METRICS)), min_size=1, max_size=3, unique=True),
            "dimensions": st.lists(st.sampled_from(["sub1", "partner", "advertiser", "offer", *DIMENSIONS]), max_size=3, unique=True),
        },
        optional={
            "totals": st.booleans(),
            "filters": st.lists(
                st.fixed_dictionaries(
                    {"dimension": st.sampled_from(["partner_id", "advertiser_id", "offer_id"]), "value": ids}
                ),
                max_size=2,
            ),
        },
    )  # fmt: skip
    export = st.fixed_dictionaries(
        {name: st.just(day) for name, day in RANGE.items()},
        optional={"format": st.sampled_from(["csv", "json", "jsonl", "arrow"])},
    )

    @st.composite
    def request(draw):
        party = draw(st.sampled_from(network.parties))
        operation = draw(st.sampled_from(party.opens(OPERATIONS)))
        path = operation.path
        if "{table}" in path:
            path = path.replace(
                "{table}", draw(st.sampled_from(["clicks", "impressions", "conversions", "conversion_changes"]))
            )
        elif "{id}" in path:
            of_events = dict(operation.path_types).get("id") != "integer"
            path = path.replace("{id}", str(draw(events if of_events else ids)))
        options: dict[str, Any] = {}
        if operation.query is not None:
            options["params"] = draw(export if "/export/" in path else fields(operation.query))
        if path == "/api/v1/reports/query":
            options["json"] = draw(report)
        elif path == "/api/v1/reports/export":
            options["json"] = draw(report) | {"format": draw(st.sampled_from(["csv", "json", "jsonl", "arrow"]))}
        elif isinstance(operation.body, dict):
            options["content"] = b"click_id,txn_id,amount,status\nweb1x1,t,1,approved\n"
        elif operation.body is not None:
            options["json"] = draw(fields(operation.body))
        return party, operation, path, options

    return request()


def test_no_answer_shows_a_foreign_row(network):
    @given(request=requests(network))
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(request):
        party, operation, path, options = request
        answer = party.asker.ask(operation.method, path, **options)
        event(f"{answer.status_code // 100}xx")
        assert answer.status_code < 500, answer.text
        assert party.foreign_in(answer) == [], f"{party.name}: {operation.method} {path} {options}"

    ask()


def test_every_list_export_and_report_shows_each_party_its_own_rows_and_no_others(network):
    lists = [
        o.path
        for o in OPERATIONS
        if o.method == "GET" and o.query is not None and "/export/" not in o.path and "{" not in o.path
    ]
    for party in network.parties:
        for path in lists:
            answer = party.asker.ask("GET", path, params={"limit": 1000})
            assert answer.status_code in {200, 403}, answer.text
            assert party.foreign_in(answer) == [], f"{party.name}: {path}"
        for table in ("clicks", "impressions", "conversions"):
            for form in ("csv", "json", "jsonl"):
                params = RANGE | {"format": form}
                answer = party.asker.ask("GET", f"/api/v1/export/{table}", params=params)
                assert party.foreign_in(answer) == [], f"{party.name}: {table}"
                assert answer.text.count(party.own_mark) >= 4
        body = RANGE | {"metrics": ["gross_clicks"], "dimensions": ["sub1", "partner", "advertiser", "offer"]}
        answer = party.asker.ask("POST", "/api/v1/reports/query", body)
        assert party.foreign_in(answer) == []
        assert len(answer.json()["rows"]) >= 4
        file = party.asker.ask("POST", "/api/v1/reports/export", body | {"format": "json"})
        assert party.foreign_in(file) == []
        assert len(file.json()) >= 4


def test_the_rows_are_there_to_be_found(network, web):
    """What nobody may see of the other is in the answers to those who may see all."""
    listed = web.admin.ask("GET", "/api/v1/links", params={"limit": 1000}).text
    exported = web.admin.ask("GET", "/api/v1/export/clicks", params=RANGE).text
    for n in BOTH:
        assert of_partner(n) in listed
        assert of_partner(n) in exported
        assert of_advertiser(n) in exported
    for party in network.parties:
        for path in ("/api/v1/offers", "/api/v1/keys", "/api/v1/saved-reports", "/api/v1/custom-metrics"):
            assert party.own_mark in party.asker.ask("GET", path, params={"limit": 1000}).text
