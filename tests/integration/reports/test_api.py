"""The HTTP routes: answers, statuses, limits, and nothing that makes a 5xx."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import quote

import pytest
from clickhouse_connect.driver.exceptions import OperationalError

from kernel.clickhouse.client import ReaderPool
from kernel.errors import STORE_AWAY
from reports.errors import ERRORS
from reports.registry import DIMENSIONS, METRICS, OPERATORS
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 950_000_001
QUERY = {
    "from": "2026-11-01",
    "to": "2026-11-08",
    "dimensions": ["partner"],
    "metrics": ["clicks", "payout", "epc", "cr"],
    "filters": [{"dimension": "partner", "value": "Channel Nine"}],
    "totals": True,
}


@pytest.fixture(scope="module")
def client(store: Store, web):
    one = {"partner_id": P, "ts": at("2026-11-02T12:00:00"), "verdict": "valid"}
    store.put("clicks", [{**one, "click_id": "api1", "is_unique": True}, {**one, "click_id": "api2"}])
    paid = {"conversion_id": f"{P}", "status": "approved", "currency": "USD", "payout": Decimal("1.5")}
    store.put("conversions", [{**one, **paid}])
    names = Directory({"partner": {P: "Channel Nine"}, "offer": {}, "advertiser": {}, "link": {}})
    with web(names) as found:
        yield found


def post(client, **fields):
    return client.post("/api/v1/reports/query", json={**QUERY, **fields})


def test_a_report_is_rows_totals_and_meta(client):
    answer = post(client)
    assert answer.status_code == 200
    body = answer.json()
    assert body["rows"] == [
        {"partner": "Channel Nine", "partner_id": P, "clicks": 2, "payout": 1.5, "epc": 0.75, "cr": 1.0}
    ]
    assert body["totals"] == {"clicks": 2, "payout": 1.5, "epc": 0.75, "cr": 1.0}
    assert body["meta"]["source"] == "rollup"
    assert b'"payout":1.5,' in answer.content


def test_the_schema_describes_everything(client):
    body = client.get("/api/v1/reports/schema").json()
    assert [d["name"] for d in body["dimensions"]] == list(DIMENSIONS)
    assert [m["name"] for m in body["metrics"]] == list(METRICS)
    assert [o["name"] for o in body["operators"]] == list(OPERATORS)
    assert all(entry["help"] and entry["operators"] for entry in body["dimensions"] + body["metrics"])


def test_an_export_is_a_download(client):
    answer = client.get(
        "/api/v1/export/clicks", params={"from": "2026-11-01", "to": "2026-11-08", "columns": "click_id"}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="clicks-20261101-20261108.csv"' in answer.headers["content-disposition"]
    assert "api1" in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/reports/query"), ("GET", "/api/v1/reports/schema"), ("GET", "/api/v1/export/clicks")],
)
def test_no_route_answers_without_a_key(client, method, path):
    for key in ("", "Bearer", "Bearer wrong", "Basic test-key"):
        answer = client.request(method, path, headers={"Authorization": key})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"metrics": ["klicks"]}, "unknown_metric"),
        ({"to": "2026-11-01"}, "empty_range"),
        ({"limit": 0}, "limit_out_of_range"),
        ({"filters": [{"dimension": "sub1", "op": "matches", "value": "("}]}, "pattern_invalid"),
        ({"compare": "last_week"}, "body_invalid"),
        ({"fill": True}, "fill_invalid"),
        ({"pivot": "contry"}, "unknown_dimension"),
        ({"pivot": "partner"}, "pivot_invalid"),
        ({"pivot": "country", "pivot_limit": 51}, "pivot_invalid"),
        ({"compare": {"from": "2026-10-01", "to": "2026-10-01"}}, "empty_range"),
        ({"dimensions": 5}, "body_invalid"),
    ],
)
def test_a_mistake_is_a_400_with_its_code(client, fields, code):
    answer = post(client, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert answer.json()["error"]["message"].endswith((".", "?")) or code == "body_invalid"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"from":1}',
        b'{"from":"2026-11-01","to":NaN}',
        b'{"from":"\\ud800","to":"2026-11-01"}',
        b'"' + b"x" * 70_000,
    ],
)
def test_a_body_that_is_no_query_is_a_400(client, body):
    answer = client.post("/api/v1/reports/query", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "body_invalid")


INJECTIONS = [
    "'",
    "' OR '1'='1",
    "x'); DROP TABLE clicks; --",
    "`",
    "\\",
    "{from:String}",
    "\x00",
    "$x",
    "%s",
    "../../etc",
    "🦊",
    "a" * 200,
]
FIELDS = [
    lambda text: {"from": text},
    lambda text: {"to": text},
    lambda text: {"timezone": text},
    lambda text: {"currency": text},
    lambda text: {"dimensions": [text]},
    lambda text: {"metrics": [text]},
    lambda text: {"sort": [{"by": text}]},
    lambda text: {"filters": [{"dimension": text, "value": 1}]},
    lambda text: {"filters": [{"metric": text, "value": 1}]},
    lambda text: {"filters": [{"metric": "clicks", "value": text}]},
    lambda text: {"filters": [{"dimension": "country", "op": text, "value": 1}]},
    lambda text: {"filters": [{"dimension": "asn", "value": text}]},
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_texts_are_no_names(client, text):
    for field in FIELDS:
        answer = post(client, **field(text))
        assert answer.status_code == 400, field(text)
        assert answer.json()["error"]["code"] in ERRORS
    values = [
        {"dimension": d, "op": op, "value": text}
        for d in ("country", "partner", "day", "fraud_reason")
        for op in ("eq", "contains")
    ]
    answer = post(client, filters=values)
    assert (answer.status_code, answer.json()["rows"]) == (200, [])
    for name in ("from", "to", "columns", "format", "timezone"):
        parameters = {"from": "2026-11-01", "to": "2026-11-02", name: text}
        answer = client.get("/api/v1/export/clicks", params=parameters)
        assert answer.status_code == 400, name
    assert client.get(f"/api/v1/export/{quote(text, safe='')}").status_code in {400, 404}


def test_a_report_past_its_limits_is_a_400_that_says_which(store: Store, web):
    many = "INSERT INTO clicks (click_id, ts, sub1) SELECT toString(number), toDateTime64('2032-11-02 10:00:00', 3, 'UTC'), leftPad(toString(number), 100, 'x') FROM numbers(100000)"
    store.client.command(many)
    tight = store.chosen.model_copy(update={"report_max_memory_mib": 8})
    wide = {"from": "2032-11-01", "to": "2032-11-08"}
    pool = ReaderPool(tight, size=1)
    try:
        with web(pool=pool, chosen=tight) as client:
            asked = {**wide, "dimensions": ["sub1"], "metrics": ["p95_fraud_score", "unique_ips"], "filters": []}
            answer = post(client, **asked)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["details"]) == (
                400,
                "report_too_large",
                {"limit_mib": 8},
            )
            assert "fewer dimensions" in error["message"]
            export = client.get("/api/v1/export/clicks", params=wide)
            assert (export.status_code, export.json()["error"]["code"]) == (400, "report_too_large")
            # The handle that ran into its limit goes on working.
            assert post(client).status_code == 200
    finally:
        pool.close()


class Away:
    """Readers of a store that can't be reached."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @contextmanager
    def reader(self):
        raise self.error
        yield


@pytest.mark.parametrize("error", [STORE_AWAY.error(), OperationalError("no route"), ConnectionRefusedError()])
def test_a_store_that_is_away_is_a_503(web, error):
    with web(pool=Away(error)) as client:
        for answer in (
            post(client),
            client.get("/api/v1/export/clicks", params={"from": "2026-11-01", "to": "2026-11-02"}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_away")


def test_an_unforeseen_failure_tells_the_outside_nothing(web):
    with web(pool=Away(KeyError("secret detail"))) as client:
        answer = post(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret detail" not in answer.text


@pytest.mark.parametrize("value", [{"a": 1}, [1], "x" * 4097])
def test_a_value_that_is_none_is_refused_in_one_sentence(web, value):
    query = {"from": "2026-11-01", "to": "2026-11-02", "metrics": ["clicks"]}
    for given in ({"value": value}, {"op": "in", "values": [value]}):
        with web() as client:
            body = {**query, "filters": [{"dimension": "sub1", **given}]}
            error = client.post("/api/v1/reports/query", json=body).json()["error"]
        assert error["code"] == "body_invalid"
        assert [problem["problem"] for problem in error["details"]["problems"]] == [
            "give a text of at most 4096 characters, a number, true or false"
        ]


def test_the_schema_can_leave_out_which_values_there_are(web):
    client = web()
    whole, short = (client.get(f"/api/v1/reports/schema{query}").json() for query in ("", "?values=false"))
    for one in whole["dimensions"]:
        one.pop("values", None)
    assert short == whole
    assert client.get("/api/v1/reports/schema?values=perhaps").json()["error"]["code"] == "query_invalid"
