"""What logs offer over HTTP: a page of each log, and the whole road of one click.

The app gives ``state.readers``, ``state.names`` and ``state.settings``, as to reports, and may give
``state.road_readers``, whose settings suit single rows. Statements run in worker threads.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Handler, Operation
from kernel.errors import FORBIDDEN, NOT_FOUND, QUERY_INVALID
from kernel.http import answer, principal, read_query
from reports.errors import (
    DATE_INVALID,
    DIMENSION_HIDDEN,
    EMPTY_RANGE,
    FILTER_INCOMPLETE,
    FILTER_VALUE_INVALID,
    LIMIT_OUT_OF_RANGE,
    OPERATOR_NOT_ALLOWED,
    PATTERN_INVALID,
    REPORT_TOO_LARGE,
    REPORT_TOO_SLOW,
    TOO_MANY_FILTERS,
    UNKNOWN_COLUMN,
    UNKNOWN_DIMENSION,
    UNKNOWN_OPERATOR,
    UNKNOWN_TIMEZONE,
)
from reports.logs.asked import read_log_query
from reports.logs.errors import CLICK_ID_UNREADABLE, CURSOR_INVALID
from reports.logs.log import LOGS, Log
from reports.logs.page import page
from reports.logs.road import road
from reports.logs.schemas import LogAnswer, LogQuery, Road, RoadQuery

_LIMITS = (REPORT_TOO_SLOW, REPORT_TOO_LARGE)
_PAGE_ERRORS = (
    *(DATE_INVALID, EMPTY_RANGE, UNKNOWN_TIMEZONE, UNKNOWN_COLUMN, LIMIT_OUT_OF_RANGE, CURSOR_INVALID),
    *(UNKNOWN_DIMENSION, UNKNOWN_OPERATOR, OPERATOR_NOT_ALLOWED, FILTER_INCOMPLETE, FILTER_VALUE_INVALID),
    *(TOO_MANY_FILTERS, PATTERN_INVALID, DIMENSION_HIDDEN, FORBIDDEN, QUERY_INVALID),
    *_LIMITS,
)


def operations() -> list[Operation]:
    """Return the operations of logs."""
    return [
        *(
            Operation(
                "GET",
                f"/api/v1/logs/{log.table}",
                log.summary,
                _log(log),
                log.needs,
                tag="Logs",
                query=LogQuery,
                answer=LogAnswer,
                errors=_PAGE_ERRORS,
            )
            for log in LOGS.values()
        ),
        Operation(
            "GET",
            "/api/v1/clicks/{click_id}",
            "The whole road of one click or impression: decision, verdict, conversions, money, outgoing tries.",
            _road,
            "events:read",
            tag="Logs",
            query=RoadQuery,
            answer=Road,
            errors=(CLICK_ID_UNREADABLE, NOT_FOUND, UNKNOWN_TIMEZONE, QUERY_INVALID, *_LIMITS),
            path_types=(("click_id", "string"),),
        ),
    ]


def _log(log: Log) -> Handler:
    """Return the handler of a log."""

    async def show(request: Request) -> Response:
        who = principal(request)
        query = read_log_query(request)
        state = request.app.state
        body = await run_in_threadpool(
            page, log, query, who, names=state.names, readers=state.readers, chosen=state.settings
        )
        return answer(body)

    return show


async def _road(request: Request) -> Response:
    who = principal(request)
    zone = read_query(request, RoadQuery).timezone
    state = request.app.state
    body = await run_in_threadpool(
        road,
        request.path_params["click_id"],
        zone,
        who,
        names=state.names,
        readers=getattr(state, "road_readers", state.readers),
        chosen=state.settings,
    )
    return answer(body)
