"""What the web role says about itself: health, metrics, how far the pipeline is, and its own description.

The app gives ``state.programs``, ``state.readers``, ``state.pipeline_status`` and ``state.openapi``. Nothing
here shows anybody's figures; only how far the journals are needs a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import partners
from fraud.forest.operations import state_of
from kernel import metrics, redis, sql
from kernel.api import PUBLIC, Operation, OtherAnswer
from kernel.clickhouse.client import ReaderPool
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.http import answer

PipelineStatus = Callable[[], dict[str, Any]]


async def _healthz(_request: Request) -> Response:
    return answer({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Tell whether both stores answer, 503 with the reason when one doesn't; how Redis and the fraud model are."""
    state = request.app.state
    checks: dict[str, Callable[[], object]] = {
        "event_store": lambda: _ask(state.readers),
        "program": lambda: _ask_program(state.programs),
    }
    answers: dict[str, str] = {}
    for name, check in checks.items():
        try:
            await run_in_threadpool(check)
            answers[name] = "ok"
        except ClickledgerError as why:
            answers[name] = why.message
    ready = all(state == "ok" for state in answers.values())
    _, _, rules_only = await run_in_threadpool(state_of, state.trainer.shelf)
    answers["redis"] = await _asked_redis(state.counting)
    answers["model"] = rules_only or "ok"
    return answer({"ready": ready, **answers}, 200 if ready else 503)


async def _asked_redis(counting: Redis) -> str:
    try:
        await counting.ping()
    except redis.STORE_FAILURES:
        return (
            "Redis does not answer; until it does each process counts repeated clicks, caps and rates for itself."
        )
    return "ok"


def _ask(readers: ReaderPool) -> None:
    with readers.reader() as client:
        if not client.ping():
            raise STORE_AWAY.error("The event store does not answer.")


def _ask_program(programs: sql.Sessions) -> None:
    with programs.reading() as session:
        session.scalars(select(partners.Program.version)).one()


async def _metrics(_request: Request) -> Response:
    return Response(await run_in_threadpool(metrics.render), media_type=metrics.CONTENT_TYPE)


async def _openapi(request: Request) -> Response:
    return answer(request.app.state.openapi)


async def _pipeline(request: Request) -> Response:
    status: PipelineStatus | None = request.app.state.pipeline_status
    if status is None:
        return answer({"here": False, "journals": [], "imported": []})
    return answer({"here": True, **status()})


_READY: dict[str, Any] = {
    "type": "object",
    "required": ["ready", "event_store", "program", "redis", "model"],
    "properties": {
        "ready": {"type": "boolean"},
        "event_store": {"type": "string", "description": "'ok', or why it doesn't answer."},
        "program": {"type": "string", "description": "'ok', or why it doesn't answer."},
        "redis": {
            "type": "string",
            "description": "'ok', or what is counted otherwise while it is away; clicks are taken all the same.",
        },
        "model": {
            "type": "string",
            "description": "'ok', or why verdicts come from rules alone; nothing else waits for it.",
        },
    },
}
_JOURNAL: dict[str, Any] = {
    "type": "object",
    "required": ["name", "events", "shipped", "sealed"],
    "properties": {
        "name": {"type": "string"},
        "events": {"type": "integer"},
        "shipped": {"type": "integer"},
        "sealed": {"type": "boolean"},
    },
}
_PIPELINE: dict[str, Any] = {
    "type": "object",
    "required": ["here", "journals", "imported"],
    "properties": {
        "here": {"type": "boolean", "description": "Whether the pipeline runs in the process that answers."},
        "journals": {"type": "array", "items": _JOURNAL},
        "imported": {"type": "array"},
        "lag_seconds": {"type": "number"},
        "backlog": {"type": "number"},
    },
}


def operations() -> list[Operation]:
    """Return what the role itself offers, beside the rooms."""
    return [
        Operation(
            "GET",
            "/healthz",
            "Whether the process answers.",
            _healthz,
            PUBLIC,
            tag="Service",
            answer={"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
        ),
        Operation(
            "GET",
            "/readyz",
            "Whether both stores answer.",
            _readyz,
            PUBLIC,
            tag="Service",
            answer=_READY,
            other_answers=(OtherAnswer(503, "A store doesn't answer.", _READY),),
        ),
        Operation(
            "GET",
            "/metrics",
            "Metrics of every process of this host, in Prometheus's text format.",
            _metrics,
            PUBLIC,
            tag="Service",
            answer={"type": "string"},
            media_type=metrics.CONTENT_TYPE,
        ),
        Operation(
            "GET",
            "/openapi.json",
            "This document.",
            _openapi,
            PUBLIC,
            tag="Service",
            answer={"type": "object", "required": ["openapi", "info", "paths"]},
        ),
        Operation(
            "GET",
            "/api/v1/pipeline",
            "How far the journals are.",
            _pipeline,
            "system:read",
            tag="Service",
            answer=_PIPELINE,
        ),
    ]
