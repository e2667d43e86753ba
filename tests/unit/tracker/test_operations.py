from __future__ import annotations

import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kernel.api import PUBLIC, routes
from kernel.http import EXCEPTION_HANDLERS
from kernel.settings import Settings
from tests.support.edge import KEYS
from tracker import links, postbacks
from tracker.edge.app import build_edge
from tracker.errors import ERRORS
from tracker.reference import pages
from tracker.reference.operations import document, operations


def test_the_edge_serves_each_declared_path_and_declares_each_it_serves(tmp_path):
    app = build_edge(Settings(data_dir=tmp_path), KEYS, "edge-0")
    served = {route.path for route in app.routes if not route.path.endswith("/")}
    assert {operation.path for operation in operations()} == served
    assert {operation.needs for operation in operations()} == {PUBLIC}


def test_the_document_names_every_parameter_as_it_is_sent():
    described = document("http://127.0.0.1:8000")["paths"]

    def names(path):
        return {parameter["name"] for parameter in described[path]["get"]["parameters"]}

    assert names("/click") == names("/i") == set(links.ALIASES)
    assert names("/postback") == names("/pixel.gif") == names("/pixel") == set(postbacks.ALIASES)
    assert names("/c/{code}") == (set(links.ALIASES) - {"offer_id", "partner_id"}) | {"code"}
    assert set(described["/pixel"]) == {"get", "post"}
    subs = next(p for p in described["/click"]["get"]["parameters"] if p["name"] == "partner_id")
    assert subs["description"].endswith(f"Also sent as {', '.join(links.ALIASES['partner_id'])}")


def test_each_code_that_the_pages_list_as_answered_is_declared_where_it_is_answered():
    declared = {kind.code for operation in operations() for kind in operation.every_error()}
    listed = "".join(pages()[f"docs/{page}.md"] for page in ("postbacks", "pixels"))
    answered = {code for code, kind in ERRORS.items() if f"| `{code}` | {kind.status} |" in listed}
    assert declared == answered - {"journal_unavailable"}
    unstored = [o.path for o in operations() if all(other.status != 503 for other in o.other_answers)]
    assert unstored == ["/clickledger.js", "/openapi.json", "/healthz", "/metrics"]


def test_a_worker_that_is_never_asked_to_describe_itself_loads_nothing_for_it():
    code = (
        "import sys, tracker.edge.app\n"
        "print(sorted({'kernel.openapi', 'tracker.reference.operations'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "[]\n"


@pytest.mark.parametrize(("method", "path"), [("GET", "/click"), ("POST", "/postback"), ("GET", "/c/summer")])
def test_another_role_says_where_it_is_answered(method, path):
    app = Starlette(routes=routes(operations()), exception_handlers=EXCEPTION_HANDLERS)
    answer = TestClient(app).request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
