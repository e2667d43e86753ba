"""Custom metrics: listed, created, read, changed, deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from kernel.http import answer, path_id, principal, read_body, read_query
from partners.models import CustomMetric
from partners.resources.handlers import IF_MATCH, TAGGED, caller_of, if_match, reading, writing
from partners.schemas import Deleted
from reports.saved import entries, metrics
from reports.saved.answers import CustomMetricAnswer, MetricList
from reports.saved.errors import QUERY_ERRORS, TOO_MANY_SAVED
from reports.saved.handlers.reports import READ, WRITE, tagged
from reports.saved.schemas import MetricChange, MetricCreate, NamedQuery

PATH = "/api/v1/custom-metrics"
TAG = "Custom metrics"


async def _list(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, NamedQuery)

    def look(session: Session) -> dict[str, Any]:
        query = select(CustomMetric).where(metrics.readable(who))
        if wanted.name is not None:
            query = query.where(CustomMetric.name == wanted.name)
        found = entries.page(session, query, CustomMetric, wanted.limit, wanted.cursor)
        return entries.cut([_shown(one) for one in found], wanted.limit)

    return answer(await reading(request, look))


async def _create(request: Request) -> Response:
    caller, wanted = caller_of(request), await read_body(request, MetricCreate)
    names = request.app.state.names
    made = await writing(request, lambda session: _shown(metrics.create(session, wanted, caller, names)))
    return tagged(made, 201)


async def _get(request: Request) -> Response:
    who, metric_id = principal(request), path_id(request)

    def look(session: Session) -> dict[str, Any]:
        return _shown(entries.find(session, CustomMetric, metric_id, metrics.readable(who)))

    return tagged(await reading(request, look))


async def _change(request: Request) -> Response:
    caller, metric_id = caller_of(request), path_id(request)
    wanted, names = await read_body(request, MetricChange), request.app.state.names

    def alter(session: Session) -> dict[str, Any]:
        return _shown(metrics.change(session, metric_id, wanted, caller, names, if_match(request)))

    return tagged(await writing(request, alter))


async def _delete(request: Request) -> Response:
    caller, metric_id = caller_of(request), path_id(request)
    await writing(request, lambda session: metrics.delete(session, metric_id, caller, if_match(request)))
    return answer({"deleted": metric_id})


def _shown(metric: CustomMetric) -> dict[str, Any]:
    return {name: getattr(metric, name) for name in CustomMetricAnswer.model_fields}


OPERATIONS = (
    Operation(
        "GET",
        PATH,
        "List the custom metrics that you may use.",
        _list,
        READ,
        tag=TAG,
        query=NamedQuery,
        answer=MetricList,
    ),
    Operation(
        "POST",
        PATH,
        "Make a metric of others; your role's people may use it by its name in every query.",
        _create,
        WRITE,
        tag=TAG,
        body=MetricCreate,
        answer=CustomMetricAnswer,
        status=201,
        headers=TAGGED,
        errors=(CONFLICT, TOO_MANY_SAVED, *QUERY_ERRORS),
    ),
    Operation(
        "GET",
        f"{PATH}/{{id}}",
        "Read a custom metric.",
        _get,
        READ,
        tag=TAG,
        answer=CustomMetricAnswer,
        headers=TAGGED,
        errors=(NOT_FOUND,),
    ),
    Operation(
        "PATCH",
        f"{PATH}/{{id}}",
        "Change your custom metric; reports that use it follow.",
        _change,
        WRITE,
        tag=TAG,
        body=MetricChange,
        answer=CustomMetricAnswer,
        headers=TAGGED,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED, *QUERY_ERRORS),
    ),
    Operation(
        "DELETE",
        f"{PATH}/{{id}}",
        "Delete your custom metric; queries that name it are refused from then on.",
        _delete,
        WRITE,
        tag=TAG,
        answer=Deleted,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED),
    ),
)
"""What is offered."""
