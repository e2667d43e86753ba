"""Schedules: listed, created, read, changed, deleted, and the history of their runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from kernel.http import answer, path_id, principal, read_body, read_query
from partners.errors import REFERENCE_UNKNOWN
from partners.models import ReportSchedule
from partners.resources.handlers import IF_MATCH, TAGGED, caller_of, if_match, reading, writing
from partners.schemas import Deleted
from reports.saved import entries, schedules
from reports.saved.answers import NewScheduleAnswer, RunAnswer, RunList, ScheduleAnswer, ScheduleList
from reports.saved.errors import TARGET_NOT_ALLOWED, TOO_MANY_SAVED
from reports.saved.handlers.reports import READ, WRITE, tagged
from reports.saved.schemas import PageQuery, ScheduleChange, ScheduleCreate, ScheduleQuery

PATH = "/api/v1/report-schedules"
TAG = "Report schedules"


async def _list(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, ScheduleQuery)

    def look(session: Session) -> dict[str, Any]:
        found = schedules.listing(session, who, wanted)
        return entries.cut([_shown(one) for one in found], wanted.limit)

    return answer(await reading(request, look))


async def _create(request: Request) -> Response:
    caller, wanted = caller_of(request), await read_body(request, ScheduleCreate)

    def make(session: Session) -> dict[str, Any]:
        made = schedules.create(session, wanted, caller)
        return _shown(made) | {"secret": made.secret}

    return tagged(await writing(request, make), 201)


async def _get(request: Request) -> Response:
    who, schedule_id = principal(request), path_id(request)
    return tagged(await reading(request, lambda session: _shown(schedules.get(session, schedule_id, who))))


async def _change(request: Request) -> Response:
    caller, schedule_id = caller_of(request), path_id(request)
    wanted = await read_body(request, ScheduleChange)

    def alter(session: Session) -> dict[str, Any]:
        return _shown(schedules.change(session, schedule_id, wanted, caller, if_match(request)))

    return tagged(await writing(request, alter))


async def _delete(request: Request) -> Response:
    caller, schedule_id = caller_of(request), path_id(request)
    await writing(request, lambda session: schedules.delete(session, schedule_id, caller, if_match(request)))
    return answer({"deleted": schedule_id})


async def _runs(request: Request) -> Response:
    who, schedule_id, wanted = principal(request), path_id(request), read_query(request, PageQuery)

    def look(session: Session) -> dict[str, Any]:
        found = schedules.runs(session, schedule_id, who, wanted.limit, wanted.cursor)
        return entries.cut([RunAnswer.model_validate(one).model_dump() for one in found], wanted.limit)

    return answer(await reading(request, look))


def _shown(schedule: ReportSchedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in ScheduleAnswer.model_fields}


OPERATIONS = (
    Operation(
        "GET",
        PATH,
        "List your schedules.",
        _list,
        READ,
        tag=TAG,
        query=ScheduleQuery,
        answer=ScheduleList,
    ),
    Operation(
        "POST",
        PATH,
        "Run a saved report every day, week or month, into a file or to a webhook.",
        _create,
        WRITE,
        tag=TAG,
        body=ScheduleCreate,
        answer=NewScheduleAnswer,
        status=201,
        headers=TAGGED,
        errors=(REFERENCE_UNKNOWN, TARGET_NOT_ALLOWED, CONFLICT, TOO_MANY_SAVED),
    ),
    Operation(
        "GET",
        f"{PATH}/{{id}}",
        "Read your schedule.",
        _get,
        READ,
        tag=TAG,
        answer=ScheduleAnswer,
        headers=TAGGED,
        errors=(NOT_FOUND,),
    ),
    Operation(
        "PATCH",
        f"{PATH}/{{id}}",
        "Change the fields of your schedule that the body names; a new rhythm begins anew.",
        _change,
        WRITE,
        tag=TAG,
        body=ScheduleChange,
        answer=ScheduleAnswer,
        headers=TAGGED,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        "DELETE",
        f"{PATH}/{{id}}",
        "Delete your schedule and its history; files it wrote stay.",
        _delete,
        WRITE,
        tag=TAG,
        answer=Deleted,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        "GET",
        f"{PATH}/{{id}}/runs",
        "The runs of your schedule, newest first, each with what came of it.",
        _runs,
        READ,
        tag=TAG,
        query=PageQuery,
        answer=RunList,
        errors=(NOT_FOUND,),
    ),
)
"""What is offered."""
