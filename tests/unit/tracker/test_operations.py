from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kernel import openapi
from kernel.api import PUBLIC, routes
from kernel.http import EXCEPTION_HANDLERS
from kernel.settings import Settings
from tests.support.edge import KEYS
from tracker import links, postbacks
from tracker.edge.app import build_edge
from tracker.reference.operations import operations


def test_the_edge_serves_each_declared_path_and_declares_each_it_serves_to_the_public(tmp_path):
    app = build_edge(Settings(data_dir=tmp_path), KEYS, "edge-0")
    served = {route.path for route in app.routes if not route.path.endswith("/")}
    assert {operation.path for operation in operations()} == served - {"/healthz", "/readyz", "/metrics"}
    assert {operation.needs for operation in operations()} == {PUBLIC}


def test_the_document_names_every_parameter_as_it_is_sent():
    document = openapi.document(
        operations(), title="edge", version="1", description="", url="http://127.0.0.1:8000"
    )
    json.dumps(document)

    def names(path):
        return {p["name"] for p in document["paths"][path]["get"]["parameters"]}

    assert names("/click") == names("/i") == set(links.ALIASES)
    assert names("/postback") == names("/pixel.gif") == names("/pixel") == set(postbacks.ALIASES)
    assert names("/c/{code}") == (set(links.ALIASES) - {"offer_id", "partner_id"}) | {"code"}
    assert set(document["paths"]["/pixel"]) == {"get", "post"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/click"), ("POST", "/postback"), ("GET", "/c/summer")])
def test_another_role_says_where_it_is_answered(method, path):
    app = Starlette(routes=routes(operations()), exception_handlers=EXCEPTION_HANDLERS)
    answer = TestClient(app).request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
