"""``/openapi.json``: what every operation takes, answers and refuses, made of the declarations alone.

Invariants: an operation's document says what ``kernel.api`` does with it: the scope it needs, each status it
can answer with the codes that have it, the shapes its models check. What isn't declared isn't promised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from kernel.api import ANYBODY, PUBLIC, Operation
from kernel.auth import SCOPES
from kernel.errors import ErrorKind
from kernel.http import MAX_ID

VERSION: Final = "3.1.0"
COMPONENTS: Final = "#/components/schemas/"

Schema: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["validation", "serialization"]

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")

_ERROR: Final[Schema] = {
    "type": "object",
    "description": "The one shape of every refusal.",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "description": "For programs; never changes its meaning."},
                "message": {"type": "string", "description": "For people: what to do."},
                "details": {"type": "object", "description": "Facts, where there are any."},
            },
        }
    },
}
_RATE_HEADERS: Final[Schema] = {
    "RateLimit-Policy": {
        "description": "The key's rate: q requests in w seconds. Not for the admin key.",
        "schema": {"type": "string"},
        "example": '"key";q=600;w=60',
    },
    "RateLimit": {
        "description": "What is left of it: r requests now; the next one is possible after t seconds.",
        "schema": {"type": "string"},
        "example": '"key";r=599;t=0',
    },
}
_STATUS_HEADERS: Final[dict[int, Schema]] = {
    401: {"WWW-Authenticate": {"description": "Bearer", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}


def document(
    operations: Sequence[Operation], *, title: str, version: str, description: str, url: str
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations, ready to be written as JSON."""
    models = _Models(operations)
    paths: dict[str, Schema] = {}
    for operation in operations:
        path = _PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, models)
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in operations if o.tag)],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR} | models.components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, a session's key, or the admin key. Scopes: "
                    + "; ".join(f"`{scope}`: {what.lower()}" for scope, what in SCOPES.items())
                    + ".",
                }
            },
        },
    }


class _Models:
    """The JSON schemas of all models, by model and by what they are used for."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: dict[tuple[type[BaseModel], Mode], None] = {}
        queries: set[type[BaseModel]] = set()
        for operation in operations:
            if operation.query is not None:
                queries.add(operation.query)
            for given in (operation.body, operation.query):
                if isinstance(given, type):
                    wanted[(given, "validation")] = None
            for said in (operation.answer, *(other.schema for other in operation.other_answers)):
                if isinstance(said, type):
                    wanted[(said, "serialization")] = None
        references, definitions = models_json_schema(list(wanted), ref_template=COMPONENTS + "{model}")
        self._references = references
        self.components: dict[str, Schema] = definitions.get("$defs", {})
        self._queries = {
            model: self.components.pop(self._references[(model, "validation")]["$ref"].removeprefix(COMPONENTS))
            for model in queries
        }

    def of(self, given: type[BaseModel] | Schema, mode: Mode) -> Schema:
        """Return the schema of a model by reference, or the given schema."""
        return self._references[(given, mode)] if isinstance(given, type) else given

    def query(self, model: type[BaseModel]) -> list[Schema]:
        """Return a query model's fields as parameters."""
        schema = self._queries[model]
        needed = schema.get("required", ())
        return [
            _parameter(name, "query", field, needed=name in needed) for name, field in schema["properties"].items()
        ]


def _operation(operation: Operation, models: _Models) -> Schema:
    said: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": _responses(operation, models),
    }
    if operation.tag:
        said["tags"] = [operation.tag]
    if operation.needs == PUBLIC and operation.or_needs:
        said["security"] = [{}, {"key": [operation.or_needs]}]
        said["description"] = f"Public; a key with `{operation.or_needs}` may do more."
    elif operation.needs != PUBLIC:
        scopes = [scope for scope in (operation.needs, operation.or_needs) if scope and scope != ANYBODY]
        said["security"] = [{"key": [scope]} for scope in scopes] or [{"key": []}]
        said["description"] = (
            f"Needs {' or '.join(f'`{scope}`' for scope in scopes)}." if scopes else "Any key may call it."
        )
    parameters = _path_parameters(operation)
    if operation.query is not None:
        parameters += models.query(operation.query)
    parameters += [
        _parameter(name, "header", {"type": "string", "description": what}, needed=False)
        for name, what in operation.request_headers
    ]
    if parameters:
        said["parameters"] = parameters
    if isinstance(operation.body, dict):
        content = {media_type: {"schema": schema} for media_type, schema in operation.body.items()}
        said["requestBody"] = {"required": True, "content": content}
    elif operation.body is not None:
        schema = models.of(operation.body, "validation")
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return said


def _path_parameters(operation: Operation) -> list[Schema]:
    types = dict(operation.path_types)
    made = []
    for name in _PARAMETER.findall(operation.path):
        kind = types.get(name, "string")
        schema: Schema = dict(kind) if isinstance(kind, dict) else {"type": kind}
        if kind == "integer":
            schema |= {"minimum": 1, "maximum": MAX_ID}
        made.append(_parameter(name, "path", schema, needed=True))
    return made


def _parameter(name: str, where: str, schema: Schema, *, needed: bool) -> Schema:
    schema = {key: value for key, value in schema.items() if key != "title"}
    described = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": where, "required": needed, **described, "schema": schema}


def _responses(operation: Operation, models: _Models) -> dict[str, Schema]:
    rates = {} if operation.needs == PUBLIC else _RATE_HEADERS
    headers = _headers(operation.headers)
    success: Schema = {"description": operation.summary}
    if headers or rates:
        success["headers"] = headers | rates
    if operation.answer is not None:
        schema = models.of(operation.answer, "serialization")
        success["content"] = {kind: {"schema": schema} for kind in operation.media_type.split(", ")}
    responses = {str(operation.status): success}
    by_status: dict[int, list[ErrorKind]] = {}
    for kind in operation.every_error():
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        responses[str(status)] = _refusal(status, kinds, operation)
    for other in operation.other_answers:
        content: Schema = {}
        if other.schema is not None:
            content[other.media_type] = {"schema": models.of(other.schema, "serialization")}
        answer = {"description": other.description, "headers": _headers(other.headers), "content": content}
        known = responses.get(str(other.status))
        made = answer if known is None else _either(answer, known)
        responses[str(other.status)] = {part: said for part, said in made.items() if said}
    return responses


def _headers(declared: Iterable[tuple[str, str]]) -> Schema:
    return {name: {"description": what, "schema": {"type": "string"}} for name, what in declared}


def _either(answer: Schema, known: Schema) -> Schema:
    """Return the response of a status that is answered in two ways."""
    content = dict(known.get("content", {}))
    for media_type, said in answer["content"].items():
        before = content.get(media_type)
        content[media_type] = said if before is None else {"schema": {"anyOf": [said["schema"], before["schema"]]}}
    return {
        "description": f"{answer['description']} {known['description']}",
        "headers": known.get("headers", {}) | answer["headers"],
        "content": content,
    }


def _refusal(status: int, kinds: list[ErrorKind], operation: Operation) -> Schema:
    """Return the response of one status: its codes, each with an example."""
    shape: Schema = {"$ref": f"{COMPONENTS}Error"}
    beside = dict(operation.refusal)
    if beside:
        properties = beside | _ERROR["properties"]
        shape = _ERROR | {"description": "A refusal.", "required": list(properties), "properties": properties}
    codes = {"properties": {"error": {"properties": {"code": {"enum": [kind.code for kind in kinds]}}}}}
    refusal: Schema = {
        "description": " ".join(f"`{kind.code}`: {kind.advice}" for kind in kinds),
        "content": {
            "application/json": {
                "schema": {"allOf": [shape, codes]},
                "examples": {kind.code: {"value": _example(kind, beside)} for kind in kinds},
            }
        },
    }
    if operation.common_errors and status in _STATUS_HEADERS:
        refusal["headers"] = _STATUS_HEADERS[status]
    return refusal


def _example(kind: ErrorKind, beside: Schema) -> Schema:
    constants = {name: schema["const"] for name, schema in beside.items() if "const" in schema}
    return constants | kind.error().as_json()
