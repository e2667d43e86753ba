"""The API does what its own OpenAPI document promises: statuses, content types, shapes, and never a 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clickledger.roles.web import operations
from kernel.api import Operation
from tests.support.asgi import in_its_own_loop
from tests.support.web import ADMIN_KEY

OPERATIONS = operations()

EXAMPLES = {GenerationMode.POSITIVE: 10, GenerationMode.NEGATIVE: 6}
"""Requests an operation gets of each kind; all together take about a minute."""

PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


@pytest.fixture(scope="session")
def schema(web):
    loaded = schemathesis.openapi.from_dict(web.admin.made("GET", "/openapi.json"))
    loaded.app = in_its_own_loop(web.app, web.client.portal)
    return loaded


def test_the_document_is_public_and_describes_every_operation(web):
    document = web.holding(None).made("GET", "/openapi.json")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    assert document["externalDocs"]["url"] == "http://127.0.0.1:8000/openapi.json"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_answer_is_as_documented(schema, operation: Operation, mode: GenerationMode):
    described = schema[operation.path][operation.method]
    if mode is GenerationMode.NEGATIVE and not (described.path_parameters or described.query or described.body):
        return  # nothing can be wrong with a request that says nothing

    @given(case=described.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {ADMIN_KEY}"}, checks=PROMISES)

    ask()
