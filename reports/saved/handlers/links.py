"""Links that share a report: made, listed, revoked, and the public answer behind them.

The app keeps the signer of their tokens in ``state.share_signer``.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import PUBLIC, Operation
from kernel.auth import Principal
from kernel.errors import BODY_INVALID, NOT_FOUND, RATE_LIMITED, ClickledgerError
from kernel.http import answer, path_id, principal, read_body, read_query
from kernel.rate_limits import Rate
from partners.models import ReportShare, now
from partners.resources.handlers import caller_of, reading, writing
from reports.api import REPORT_ANSWER
from reports.export.formats import MEDIA_TYPES
from reports.query import Query
from reports.report import report
from reports.running import Run
from reports.saved import entries, links, service
from reports.saved.answers import NewShareAnswer, ShareAnswer, ShareList
from reports.saved.delivering import whole, written
from reports.saved.errors import LINK_INVALID, QUERY_ERRORS, RANGE_INCOMPLETE, TOO_MANY_SAVED
from reports.saved.handlers.reports import PATH, READ, TAG, WRITE
from reports.saved.schemas import PageQuery, ShareCreate
from reports.watching import watched

EACH_LINK: Final = Rate(30, 60)
"""Reports a minute that one link may cost."""

_UNSEEN = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}
"""The address is the key, so nobody else is to learn or keep it."""


class SharedQuery(BaseModel):
    """How the shared report is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["json", "csv"] = Field("json", description="csv: the rows alone, as a file.")


async def _create(request: Request) -> Response:
    caller, report_id = caller_of(request), path_id(request)
    wanted, state = await read_body(request, ShareCreate), request.app.state

    def make(session: Session) -> dict[str, Any]:
        share, token = links.create(session, report_id, wanted, caller, state.share_signer)
        outside = state.settings.shared_url
        addresses = {"url": f"{outside}{links.PATH}/{token}", "page_url": f"{outside}{links.PAGE}/{token}"}
        return _shown(share) | {"token": token} | addresses

    return answer(await writing(request, make), 201)


async def _list(request: Request) -> Response:
    who, report_id, wanted = principal(request), path_id(request), read_query(request, PageQuery)

    def look(session: Session) -> dict[str, Any]:
        found = links.listing(session, report_id, who, wanted.limit, wanted.cursor)
        return entries.cut([_shown(one) for one in found], wanted.limit)

    return answer(await reading(request, look))


async def _revoke(request: Request) -> Response:
    caller, report_id, share_id = caller_of(request), path_id(request), path_id(request, "share_id")
    return answer(
        await writing(request, lambda session: _shown(links.revoke(session, report_id, share_id, caller)))
    )


async def _shared(request: Request) -> Response:
    wanted, state = read_query(request, SharedQuery), request.app.state
    token: str = request.path_params["token"]
    query, who, share_id = await run_in_threadpool(_asked, state, token)
    taken = await state.limiter.take(f"shared:{share_id}", EACH_LINK)
    if not taken.allowed:
        wait = max(1, taken.wait_s)
        raise RATE_LIMITED.error(f"This link is asked too often; wait {wait} seconds.", retry_after_s=wait)
    asked = query if wanted.format == "json" else whole(query, state.settings)

    def work(run: Run) -> dict[str, Any]:
        return report(asked, who, names=state.names, readers=state.readers, chosen=state.settings, run=run)

    body = await watched(request, who, None, work)
    if wanted.format == "json":
        return answer(body, headers=dict(_UNSEEN))
    content = await run_in_threadpool(written, body, "csv", query.limit)
    disposition = {"Content-Disposition": 'attachment; filename="report.csv"'}
    return Response(content, headers=_UNSEEN | disposition, media_type=MEDIA_TYPES["csv"])


def _asked(state: Any, token: str) -> tuple[Query, Principal, int]:
    """Return what a token's report asks, as whom, and the link's id."""
    with state.programs.reading() as session:
        saved, who, share_id = links.resolve(session, token, state.share_signer)
        try:
            query, narrowed = service.to_run(session, saved, who, state.names, state.settings, now())
        except ClickledgerError as why:
            if links.dead(why):
                raise LINK_INVALID.error() from why
            raise
    return query, narrowed, share_id


def _shown(share: ReportShare) -> dict[str, Any]:
    return {name: getattr(share, name) for name in ShareAnswer.model_fields}


OPERATIONS = (
    Operation(
        "GET",
        f"{PATH}/{{id}}/shares",
        "List the links that share a report: your own, of your own report all.",
        _list,
        READ,
        tag=TAG,
        query=PageQuery,
        answer=ShareList,
        errors=(NOT_FOUND,),
    ),
    Operation(
        "POST",
        f"{PATH}/{{id}}/shares",
        "Make a link that shows a report, with your rows, to whoever has it; it is shown this once.",
        _create,
        WRITE,
        tag=TAG,
        body=ShareCreate,
        answer=NewShareAnswer,
        status=201,
        errors=(NOT_FOUND, TOO_MANY_SAVED, BODY_INVALID),
    ),
    Operation(
        "DELETE",
        f"{PATH}/{{id}}/shares/{{share_id}}",
        "End a link at once and for good.",
        _revoke,
        WRITE,
        tag=TAG,
        answer=ShareAnswer,
        errors=(NOT_FOUND,),
        path_types=(("id", "integer"), ("share_id", "integer")),
    ),
    Operation(
        "GET",
        f"{links.PATH}/{{token}}",
        "The report behind a shared link, with the rows of the one who shared it.",
        _shared,
        PUBLIC,
        tag=TAG,
        query=SharedQuery,
        answer=REPORT_ANSWER,
        media_type=f"application/json, {MEDIA_TYPES['csv']}",
        headers=(("Cache-Control", "no-store"),),
        errors=(LINK_INVALID, RATE_LIMITED, RANGE_INCOMPLETE, *QUERY_ERRORS),
    ),
)
"""What is offered."""
