"""What can be asked of the past: dry runs, re-scorings of a range and applying them.

The app gives ``state.rescorings``. Who may read how fraud is judged sees them; who may set it applies them.
"""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fraud.past.errors import (
    RANGE_INVALID,
    RESCORING_NOT_READY,
    RESCORING_RUNS,
    RESCORING_STALE,
    RESCORING_UNKNOWN,
)
from fraud.past.schemas import RESCORING, RESCORINGS, DryRunAsked, RescoringAsked, told
from fraud.rules.errors import RULE_INVALID
from kernel.api import Operation
from kernel.http import answer, principal, read_body

_PATH: Final = "/api/v1/fraud/rescorings"
_ID: Final = (("rescoring_id", "string"),)


async def _list(request: Request) -> Response:
    found = await run_in_threadpool(request.app.state.rescorings.list)
    return answer({"rescorings": [told(record) for record in found]})


async def _get(request: Request) -> Response:
    asked = request.path_params["rescoring_id"]
    return answer(told(await run_in_threadpool(request.app.state.rescorings.get, asked)))


async def _propose(request: Request) -> Response:
    asked = await read_body(request, RescoringAsked)
    made = await run_in_threadpool(request.app.state.rescorings.propose, asked.span, principal(request).actor)
    return answer(told(made), 202)


async def _dry_run(request: Request) -> Response:
    asked = await read_body(request, DryRunAsked)
    entries = [one.entry() for one in asked.entries]
    actor = principal(request).actor
    made = await run_in_threadpool(
        lambda: request.app.state.rescorings.propose(asked.span, actor, entries=entries, is_dry_run=True)
    )
    return answer(told(made), 202)


async def _apply(request: Request) -> Response:
    asked, actor = request.path_params["rescoring_id"], principal(request).actor
    return answer(told(await run_in_threadpool(request.app.state.rescorings.apply, asked, actor)), 202)


async def _cancel(request: Request) -> Response:
    asked = request.path_params["rescoring_id"]
    return answer(told(await run_in_threadpool(request.app.state.rescorings.cancel, asked)))


def operations() -> list[Operation]:
    """Return what the past offers."""
    return [
        Operation(
            "POST",
            "/api/v1/fraud/dry-runs",
            "Judge past days under rules as they would be set, in the background; nothing is written.",
            _dry_run,
            "fraud:read",
            tag="Fraud",
            body=DryRunAsked,
            answer=RESCORING,
            status=202,
            errors=(RANGE_INVALID, RESCORING_RUNS, RULE_INVALID),
        ),
        Operation(
            "GET",
            _PATH,
            "The latest re-scorings and dry runs, newest first.",
            _list,
            "fraud:read",
            tag="Fraud",
            answer=RESCORINGS,
        ),
        Operation(
            "POST",
            _PATH,
            "Judge a range again under the rules and the model in force, and propose what would change.",
            _propose,
            "fraud:write",
            tag="Fraud",
            body=RescoringAsked,
            answer=RESCORING,
            status=202,
            errors=(RANGE_INVALID, RESCORING_RUNS),
        ),
        Operation(
            "GET",
            f"{_PATH}/{{rescoring_id}}",
            "How far a re-scoring or a dry run is, and what it would change.",
            _get,
            "fraud:read",
            tag="Fraud",
            answer=RESCORING,
            errors=(RESCORING_UNKNOWN,),
            path_types=_ID,
        ),
        Operation(
            "POST",
            f"{_PATH}/{{rescoring_id}}/apply",
            "Write a proposal into its range, all of it at one moment.",
            _apply,
            "fraud:write",
            tag="Fraud",
            answer=RESCORING,
            status=202,
            errors=(RESCORING_UNKNOWN, RESCORING_NOT_READY, RESCORING_STALE, RESCORING_RUNS),
            path_types=_ID,
        ),
        Operation(
            "POST",
            f"{_PATH}/{{rescoring_id}}/cancel",
            "Stop computing a proposal, or forget it.",
            _cancel,
            "fraud:write",
            tag="Fraud",
            answer=RESCORING,
            errors=(RESCORING_UNKNOWN, RESCORING_NOT_READY),
            path_types=_ID,
        ),
    ]
