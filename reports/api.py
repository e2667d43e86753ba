"""What reports offer over HTTP: query, schema, export.

The app gives ``state.authenticator``, ``state.readers``, ``state.names`` and ``state.settings``; with
``state.export_readers`` exports have handles of their own. Queries run in worker threads, so the event loop
never waits for the store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel import api
from kernel.api import Handler, Operation
from kernel.auth import Principal
from kernel.http import answer, principal, read_body, read_query
from kernel.sql import Sessions
from reports import watching
from reports.answers import REPORT_ANSWER, SCHEMA_ANSWER
from reports.describe import schema
from reports.errors import (
    DATE_INVALID,
    DIMENSION_HIDDEN,
    EMPTY_RANGE,
    ERRORS,
    EXPORT_TOO_LARGE,
    FILTER_INCOMPLETE,
    FILTER_VALUE_INVALID,
    OPERATOR_NOT_ALLOWED,
    PARAMETER_MISSING,
    PATTERN_INVALID,
    REPORT_NOT_RUNNING,
    TOO_MANY_FILTERS,
    UNKNOWN_COLUMN,
    UNKNOWN_DIMENSION,
    UNKNOWN_EXPORT,
    UNKNOWN_FORMAT,
    UNKNOWN_OPERATOR,
    UNKNOWN_TIMEZONE,
)
from reports.export.download import HEADERS, Download
from reports.export.formats import FORMATS, MEDIA_TYPES, Writing, known_format
from reports.export.narrowing import narrowed
from reports.export.request import EXPORTS, wanted
from reports.export.rows import file_of
from reports.export.stream import stream
from reports.logs import operations as logs
from reports.logs.asked import read_filtered
from reports.logs.schemas import FILTER_HELP
from reports.query import Query
from reports.report import report
from reports.running import Run
from reports.saved.metrics import Asking, add_custom, usable_metrics
from reports.span import Span
from reports.watching import watched

__all__ = ["REPORT_ANSWER", "operations", "routes"]

EVENTS = "events:read"
"""Scope of the exports that share one path; the others have paths of their own."""

_EXPORT_ERRORS = (UNKNOWN_EXPORT, UNKNOWN_COLUMN, UNKNOWN_FORMAT, EXPORT_TOO_LARGE, PARAMETER_MISSING)
_FILTER_ERRORS = (
    *(UNKNOWN_DIMENSION, UNKNOWN_OPERATOR, OPERATOR_NOT_ALLOWED, FILTER_INCOMPLETE, FILTER_VALUE_INVALID),
    *(TOO_MANY_FILTERS, PATTERN_INVALID, DIMENSION_HIDDEN),
)
_SPAN_ERRORS = (DATE_INVALID, EMPTY_RANGE, UNKNOWN_TIMEZONE)

FormatName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(FORMATS)})]
RAW_HELP = "Leave texts in csv and xlsx as they are, also those that a spreadsheet would run as a formula."
FILE: dict[str, Any] = {"type": ["string", "array"], "items": {"type": "object"}}
"""A file's bytes, or as JSON an array of rows."""


class ExportQuery(BaseModel):
    """Which rows and columns to export, and how to write them."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"required": ["from", "to"]})

    from_: str = Field("", alias="from", description="First day or moment.", examples=["2026-11-01"])
    to: str = Field("", description="First day or moment that is not exported any more.", examples=["2026-11-08"])
    timezone: str = Field("UTC", description="Zone of the days and of the times in the rows.")
    columns: str = Field("", description="Names, comma separated; empty: all.", examples=["ts,click_id,country"])
    filter: list[str] = Field([], description=FILTER_HELP, examples=[["country=DE"]])
    format: FormatName = "csv"
    raw: bool = Field(default=False, description=RAW_HELP)


class ReportExport(Query):
    """A report's query, and how to write its rows."""

    format: FormatName = "csv"
    raw: StrictBool = Field(default=False, description=RAW_HELP)


class SchemaQuery(BaseModel):
    """How much the schema says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: bool = Field(default=True, description="Also the values that attributes have at present.")


async def _query(request: Request) -> Response:
    who = principal(request)
    query = await _with_custom_metrics(request, await read_body(request, Query))
    return answer(await _reported(request, query, who))


async def _reported(request: Request, query: Query, who: Principal) -> dict[str, Any]:
    """Run a report for as long as its client waits for it."""
    state = request.app.state

    def work(run: Run) -> dict[str, Any]:
        return report(query, who, names=state.names, readers=state.readers, chosen=state.settings, run=run)

    return await watched(request, who, query.id, work)


async def _with_custom_metrics(request: Request, query: Asking) -> Asking:
    """Return a query with the formulas of the kept metrics that it names."""
    programs: Sessions | None = getattr(request.app.state, "programs", None)
    return await run_in_threadpool(add_custom, programs, query, principal(request))


async def _schema(request: Request) -> Response:
    state, who, wanted = request.app.state, principal(request), read_query(request, SchemaQuery)

    def told() -> dict[str, Any]:
        custom = usable_metrics(getattr(state, "programs", None), who)
        return schema(
            state.settings,
            who,
            names=state.names,
            readers=state.readers,
            custom=custom,
            has_values=wanted.values,
        )

    return answer(await run_in_threadpool(told))


def _export_of(table: str) -> Handler:
    """Return the handler of one table's export; '' for the table that the path names."""

    async def export(request: Request) -> Response:
        who = principal(request)
        query = read_filtered(request, ExportQuery)
        export = wanted(table or request.path_params["table"], query.model_dump(by_alias=True), who)
        if export.exported.needs != EVENTS and not table:
            raise UNKNOWN_EXPORT.error()
        state = request.app.state
        export = await run_in_threadpool(narrowed, export, query.filter, who, state.names)
        readers = getattr(state, "export_readers", state.readers)
        # The first piece is made before the answer begins, so that a refusal still has its own status.
        file = await run_in_threadpool(stream, export, who, readers=readers, chosen=state.settings)
        return Download(file, export.table, export.span, export.format)

    return export


async def _export_report(request: Request) -> Response:
    who = principal(request)
    query = await _with_custom_metrics(request, await read_body(request, ReportExport))
    state = request.app.state
    writing = Writing(known_format(query.format), raw=query.raw, zone=query.timezone)
    # Totals would be a row that isn't one of the rows.
    whole = {"totals": False} | ({"limit": state.settings.report_max_rows} if query.limit is None else {})
    body = await _reported(request, query.model_copy(update=whole), who)
    meta = body["meta"]
    start, end = (datetime.fromisoformat(meta[name]).astimezone(UTC) for name in ("from", "to"))
    file = file_of(body, query.limit, writing)
    return Download(file, "report", Span(start, end, meta["timezone"]), writing.format)


def operations() -> list[Operation]:
    """Return what the room offers."""
    of_query = [kind for kind in ERRORS.values() if kind not in (*_EXPORT_ERRORS, REPORT_NOT_RUNNING)]
    of_export = (
        *_EXPORT_ERRORS,
        *_SPAN_ERRORS,
        *_FILTER_ERRORS,
        *(kind for kind in of_query if kind.code.startswith("report_too")),
    )
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
        *watching.operations(),
        Operation(
            "GET",
            "/api/v1/reports/schema",
            "Every dimension, metric, also of one's own making, and operator, and the limits of a query.",
            _schema,
            "reports:read",
            tag="Reports",
            query=SchemaQuery,
            answer=SCHEMA_ANSWER,
        ),
        Operation(
            "POST",
            "/api/v1/reports/export",
            "Run a report and download its rows as a file.",
            _export_report,
            "reports:read",
            tag="Reports",
            body=ReportExport,
            answer=FILE,
            media_type=", ".join(MEDIA_TYPES.values()),
            headers=HEADERS,
            errors=(*of_query, UNKNOWN_FORMAT, EXPORT_TOO_LARGE),
        ),
        *(
            Operation(
                "GET",
                f"/api/v1/export/{name}",
                exported.summary,
                _export_of(name),
                exported.needs,
                tag="Reports",
                query=ExportQuery,
                answer=FILE,
                media_type=", ".join(MEDIA_TYPES.values()),
                headers=HEADERS,
                errors=of_export,
            )
            for name, exported in EXPORTS.items()
            if exported.needs != EVENTS
        ),
        Operation(
            "GET",
            "/api/v1/export/{table}",
            "Download clicks, impressions, conversions or their changes, one row each, in order of time.",
            _export_of(""),
            EVENTS,
            tag="Reports",
            query=ExportQuery,
            answer=FILE,
            media_type=", ".join(MEDIA_TYPES.values()),
            headers=HEADERS,
            errors=of_export,
            path_types=(
                (
                    "table",
                    {"type": "string", "enum": [name for name, one in EXPORTS.items() if one.needs == EVENTS]},
                ),
            ),
        ),
        *logs.operations(),
    ]


def routes() -> list[Route]:
    """Return the room's routes for the app that is assembled elsewhere."""
    return api.routes(operations())
