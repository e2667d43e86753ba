"""The web role: admin API, reports, health and metrics over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import partners
from clickledger import pages
from clickledger.roles.starting import role, say_ready
from clickledger.serving import serve
from kernel import metrics, redis, sql
from kernel.auth import Authenticator, admin_key
from kernel.clickhouse.client import ReaderPool
from kernel.errors import STORE_AWAY, ClickledgerError
from kernel.http import EXCEPTION_HANDLERS, answer, principal
from kernel.settings import Settings
from reports.api import routes as report_routes
from tracker.publish import Publisher

PipelineStatus = Callable[[], dict[str, Any]]


def run_web(chosen: Settings) -> None:
    """Serve the web role until asked to end; the pipeline runs elsewhere."""
    with role(chosen, "web", "web"), web_app(chosen, None) as app:
        serve(app, chosen.web_host, chosen.web_port)


@contextlib.contextmanager
def web_app(chosen: Settings, pipeline_status: PipelineStatus | None) -> Iterator[Starlette]:
    """Assemble the web role and close its stores after the block.

    Args:
        chosen: The settings.
        pipeline_status: Tells how far the pipeline is, when it runs in this process.

    Raises:
        ClickledgerError: ``store_away`` or ``cannot_start``.

    """
    programs = sql.connect(chosen)
    readers = ReaderPool(chosen)
    try:
        partners.migrate(programs)
        publisher = Publisher(chosen, programs, redis.connect(chosen))
        publisher.publish_if_changed()

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            catching_up = asyncio.create_task(publisher.keep_published())
            say_ready()
            yield
            catching_up.cancel()
            await asyncio.gather(catching_up, return_exceptions=True)

        app = Starlette(
            routes=[
                Route("/", pages.welcome),
                Route("/healthz", _healthz),
                Route("/readyz", _readyz),
                Route("/metrics", _metrics),
                Route("/api/v1/pipeline", _pipeline),
                *partners.routes(),
                *report_routes(),
            ],
            exception_handlers=EXCEPTION_HANDLERS,
            lifespan=lifespan,
        )
        app.state.settings = chosen
        app.state.authenticator = Authenticator(admin_key(chosen, create=True))
        app.state.programs = programs
        app.state.publish = publisher.publish
        app.state.names = partners.Directory(programs)
        app.state.readers = readers
        app.state.pipeline_status = pipeline_status
        yield app
    finally:
        readers.close()
        programs.close()


async def _healthz(_request: Request) -> Response:
    return answer({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Tell whether both stores answer; 503 with the reason when one doesn't."""
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
    return answer({"ready": ready, **answers}, 200 if ready else 503)


def _ask(readers: ReaderPool) -> None:
    with readers.reader() as client:
        if not client.ping():
            raise STORE_AWAY.error("The event store does not answer.")


def _ask_program(programs: sql.Sessions) -> None:
    with programs.reading() as session:
        session.scalars(select(partners.Program.version)).one()


async def _metrics(_request: Request) -> Response:
    return Response(await run_in_threadpool(metrics.render), media_type=metrics.CONTENT_TYPE)


async def _pipeline(request: Request) -> Response:
    principal(request)
    status: PipelineStatus | None = request.app.state.pipeline_status
    if status is None:
        return answer({"here": False, "journals": [], "imported": []})
    return answer({"here": True, **status()})
