"""The web role: admin API, reports, health and metrics over HTTP, and the document that describes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

import partners
from clickledger.demo import operations as demo
from clickledger.roles import chosen as settings_told
from clickledger.roles import health, jobs, past, risk, rollups, training
from clickledger.roles.health import PipelineStatus
from clickledger.roles.starting import role, say_ready
from clickledger.serving import serve
from fraud import risk as partner_risk
from fraud.forest import operations as models
from fraud.past import operations as judged_past
from fraud.past.evidence import operations as evidence
from kernel import openapi, redis, sql
from kernel.admission import Admission
from kernel.api import Operation, routes
from kernel.auth import Authenticator, admin_key
from kernel.clickhouse.client import FRUGAL, SINGLE_ROWS, ReaderPool
from kernel.clickhouse.rollups import Quiet
from kernel.http import EXCEPTION_HANDLERS
from kernel.rate_limits import RateLimiter
from kernel.request_counts import RequestCounts
from kernel.settings import Settings
from kernel.tasks import end
from partners import identity
from reports import api as reports
from reports import web
from reports.running import Running
from reports.saved import operations as saved
from tracker import cap_usage, desk, self_test
from tracker.edge.address import ClientAddress
from tracker.outbound import api as outbound
from tracker.publish import Publisher

USES_SECONDS = 5.0
"""How often the times of keys' last uses are stored."""


def run_web(chosen: Settings) -> None:
    """Serve the web role until asked to end; the pipeline runs elsewhere."""
    with role(chosen, "web", "web"):
        past.recover_remote_past(chosen)
        with web_app(chosen, None) as app:
            serve(app, chosen.web_host, chosen.web_port)


@contextlib.contextmanager
def web_app(
    chosen: Settings, pipeline_status: PipelineStatus | None, between_rounds: Quiet | None = None
) -> Iterator[Starlette]:
    """Assemble the web role and close its stores after the block.

    Args:
        chosen: The settings.
        pipeline_status: Tells how far the pipeline is, when it runs in this process.
        between_rounds: Has something done while that pipeline inserts nothing.

    Raises:
        ClickledgerError: ``store_away`` or ``cannot_start``.

    """
    programs = sql.connect(chosen)
    readers = ReaderPool(chosen)
    # Of their own, so that no number of downloads keeps a report waiting for a handle.
    export_readers = ReaderPool(chosen, size=2, settings=FRUGAL)
    road_readers = ReaderPool(chosen, settings=SINGLE_ROWS)
    risk_readers = ReaderPool(chosen, size=1, settings=partner_risk.READER_SETTINGS)
    trainer = training.trainer(chosen)
    runs = partner_risk.RiskRuns(chosen, risk_readers, risk.marks_of(programs))
    try:
        partners.migrate(programs)
        publisher = Publisher(chosen, programs, redis.connect(chosen))
        publisher.publish_if_changed()
        ring = identity.KeyRing(programs)
        authenticator = Authenticator(admin_key(chosen, create=True), ring.holder)
        counting = redis.connect_async(chosen)
        limiter = RateLimiter(counting)
        offered = operations()

        @contextlib.asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with desk.open_desk(chosen) as app.state.desk:
                working = [
                    asyncio.create_task(publisher.keep_published()),
                    asyncio.create_task(_keep_uses_written(ring)),
                    asyncio.create_task(jobs.keep_schedules_run(app.state)),
                    asyncio.create_task(training.keep_trained(trainer)),
                    asyncio.create_task(jobs.keep_rules_blocking(app.state)),
                    asyncio.create_task(risk.keep_partners_scored(runs)),
                ]
                say_ready()
                yield
                await end(working)
            await run_in_threadpool(ring.write_uses)
            await counting.aclose()

        async def publish() -> int:
            authenticator.forget()  # what was just changed may be a partner's state
            return await publisher.publish()

        app = Starlette(
            routes=[*routes(offered), *web.routes()],
            middleware=[
                Middleware(RequestCounts),
                Middleware(web.SafeAnswers),
                Middleware(web.CookieSessions, refused=web.refused),
                Middleware(
                    Admission,
                    authenticator=authenticator,
                    limiter=limiter,
                    per_minute=chosen.api_rate_per_minute,
                    resolve_address=ClientAddress(chosen.trusted_networks).resolve,
                ),
            ],
            exception_handlers=EXCEPTION_HANDLERS | {HTTPException: web.not_found, Exception: web.broken},
            lifespan=lifespan,
        )
        app.state.settings = chosen
        app.state.authenticator = authenticator
        app.state.limiter = limiter
        app.state.counting = counting
        app.state.share_signer = jobs.share_signer(chosen)
        app.state.programs = programs
        app.state.publish = publish
        app.state.names = partners.Directory(programs)
        app.state.readers = readers
        app.state.running = Running(chosen)
        app.state.export_readers = export_readers
        app.state.road_readers = road_readers
        app.state.risk = runs
        app.state.pipeline_status = pipeline_status
        app.state.between_rounds = between_rounds
        app.state.demo_said = partial(demo.said, chosen.data_dir)
        app.state.repairs = rollups.Repairs(chosen, between_rounds)
        app.state.rescorings = rescorings = past.rescorings(chosen, between_rounds)
        app.state.trainer = trainer
        app.state.openapi = _document(offered, chosen)
        try:
            yield app
        finally:
            rescorings.close()
    finally:
        trainer.close()
        risk_readers.close()
        road_readers.close()
        export_readers.close()
        readers.close()
        programs.close()


async def _keep_uses_written(ring: identity.KeyRing) -> None:
    """Store the times of keys' last uses, again and again."""
    while True:
        await asyncio.sleep(USES_SECONDS)
        await run_in_threadpool(ring.write_uses)


def _document(offered: list[Operation], chosen: Settings) -> dict[str, Any]:
    document = openapi.document(
        offered,
        title="clickledger",
        version=version("clickledger"),
        description="Affiliate click and conversion tracking: the program, its people, reports and exports.",
        url=chosen.web_url,
    )
    described = f"{chosen.edge_url}/openapi.json"
    return document | {
        "externalDocs": {"description": "Links, pixels and postbacks: the edge's.", "url": described}
    }


def operations() -> list[Operation]:
    """Return everything the role offers."""
    return [
        *identity.operations(),
        *partners.operations(),
        *reports.operations(),
        *saved.operations(),
        *desk.operations(),
        *self_test.operations(),
        *outbound.operations(),
        *cap_usage.operations(),
        *health.operations(),
        *settings_told.operations(),
        *rollups.operations(),
        *demo.operations(),
        *partner_risk.operations(),
        *models.operations(),
        *judged_past.operations(),
        *evidence.operations(),
    ]
