"""The edge does what its own OpenAPI document promises, and each request leaves the event it should."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from kernel import keys as api_keys
from kernel.api import Operation
from kernel.settings import Settings
from tests.support.asgi import in_its_own_loop
from tests.support.edge import GOOD, KEYS, OPEN, PAUSED, PAUSED_ALONE, STRICT, program, publish
from tests.support.offers import offer
from tracker.click_id import ClickIdKeys
from tracker.edge.app import build_edge
from tracker.events import Click, Postback, Refused, decode_events
from tracker.journal import DIRECTORY, JournalReader, journal_paths
from tracker.reference.operations import operations
from tracker.routes import CouponRoute, KeyRoute

OPERATIONS = operations()
EXAMPLES = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 15}
"""Requests an operation gets of each kind; all together take about twenty seconds."""
DOCUMENTED = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
COOKIES = 9
"""An offer whose pixel finds its clicks and views by cookies."""

KEY = api_keys.make()
BEARER = {"Authorization": f"Bearer {KEY.text}"}
LINK = {"offer_id": str(OPEN), "partner_id": str(GOOD)}
CLICK_ID = KEYS.mint(time.time_ns() // 1_000_000 - 1_000, OPEN)
OLD = KEYS.mint(1_600_000_000_000, OPEN)
OF_STRICT = KEYS.mint(time.time_ns() // 1_000_000 - 1_000, STRICT)
FORGED = ClickIdKeys({1: b"x" * 32}, 1).mint(1_600_000_000_000, OPEN)
VISITOR = {"ip": "198.51.100.7", "user_agent": "Mozilla/5.0"}


class Journal:
    """What was written down since it was last asked."""

    def __init__(self, directory):
        self._directory = directory / DIRECTORY
        self._read = {}

    def new(self):
        events = []
        for path in journal_paths(self._directory):
            reader = JournalReader(path)
            for frame in reader.frames(self._read.get(path, 0) + 1, 2**62):
                events += decode_events(frame.body)
                self._read[path] = frame.seq
            reader.close()
        return events


@dataclass
class Running:
    """A running edge as schemathesis sees it."""

    described: object
    journal: Journal
    client: TestClient

    def case(self, asked):
        return self.described[asked.path][asked.method].Case(
            path_parameters={"code": asked.code} if asked.code else {},
            query=asked.query,
            headers=asked.headers,
            body=asked.body,
            media_type=asked.media_type,
        )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("described")
    known = program()
    offers = known.offers | {
        COOKIES: offer(id=COOKIES, pixel_cookie=True, view_window_s=600, destination="https://a.example/")
    }
    coupons = {f"{OPEN}:SPRING": CouponRoute(1, OPEN, GOOD, "SPRING")}
    keys = {KEY.fingerprint: KeyRoute(KEY.prefix, GOOD)}
    publish(directory, program(offers=offers, coupons=coupons, keys=keys))
    return directory


@pytest.fixture(scope="module")
def edge(data_dir):
    """A running edge, asked through its own description."""
    app = build_edge(Settings(data_dir=data_dir), KEYS, "edge-0")
    with TestClient(app) as client:
        described = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        described.app = in_its_own_loop(app, client.portal)
        yield Running(described, Journal(data_dir), client)


@dataclass(frozen=True)
class Asked:
    """A request whose answer is known."""

    method: str
    path: str
    status: int
    content_type: str = ""
    query: dict = field(default_factory=dict)
    code: str = ""
    headers: dict = field(default_factory=dict)
    body: object = NOT_SET
    media_type: str | None = None
    after: tuple[Asked, ...] = ()
    """What is sent before it: each test may run in another process, whose edge knows nothing of the others'."""

    def __str__(self):
        return f"{self.method} {self.path} {self.status} {self.content_type}"


def posted(path, status, body, content_type="application/json", *, media_type="application/json", headers=None):
    return Asked("POST", path, status, content_type, body=body, media_type=media_type, headers=headers or {})


FORM = "application/x-www-form-urlencoded"
ANSWERS = [
    Asked("GET", "/click", 302, query=LINK),
    Asked("GET", "/click", 302, query={**LINK, "offer_id": str(PAUSED)}),
    Asked("GET", "/click", 302, query={**LINK, "offer_id": str(COOKIES)}),
    Asked("GET", "/click", 404, "text/html", query={**LINK, "offer_id": str(PAUSED_ALONE)}),
    Asked("GET", "/c/{code}", 302, code="summer"),
    Asked("GET", "/c/{code}", 404, "text/html", code="orphan"),
    posted("/click.json", 200, LINK),
    posted("/click.json", 200, {**LINK, "offer_id": str(PAUSED_ALONE)}),
    posted("/click.json", 200, json.dumps(LINK), media_type="text/plain"),
    posted("/click.json", 200, [{**LINK, **VISITOR}, {"ip": "?"}, 7], headers=BEARER),
    posted("/click.json", 400, {"ip": "?"}, headers=BEARER),
    posted("/click.json", 400, {"sub1": {}}),
    posted("/click.json", 401, [LINK]),
    posted("/click.json", 401, LINK, headers={"Authorization": "Bearer x"}),
    posted("/click.json", 403, {**LINK, **VISITOR, "partner_id": "2"}, headers=BEARER),
    posted("/click.json", 413, {"sub1": "x" * 1_100_000}),
    Asked("GET", "/i", 200, "image/gif", query=LINK),
    Asked("GET", "/i", 200, "image/gif", query={**LINK, "offer_id": str(COOKIES)}),
    Asked("GET", "/postback", 200, "application/json", query={"click_id": CLICK_ID, "payout": "1"}),
    Asked("GET", "/postback", 200, "text/plain", query={"click_id": CLICK_ID, "return": "OK"}),
    Asked("GET", "/postback", 400, "application/json"),
    Asked("GET", "/postback", 401, "application/json", query={"click_id": OF_STRICT}),
    Asked("GET", "/postback", 403, "application/json", query={"click_id": FORGED}),
    Asked("GET", "/postback", 404, "application/json", query={"offer_id": "999"}),
    Asked("GET", "/postback", 410, "application/json", query={"click_id": OLD}),
    posted("/postback", 200, {"click_id": CLICK_ID, "txn_id": "1", "amount": 4.5}),
    posted("/postback", 200, {"click_id": CLICK_ID, "txn_id": "1", "status": "rejected"}, media_type=FORM),
    replace(
        posted("/postback", 409, {"click_id": CLICK_ID, "txn_id": "2", "status": "approved"}),
        after=(posted("/postback", 200, {"click_id": CLICK_ID, "txn_id": "2", "status": "rejected"}),),
    ),
    posted("/postback", 400, {"click_id": CLICK_ID, "amount": "-1"}),
    posted("/postback", 400, [1]),
    posted("/postback", 413, {"click_id": "x" * 1_100_000}),
    Asked("GET", "/pixel.gif", 200, "image/gif", query={"offer_id": str(OPEN)}),
    Asked("GET", "/pixel.gif", 200, "image/gif"),
    Asked("GET", "/pixel", 200, "text/html", query={"click_id": CLICK_ID, "goal": "pixel"}),
    Asked("GET", "/pixel", 200, "text/html"),
    posted("/pixel", 200, {"offer_id": OPEN, "txn_id": "2"}),
    posted("/pixel", 200, json.dumps({"click_id": CLICK_ID, "payout": 3}), media_type="text/plain"),
    posted("/pixel", 401, {"click_id": OF_STRICT}),
    posted("/pixel", 404, {"offer_id": "none"}),
    Asked("GET", "/clickledger.js", 200, "text/javascript"),
    Asked("GET", "/clickledger.js", 304, headers={"If-None-Match": "*"}),
    Asked("GET", "/openapi.json", 200, "application/json"),
    Asked("GET", "/healthz", 200, "application/json"),
    Asked("GET", "/readyz", 200, "application/json"),
    Asked("GET", "/metrics", 200, "text/plain"),
]
NOTHING = {"/clickledger.js", "/openapi.json", "/healthz", "/readyz", "/metrics"}
"""Paths that write nothing down."""


def check_written(case, answer, written):
    """Check that a request left one event that says what its answer said."""
    path = case.operation.path
    if path in NOTHING:
        assert written == []
        return
    if path == "/click.json" and answer.status_code == 200 and "results" in (body := answer.json()):
        statuses = [result["status"] for result in body["results"]]
        assert [isinstance(event, Refused) for event in written] == [s == "rejected" for s in statuses]
        return
    (event,) = written
    if path in {"/click", "/c/{code}", "/i"}:
        assert isinstance(event, Click)
        assert event.kind == ("impression" if path == "/i" else "click")
        assert event.destination == answer.headers.get("location", [event.destination])[0]
    else:
        outcome = answer.headers.get("x-clickledger", [""])[0]
        refused = outcome.startswith("rejected") or answer.status_code >= 400
        taken = Click if path == "/click.json" else Postback
        assert isinstance(event, Refused if refused else taken)
        if outcome and refused:
            assert event.reason == outcome.removeprefix("rejected ")


def ask(edge, case, checks):
    edge.journal.new()
    answer = case.call_and_validate(checks=checks)
    check_written(case, answer, edge.journal.new())
    return answer


def test_the_edge_describes_each_of_its_operations_at_its_own_address(edge):
    answer = edge.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://127.0.0.1:8000"}]
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    edge.described.validate()
    assert edge.client.head("/openapi.json").content == b""


@pytest.mark.parametrize("asked", ANSWERS, ids=str)
def test_what_is_answered_is_documented_and_written_down(edge, asked):
    for earlier in asked.after:
        assert edge.case(earlier).call().status_code == earlier.status
    answer = ask(edge, edge.case(asked), [*DOCUMENTED, not_a_server_error])
    assert (answer.status_code, answer.headers.get("content-type", [""])[0].partition(";")[0]) == (
        asked.status,
        asked.content_type,
    )
    assert ("location" in answer.headers) == (asked.status == 302)


def test_every_documented_status_is_among_those_just_seen():
    documented = {
        (operation.method, operation.path, status)
        for operation in OPERATIONS
        for status in (
            operation.status,
            *(kind.status for kind in operation.every_error()),
            *(other.status for other in operation.other_answers),
        )
    }
    seen = {(asked.method, asked.path, asked.status) for asked in ANSWERS}
    unseen = {entry for entry in documented - seen if entry[2] != 503}
    # The same code reads reports of both methods and of pages; each of its statuses is seen once.
    assert {path for _, path, _ in unseen} <= {"/postback", "/pixel"}
    assert {status for *_, status in documented} == {asked.status for asked in ANSWERS} | {503}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_whatever_is_sent_is_answered_as_documented_and_written_down_once(edge, operation: Operation, mode):
    described = edge.described[operation.path][operation.method]
    if mode is GenerationMode.NEGATIVE and not (described.path_parameters or described.query or described.body):
        return  # nothing can be wrong with a request that says nothing
    genuine = [{}, *(asked.query for asked in ANSWERS if asked.path == operation.path and asked.query)]
    keys = [{}, BEARER] if operation.or_needs else [{}]

    @given(
        case=described.as_strategy(generation_mode=mode),
        known=st.sampled_from(genuine),
        key=st.sampled_from(keys),
    )
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def fuzz(case, known, key):
        # Made-up values alone name no offer and no click.
        case.query = {**(case.query or {}), **known}
        case.headers.update(key)
        ask(edge, case, [*DOCUMENTED, not_a_server_error])

    fuzz()


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_a_method_that_is_not_listed_is_refused_and_not_kept(edge, path):
    edge.journal.new()
    answer = edge.client.request("DELETE", path.format(code="summer"))
    assert (answer.status_code, "GET" in answer.headers["allow"] or path == "/click.json") == (405, True)
    assert edge.journal.new() == []


def test_what_is_answered_while_the_disk_refuses_is_documented_too(edge, disk):
    disk.break_down()
    try:
        for asked in ANSWERS:
            if asked.path not in NOTHING - {"/readyz"} and asked.status < 400:
                answer = edge.case(asked).call_and_validate(checks=DOCUMENTED)
                assert (str(asked), answer.status_code) == (str(asked), 503)
    finally:
        disk.mend()
    assert edge.journal.new() == []
