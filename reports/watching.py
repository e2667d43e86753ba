"""A report over HTTP that ends when nobody waits for it any more, and the request that ends one.

Invariants: the event loop never waits for the store; a report whose client went away is told to end until it
has, so that it holds its handle no longer than it must; what a client cancelled answers ``report_cancelled``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.auth import Principal
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.http import answer, principal
from reports.errors import REPORT_NOT_RUNNING
from reports.running import Run, Running

Found = TypeVar("Found")

AGAIN_SECONDS = 0.2
"""A statement that is only just being sent can't be ended yet; it is tried again after this."""

CANCELLED_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["cancelled"],
    "additionalProperties": False,
    "properties": {"cancelled": {"type": "string", "description": "The id of the report that was ended."}},
    "examples": [{"cancelled": "dashboard-7f3a"}],
}


async def watched(request: Request, who: Principal, name: str | None, work: Callable[[Run], Found]) -> Found:
    """Return what ``work`` does in a thread, and end its statements if the client goes away.

    Args:
        request: One whose body has been read.
        who: The caller.
        name: What the caller calls the report.
        work: Runs the report.

    """
    running = running_of(request.app.state)
    with running.run(who, name) as run:
        task = asyncio.ensure_future(run_in_threadpool(work, run))
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            while not task.done():
                await ended(running, run, task)
        finally:
            gone.cancel()
        return await task


async def ended(running: Running, run: Run, task: asyncio.Future[Any]) -> bool:
    """Tell the store to end a report, and return whether its work has ended a moment later."""
    try:
        await run_in_threadpool(running.abandon, run)
    except ClickledgerError as why:
        # A store that is away runs nothing.
        if why.kind is not STORE_AWAY:
            raise
    await asyncio.wait({task}, timeout=AGAIN_SECONDS)
    return task.done()


def running_of(state: State) -> Running:
    """Return the app's running reports; of an app that keeps none a register of this request's alone."""
    known: Running | None = getattr(state, "running", None)
    return Running(state.settings) if known is None else known


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _cancel(request: Request) -> Response:
    name = request.path_params["id"]
    if not await run_in_threadpool(running_of(request.app.state).cancel, principal(request), name):
        raise REPORT_NOT_RUNNING.error()
    return answer({"cancelled": name})


def operations() -> list[Operation]:
    """Return what ends reports."""
    return [
        Operation(
            "DELETE",
            "/api/v1/reports/running/{id}",
            "End one of one's own running reports, by the id its query gave.",
            _cancel,
            "reports:read",
            tag="Reports",
            answer=CANCELLED_ANSWER,
            errors=(REPORT_NOT_RUNNING,),
            path_types=(("id", {"type": "string", "minLength": 8, "maxLength": 64}),),
        )
    ]
