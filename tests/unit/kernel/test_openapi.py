from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import BaseModel, Field

from kernel.api import ANYBODY, PUBLIC, Operation, OtherAnswer, routes
from kernel.errors import CONFLICT, NOT_FOUND, UNAUTHENTICATED
from kernel.http import MAX_ID
from kernel.openapi import document


class Part(BaseModel):
    text: str = Field(max_length=5)


class Body(BaseModel):
    """A body."""

    name: str
    parts: list[Part] = []


class Asked(BaseModel):
    limit: int = Field(10, ge=1, description="Most entries.")
    kind: str


class Told(BaseModel):
    id: int
    at: datetime | None
    parts: list[Part]


async def handler(_request):
    raise AssertionError


OPERATIONS = [
    Operation(
        "POST", "/things", "Make a thing.", handler, "keys:write", or_needs="users:write", tag="Things",
        body=Body, answer=Told, status=201, errors=(CONFLICT,), headers=(("ETag", "Its revision."),),
    ),
    Operation("GET", "/things/{id}", "Show a thing.", handler, ANYBODY, tag="Things", answer=Told, errors=(NOT_FOUND,)),
    Operation("GET", "/things", "List things.", handler, "program:read", query=Asked, answer={"type": "array"}),
    Operation("GET", "/text/{name:path}", "Text.", handler, PUBLIC, answer={"type": "string"}, media_type="text/csv, text/plain"),
    Operation("PUT", "/raw", "Raw.", handler, PUBLIC, body={"text/csv": {"type": "string"}}, status=204),
    Operation("GET", "/ready", "Ready.", handler, PUBLIC, answer={}, other_answers=(OtherAnswer(503, "Not.", {"type": "object"}),)),
]  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return document(OPERATIONS, title="T", version="1", description="D", url="http://h")


def codes(response):
    return response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["error"]["properties"][
        "code"
    ]["enum"]


def test_every_operation_is_there_with_its_scopes(made):
    assert {path: sorted(methods) for path, methods in made["paths"].items()} == {
        "/things": ["get", "post"],
        "/things/{id}": ["get"],
        "/text/{name}": ["get"],
        "/raw": ["put"],
        "/ready": ["get"],
    }
    post = made["paths"]["/things"]["post"]
    assert post["security"] == [{"key": ["keys:write"]}, {"key": ["users:write"]}]
    assert made["paths"]["/things/{id}"]["get"]["security"] == [{"key": []}]
    assert "security" not in made["paths"]["/raw"]["put"]
    assert made["openapi"] == "3.1.0"


def test_every_status_is_there_with_its_codes(made):
    responses = made["paths"]["/things"]["post"]["responses"]
    assert list(responses) == ["201", "400", "401", "403", "409", "413", "429", "503"]
    assert {status: codes(responses[status]) for status in responses if status != "201"} == {
        "400": ["body_invalid"],
        "401": ["unauthenticated"],
        "403": ["forbidden"],
        "409": ["conflict"],
        "413": ["body_too_large"],
        "429": ["rate_limited"],
        "503": ["store_away"],
    }
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "Retry-After" in responses["429"]["headers"]
    assert set(responses["201"]["headers"]) == {"ETag", "RateLimit", "RateLimit-Policy"}
    assert (
        responses["409"]["content"]["application/json"]["examples"]["conflict"]["value"]["error"]["code"]
        == "conflict"
    )


def test_shapes_are_those_of_the_models(made):
    post = made["paths"]["/things"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Body"}
    schemas = made["components"]["schemas"]
    assert schemas["Part"]["properties"]["text"]["maxLength"] == 5
    assert schemas["Told"]["required"] == ["id", "at", "parts"]
    assert post["responses"]["201"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Told"
    }


def test_query_and_path_are_parameters(made):
    assert made["paths"]["/things"]["get"]["parameters"] == [
        {
            "name": "limit", "in": "query", "required": False, "description": "Most entries.",
            "schema": {"type": "integer", "default": 10, "minimum": 1},
        },
        {"name": "kind", "in": "query", "required": True, "schema": {"type": "string"}},
    ]  # fmt: skip
    assert "Asked" not in made["components"]["schemas"]
    assert "400" in made["paths"]["/things"]["get"]["responses"]
    assert made["paths"]["/things/{id}"]["get"]["parameters"] == [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
        }
    ]


def test_other_media_types_and_other_answers_are_told(made):
    assert list(made["paths"]["/text/{name}"]["get"]["responses"]["200"]["content"]) == ["text/csv", "text/plain"]
    assert list(made["paths"]["/raw"]["put"]["requestBody"]["content"]) == ["text/csv"]
    assert "content" not in made["paths"]["/raw"]["put"]["responses"]["204"]
    either = made["paths"]["/ready"]["get"]["responses"]["503"]["content"]["application/json"]["schema"]["anyOf"]
    assert [list(schema) for schema in either] == [["type"], ["allOf"]]


def test_an_operation_with_refusals_of_its_own_shape_promises_no_others():
    status = {"const": "refused"}
    odd = Operation(
        "GET", "/odd", "Odd.", handler, PUBLIC, or_needs="keys:write", query=Asked, answer={"type": "object"},
        errors=(CONFLICT, UNAUTHENTICATED), common_errors=False, refusal=(("status", status),),
        other_answers=(
            OtherAnswer(200, "As text.", {"type": "string"}, "text/plain", (("ETag", "Its revision."),)),
            OtherAnswer(304, "Known.", None),
        ),
    )  # fmt: skip
    described = document([odd], title="T", version="1", description="D", url="http://h")["paths"]["/odd"]["get"]
    responses = described["responses"]
    assert list(responses) == ["200", "401", "409", "304"]
    shape = responses["409"]["content"]["application/json"]["schema"]["allOf"][0]
    assert (shape["required"], shape["properties"]["status"]) == (["status", "error"], status)
    example = responses["409"]["content"]["application/json"]["examples"]["conflict"]["value"]
    assert example == {"status": "refused", "error": {"code": "conflict", "message": CONFLICT.advice}}
    assert "headers" not in responses["401"]
    assert {kind: said["schema"]["type"] for kind, said in responses["200"]["content"].items()} == {
        "application/json": "object",
        "text/plain": "string",
    }
    assert (responses["200"]["description"], list(responses["200"]["headers"])) == ("As text. Odd.", ["ETag"])
    assert responses["304"] == {"description": "Known."}
    assert described["security"] == [{}, {"key": ["keys:write"]}]


def test_what_can_not_be_meant_is_refused():
    for wrong in ({"needs": "no:such"}, {"needs": "keys:write", "or_needs": "no:such"}):
        with pytest.raises(ValueError, match="isn't a scope"):
            Operation("GET", "/", "S.", handler, **wrong)
    with pytest.raises(ValueError, match="declared twice"):
        routes([OPERATIONS[0], OPERATIONS[0]])
