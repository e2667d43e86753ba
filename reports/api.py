"""The reports' HTTP routes: query, schema, export.

The app gives ``state.authenticator``, ``state.readers``, ``state.names`` and ``state.settings``. Queries
run in worker threads, so the event loop never waits for the store.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kernel.http import answer, principal, read_body
from reports.describe import schema
from reports.export.request import wanted
from reports.export.stream import MEDIA_TYPES, stream
from reports.query import Query
from reports.report import report


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
    export = wanted(request.path_params["table"], dict(request.query_params), who)
    state = request.app.state
    # The first piece is made before the answer begins, so that a refusal still has its own status.
    pieces = await run_in_threadpool(stream, export, who, readers=state.readers, chosen=state.settings)
    name = f"{export.table}-{export.span.start:%Y%m%d}-{export.span.end:%Y%m%d}.{export.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[export.format])


def routes() -> list[Route]:
    """Return the room's routes for the app that is assembled elsewhere."""
    return [
        Route("/api/v1/reports/query", _query, methods=["POST"]),
        Route("/api/v1/reports/schema", _schema, methods=["GET"]),
        Route("/api/v1/export/{table}", _export, methods=["GET"]),
    ]
