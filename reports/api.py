"""What reports offer over HTTP: query, schema, export.

The app gives ``state.authenticator``, ``state.readers``, ``state.names`` and ``state.settings``. Queries
run in worker threads, so the event loop never waits for the store.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kernel import api
from kernel.api import Operation
from kernel.http import answer, principal, read_body, read_query
from reports.describe import schema
from reports.errors import (
    DATE_INVALID,
    EMPTY_RANGE,
    ERRORS,
    PARAMETER_MISSING,
    UNKNOWN_COLUMN,
    UNKNOWN_EXPORT,
    UNKNOWN_FORMAT,
    UNKNOWN_TIMEZONE,
)
from reports.export.request import EXPORTS, FORMATS, wanted
from reports.export.stream import MEDIA_TYPES, stream
from reports.query import Query
from reports.report import report

REFUSED = "rejected"
"""The export that belongs to nobody, and has a scope of its own."""

_EXPORT_ERRORS = (UNKNOWN_EXPORT, UNKNOWN_COLUMN, UNKNOWN_FORMAT, PARAMETER_MISSING)
_SPAN_ERRORS = (DATE_INVALID, EMPTY_RANGE, UNKNOWN_TIMEZONE)

_CELL = {"type": ["string", "number", "boolean", "null", "array"], "items": {"type": "string"}}
_ROW = {"type": "object", "additionalProperties": _CELL}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_MOMENT = {"type": "string", "format": "date-time"}
_META: dict[str, Any] = {
    "row_count": {"type": "integer"},
    "truncated": {"type": "boolean", "description": "There are more rows than the limit."},
    "source": {"type": "string", "description": "What the rows were read from."},
    "elapsed_ms": {"type": "number"},
    "rows_read": {"type": ["integer", "null"]},
    "dimensions": _TEXTS,
    "metrics": _TEXTS,
    "from": _MOMENT,
    "to": _MOMENT,
    "timezone": {"type": "string"},
    "currency": {"type": "string"},
    "other_currencies": {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Conversions left out of the money, by their currency.",
    },
}
REPORT_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["rows", "meta"],
    "additionalProperties": False,
    "properties": {
        "rows": {"type": "array", "items": _ROW},
        "totals": _ROW,
        "meta": {
            "type": "object",
            "required": [name for name in _META if name != "other_currencies"],
            "additionalProperties": False,
            "properties": _META,
        },
    },
    "examples": [
        {
            "rows": [{"partner": "Nora", "partner_id": 1, "clicks": 2, "payout": 1.5}],
            "meta": {
                "row_count": 1,
                "truncated": False,
                "source": "rollup",
                "elapsed_ms": 4.2,
                "rows_read": 3,
                "dimensions": ["partner"],
                "metrics": ["clicks", "payout"],
                "from": "2026-11-01T00:00:00.000+00:00",
                "to": "2026-11-08T00:00:00.000+00:00",
                "timezone": "UTC",
                "currency": "USD",
            },
        }
    ],
}
_ENTRIES = {"type": "array", "items": {"type": "object", "required": ["name"]}}
SCHEMA_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["dimensions", "metrics", "operators", "limits", "currency"],
    "properties": {
        "dimensions": _ENTRIES,
        "metrics": _ENTRIES,
        "operators": _ENTRIES,
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
        "currency": {"type": "string"},
    },
}


class ExportQuery(BaseModel):
    """Which rows and columns to export, and how to write them."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"required": ["from", "to"]})

    from_: str = Field("", alias="from", description="First day or moment.", examples=["2026-11-01"])
    to: str = Field("", description="First day or moment that is not exported any more.", examples=["2026-11-08"])
    timezone: str = Field("UTC", description="Zone of the days and of the times in the rows.")
    columns: str = Field("", description="Names, comma separated; empty: all.", examples=["ts,click_id,country"])
    format: Annotated[str, WithJsonSchema({"type": "string", "enum": list(FORMATS)})] = "csv"


async def _query(request: Request) -> Response:
    who = principal(request)
    query = await read_body(request, Query)
    state = request.app.state
    body = await run_in_threadpool(
        report, query, who, names=state.names, readers=state.readers, chosen=state.settings
    )
    return answer(body)


async def _schema(request: Request) -> Response:
    return answer(schema(request.app.state.settings, principal(request)))


async def _export(request: Request) -> Response:
    who = principal(request)
    asked = read_query(request, ExportQuery).model_dump(by_alias=True)
    export = wanted(request.path_params.get("table", REFUSED), asked, who)
    state = request.app.state
    # The first piece is made before the answer begins, so that a refusal still has its own status.
    pieces = await run_in_threadpool(stream, export, who, readers=state.readers, chosen=state.settings)
    name = f"{export.table}-{export.span.start:%Y%m%d}-{export.span.end:%Y%m%d}.{export.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[export.format])


def operations() -> list[Operation]:
    """Return what the room offers."""
    of_query = [kind for kind in ERRORS.values() if kind not in _EXPORT_ERRORS]
    of_export = (
        *_EXPORT_ERRORS,
        *_SPAN_ERRORS,
        *(kind for kind in of_query if kind.code.startswith("report_too")),
    )
    download = (("Content-Disposition", "A name for the file."),)
    return [
        Operation(
            "POST",
            "/api/v1/reports/query",
            "Run a report: any dimensions by any metrics over a range of time.",
            _query,
            "reports:read",
            tag="Reports",
            body=Query,
            answer=REPORT_ANSWER,
            errors=tuple(of_query),
        ),
        Operation(
            "GET",
            "/api/v1/reports/schema",
            "Every dimension, metric and operator, and the limits of a query.",
            _schema,
            "reports:read",
            tag="Reports",
            answer=SCHEMA_ANSWER,
        ),
        Operation(
            "GET",
            f"/api/v1/export/{REFUSED}",
            "Download what was refused, with its bytes as they were received.",
            _export,
            "rejected:read",
            tag="Reports",
            query=ExportQuery,
            answer={"type": "string"},
            media_type=", ".join(MEDIA_TYPES.values()),
            headers=download,
            errors=of_export,
        ),
        Operation(
            "GET",
            "/api/v1/export/{table}",
            "Download clicks, impressions or conversions, one row each.",
            _export,
            "events:read",
            tag="Reports",
            query=ExportQuery,
            answer={"type": "string"},
            media_type=", ".join(MEDIA_TYPES.values()),
            headers=download,
            errors=of_export,
            path_types=(("table", {"type": "string", "enum": [name for name in EXPORTS if name != REFUSED]}),),
        ),
    ]


def routes() -> list[Route]:
    """Return the room's routes for the app that is assembled elsewhere."""
    return api.routes(operations())
