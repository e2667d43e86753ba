"""Whatever two partners and two advertisers ask, also by the ids of each other's events, none is shown a row of the
other."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from clickledger.roles.web import operations
from kernel.api import Operation
from reports.logs.places import Place, cursor_of
from reports.registry import DIMENSIONS, METRICS
from tests.property.web.network import BOTH, DAY, Network, Party, of_advertiser, of_partner

RANGE = {"from": "2018-06-01", "to": "2018-06-08"}
"""No other test's: the first partners of a program share their small numbers with those of other tests."""
SLOW = {"/api/v1/links/{id}/test", "/api/v1/hooks/{id}/test", "/api/v1/postbacks/test"}
"""They send requests of their own; what they answer is asked for in their own tests."""
ENDING = {"/api/v1/keys/{id}/revoke", "/api/v1/keys/{id}/rotate", "/api/v1/sessions/current"}
"""Whoever finds the id of their own key is nobody from then on; what these answer is asked for there, too."""
OPERATIONS = [operation for operation in operations() if operation.path not in SLOW | ENDING]


def requests(network: Network) -> st.SearchStrategy[tuple[Party, Operation, str, dict[str, Any]]]:
    """Any operation, with ids and texts that exist somewhere in the network."""
    ids = st.sampled_from(network.ids)
    texts = st.sampled_from((*network.texts, "goal1", "", "name", "2018-06-05", "approved"))
    clicks = st.sampled_from(network.of("click", "impression"))
    of_path = {
        "/conversions/{id}": st.sampled_from([*network.of("conversion"), "web-c-nobody"]),
        "/outbound/messages/{id}": st.sampled_from([*network.of("message"), "web-m-nobody"]),
        "/clicks/{click_id}": clicks,
        "/export/{table}": st.sampled_from(["clicks", "impressions", "conversions", "conversion_changes"]),
        "/reports/running/{id}": st.just("not-running-1"),
    }

    def value(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        if name == "click_id":
            return clicks
        if name == "conversion_id":
            return st.sampled_from(network.of("conversion"))
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

    condition = st.one_of(
        st.builds("click_id={}".format, clicks),
        st.builds("conversion_id={}".format, st.sampled_from(network.of("conversion"))),
        st.builds("{}={}".format, st.sampled_from(["partner", "advertiser", "offer", "partner_id"]), ids),
        st.builds("sub1~{}".format, st.sampled_from([of_partner(0), of_advertiser(1), "-"])),
    )
    log = st.fixed_dictionaries(
        {name: st.just(day) for name, day in RANGE.items()},
        optional={
            "columns": st.just("*"),
            "filter": st.lists(condition, max_size=2),
            "limit": st.integers(1, 20),
            # Behind any row there is, whoever's.
            "cursor": st.builds(
                lambda one: cursor_of(Place(DAY, one)),
                st.sampled_from(network.of("click", "impression", "conversion")),
            ),
        },
    )

    @st.composite
    def request(draw):
        party = draw(st.sampled_from(network.parties))
        opened = party.opens(OPERATIONS)
        # Those that find events by their ids come oftener: each has many ids to try.
        of_events = [operation for operation in opened if any(ending in operation.path for ending in of_path)]
        operation = draw(st.sampled_from([*opened, *of_events * 2]))
        path = operation.path
        named = next((drawn for ending, drawn in of_path.items() if ending in path), ids)
        path = re.sub(r"\{(id|click_id|table)\}", lambda _: str(draw(named)), path)
        options: dict[str, Any] = {}
        if operation.query is not None:
            known = {"/export/": export, "/logs/": log}
            drawn = next((one for part, one in known.items() if part in path), None)
            options["params"] = draw(fields(operation.query) if drawn is None else drawn)
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
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(request):
        party, operation, path, options = request
        answer = party.asker.ask(operation.method, path, **options)
        event(f"{answer.status_code // 100}xx")
        assert answer.status_code < 500, answer.text
        assert party.foreign_in(answer) == [], f"{party.name}: {operation.method} {path} {options}"

    ask()


def most_rows(operation: Operation) -> int:
    """Return the most rows that a list may be asked for."""
    limit = operation.query.model_json_schema()["properties"]["limit"]
    return limit.get("maximum") or limit["le"]


def test_every_list_export_and_report_shows_each_party_its_own_rows_and_no_others(network):
    lists = {
        o.path: {"limit": most_rows(o)} if "limit" in o.query.model_fields else {}
        for o in OPERATIONS
        if o.method == "GET" and o.query is not None and "/export/" not in o.path and "{" not in o.path
    }
    for party in network.parties:
        for path, params in lists.items():
            answer = party.asker.ask("GET", path, params=params)
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


def test_every_event_is_found_by_its_own_two_parties_alone(network):
    """Each asked for by its own id: to anybody else it is what never was."""
    paths = {
        "click": "/api/v1/clicks/{click_id}",
        "impression": "/api/v1/clicks/{click_id}",
        "conversion": "/api/v1/conversions/{id}",
        "message": "/api/v1/outbound/messages/{id}",
    }
    for party in network.parties:
        opened = {operation.path for operation in party.opens(OPERATIONS) if operation.method == "GET"}
        for one in network.events:
            answer = party.asker.ask("GET", re.sub(r"{\w+}", one.id, paths[one.kind]))
            is_own = party.own_mark in one.mark
            expected = 403 if paths[one.kind] not in opened else 200 if is_own else 404
            assert answer.status_code == expected, f"{party.name}: {one}"
            assert party.foreign_in(answer) == [], f"{party.name}: {one}"
            assert (party.own_mark in answer.text) == (expected == 200)


def test_every_log_shows_each_party_its_own_rows_and_no_others(network):
    for party in network.parties:
        for table in ("clicks", "impressions", "conversions"):
            params = RANGE | {"columns": "*", "limit": 1000}
            answer = party.asker.ask("GET", f"/api/v1/logs/{table}", params=params)
            assert party.foreign_in(answer) == [], f"{party.name}: {table}"
            assert len(answer.json()["items"]) >= 4
            for one in answer.json()["items"]:
                assert party.own_mark in one["sub1"]


def test_the_rows_are_there_to_be_found(network, web):
    """What nobody may see of the other is in the answers to those who may see all."""
    listed = web.admin.ask("GET", "/api/v1/links", params={"limit": 1000}).text
    exported = web.admin.ask("GET", "/api/v1/export/clicks", params=RANGE).text
    for n in BOTH:
        assert of_partner(n) in listed
        assert of_partner(n) in exported
        assert of_advertiser(n) in exported
    for party in network.parties:
        own = ("/api/v1/fraud/disputes",) if party.role == "partner" else ()
        for path in (*own, "/api/v1/offers", "/api/v1/keys", "/api/v1/saved-reports", "/api/v1/custom-metrics"):
            assert party.own_mark in party.asker.ask("GET", path, params={"limit": 1000}).text
