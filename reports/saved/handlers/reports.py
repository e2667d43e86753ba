"""Saved reports: listed, created, read, changed, deleted, run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from kernel.http import answer, path_id, principal, read_body, read_query
from partners.errors import REFERENCE_UNKNOWN
from partners.models import SavedReport, now
from partners.resources.handlers import IF_MATCH, TAGGED, caller_of, if_match, reading, writing
from partners.schemas import Deleted
from reports.api import REPORT_ANSWER
from reports.report import report
from reports.running import Run
from reports.saved import entries, service
from reports.saved.answers import ReportList, SavedReportAnswer
from reports.saved.errors import NOT_YOUR_ROWS, QUERY_ERRORS, RANGE_INCOMPLETE, TOO_MANY_SAVED
from reports.saved.owners import visible
from reports.saved.schemas import NamedQuery, ReportChange, ReportCreate, RunBody
from reports.watching import watched

PATH = "/api/v1/saved-reports"
TAG = "Saved reports"
READ, WRITE = "reports:read", "reports:write"
CHECKED = (*QUERY_ERRORS, RANGE_INCOMPLETE)
"""What a saved query can be refused with."""


async def _list(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, NamedQuery)

    def look(session: Session) -> dict[str, Any]:
        query = select(SavedReport).where(visible(who))
        if wanted.name is not None:
            query = query.where(SavedReport.name == wanted.name)
        found = entries.page(session, query, SavedReport, wanted.limit, wanted.cursor)
        return entries.cut(_shown(session, found), wanted.limit)

    return answer(await reading(request, look))


async def _create(request: Request) -> Response:
    caller, wanted = caller_of(request), await read_body(request, ReportCreate)
    names = request.app.state.names

    def make(session: Session) -> dict[str, Any]:
        return _shown(session, [service.create(session, wanted, caller, names)])[0]

    return tagged(await writing(request, make), 201)


async def _get(request: Request) -> Response:
    who, report_id = principal(request), path_id(request)
    return tagged(
        await reading(request, lambda session: _shown(session, [service.get(session, report_id, who)])[0])
    )


async def _change(request: Request) -> Response:
    caller, report_id = caller_of(request), path_id(request)
    wanted, names = await read_body(request, ReportChange), request.app.state.names

    def alter(session: Session) -> dict[str, Any]:
        changed = service.change(session, report_id, wanted, caller, names, if_match(request))
        return _shown(session, [changed])[0]

    return tagged(await writing(request, alter))


async def _delete(request: Request) -> Response:
    caller, report_id = caller_of(request), path_id(request)
    await writing(request, lambda session: service.delete(session, report_id, caller, if_match(request)))
    return answer({"deleted": report_id})


async def _run(request: Request) -> Response:
    who, report_id = principal(request), path_id(request)
    different, state = await read_body(request, RunBody), request.app.state

    def work(run: Run) -> dict[str, Any]:
        with state.programs.reading() as session:
            saved = service.get(session, report_id, who)
            query, narrowed = service.to_run(session, saved, who, state.names, state.settings, now(), different)
        return report(query, narrowed, names=state.names, readers=state.readers, chosen=state.settings, run=run)

    return answer(await watched(request, who, different.id, work))


def tagged(body: dict[str, Any], status: int = 200) -> Response:
    """Answer one entry with its ETag."""
    return answer(body, status, {"ETag": f'"{body["revision"]}"'})


def _shown(session: Session, found: list[SavedReport]) -> list[dict[str, Any]]:
    """Return reports as they are answered."""
    readers = service.readers_of(session, [one.id for one in found])
    shown = []
    for one in found:
        columns = {name: getattr(one, name, None) for name in SavedReportAnswer.model_fields}
        mine = [reader.partition(":") for reader in readers[one.id]]
        columns["shared_roles"] = [name for kind, _, name in mine if kind == "role"]
        columns["shared_users"] = [int(name) for kind, _, name in mine if kind == "user"]
        shown.append(columns)
    return shown


OPERATIONS = (
    Operation(
        "GET",
        PATH,
        "List the saved reports that are yours or shared with you.",
        _list,
        READ,
        tag=TAG,
        query=NamedQuery,
        answer=ReportList,
    ),
    Operation(
        "POST",
        PATH,
        "Save a report: its query, checked now and whenever it runs.",
        _create,
        WRITE,
        tag=TAG,
        body=ReportCreate,
        answer=SavedReportAnswer,
        status=201,
        headers=TAGGED,
        errors=(CONFLICT, TOO_MANY_SAVED, REFERENCE_UNKNOWN, *CHECKED),
    ),
    Operation(
        "GET",
        f"{PATH}/{{id}}",
        "Read a saved report.",
        _get,
        READ,
        tag=TAG,
        answer=SavedReportAnswer,
        headers=TAGGED,
        errors=(NOT_FOUND,),
    ),
    Operation(
        "PATCH",
        f"{PATH}/{{id}}",
        "Change the fields of your saved report that the body names.",
        _change,
        WRITE,
        tag=TAG,
        body=ReportChange,
        answer=SavedReportAnswer,
        headers=TAGGED,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, CONFLICT, PRECONDITION_FAILED, REFERENCE_UNKNOWN, *CHECKED),
    ),
    Operation(
        "DELETE",
        f"{PATH}/{{id}}",
        "Delete your saved report, its links and its schedules.",
        _delete,
        WRITE,
        tag=TAG,
        answer=Deleted,
        request_headers=IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        "POST",
        f"{PATH}/{{id}}/run",
        "Run a saved report over its own range or another; you see your own rows.",
        _run,
        READ,
        tag=TAG,
        body=RunBody,
        answer=REPORT_ANSWER,
        errors=(NOT_FOUND, NOT_YOUR_ROWS, *CHECKED),
    ),
)
"""What is offered."""
