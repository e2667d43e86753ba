"""The edge as an ASGI app: routes, health, and the life of its parts.

Invariants: the app answers ``/click`` and ``/postback`` from memory and its own journal; Redis is asked
only for the wording of a postback's answer and for a newer snapshot, and may be away. Shutting down
refuses new events first, then commits what is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kernel import metrics
from kernel.http import EXCEPTION_HANDLERS
from kernel.redis import STORE_FAILURES, Breaker, connect_async
from kernel.settings import Settings
from kernel.tasks import end
from tracker import performance, snapshot
from tracker.click_id import ClickIdKeys
from tracker.edge.acceptance import Acceptance
from tracker.edge.address import ClientAddress
from tracker.edge.clicks import ClickEndpoint
from tracker.edge.counting import Counting
from tracker.edge.description import DescriptionEndpoint
from tracker.edge.facts import VisitorFacts
from tracker.edge.impressions import ImpressionEndpoint
from tracker.edge.outcomes import Outcomes
from tracker.edge.pixels import PixelEndpoint
from tracker.edge.postback import PostbackEndpoint
from tracker.edge.preparing import keep_prepared, prepare
from tracker.edge.program import Fetch, ProgramHolder
from tracker.edge.recording import Recorder
from tracker.edge.routing import Router
from tracker.edge.script import ScriptEndpoint
from tracker.edge.server_clicks import ClickApiEndpoint
from tracker.edge.smart_links import PerformanceFeed
from tracker.journal import DIRECTORY, JournalWriter

_MIB = 1024 * 1024


def build_edge(
    chosen: Settings, keys: ClickIdKeys, worker: str, on_started: Callable[[], None] = lambda: None
) -> Starlette:
    """Assemble one edge worker.

    Args:
        chosen: The settings.
        keys: Click id keys.
        worker: Its name, unique on this host at a time; the first part of its journals' names.
        on_started: Called when the journal is open and requests can be taken.

    """
    redis = connect_async(chosen)
    holder = ProgramHolder(chosen.data_dir, chosen.fallback_url, _fetcher(redis))
    journal = JournalWriter(chosen.data_dir / DIRECTORY, worker, chosen.journal_rotate_mib * _MIB)
    addresses = ClientAddress(chosen.trusted_networks)
    facts = VisitorFacts(chosen)
    counting = Counting(redis, keys.secret)
    feed = PerformanceFeed(_performance(redis), lambda: len(holder.program.smart_links) > 0)
    router = Router(holder, facts, counting, feed)
    clicks = ClickEndpoint(
        router,
        journal,
        keys,
        addresses,
        facts,
        window_days=chosen.attribution_window_days,
        secure=chosen.edge_url.startswith("https:"),
    )
    acceptance = Acceptance(holder, journal, keys, Outcomes(redis), window_days=chosen.attribution_window_days)
    most = chosen.max_postback_bytes
    postbacks = PostbackEndpoint(acceptance, addresses, max_body_bytes=most)
    image = PixelEndpoint(acceptance, addresses, max_body_bytes=most, image=True)
    frame = PixelEndpoint(acceptance, addresses, max_body_bytes=most, image=False)
    recorder = Recorder(router, journal, keys, facts)
    impressions = ImpressionEndpoint(recorder, addresses, secure=chosen.edge_url.startswith("https:"))
    recorded_clicks = ClickApiEndpoint(recorder, holder, addresses, max_body_bytes=most)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await journal.start()
        await prepare(holder, facts)
        lasting = (
            holder.keep_fresh(),
            keep_prepared(holder, facts),
            counting.keep_fresh(),
            feed.keep_fresh(),
            _tell_version(holder),
        )
        tasks = [asyncio.create_task(work) for work in lasting]
        on_started()
        try:
            yield
        finally:
            await end(tasks)
            await journal.stop()
            await counting.stop()
            with contextlib.suppress(*STORE_FAILURES):
                await redis.aclose()

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "worker": worker})

    async def readyz(_request: Request) -> Response:
        ready = journal.writable
        if not ready:
            # Nobody sends an unready edge a request, so that none would try the disk again.
            journal.revive()
        body = {"ready": ready, "snapshot_version": holder.program.version, "worker": worker}
        return JSONResponse(body, 200 if ready else 503)

    async def prometheus(_request: Request) -> Response:
        return Response(await asyncio.to_thread(metrics.render), media_type=metrics.CONTENT_TYPE)

    app = EdgeApp(
        clicks,
        routes=[
            Route("/click", clicks),
            Route("/c/{code}", clicks),
            Route("/postback", postbacks),
            Route("/i", impressions),
            Route("/pixel.gif", image),
            Route("/pixel", frame),
            Route("/click.json", recorded_clicks),
            Route("/clickledger.js", ScriptEndpoint()),
            Route("/openapi.json", DescriptionEndpoint(chosen.edge_url)),
            # As people write them: answered at once and written down, where a redirect would be neither.
            Route("/click/", clicks),
            Route("/c/{code}/", clicks),
            Route("/postback/", postbacks),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", prometheus),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.journal, app.state.holder, app.state.performance = journal, holder, feed
    return app


class EdgeApp(Starlette):
    """A Starlette app that answers its tracking links before anything else.

    Middleware and router would cost as much as the click itself. What the routes say still holds: they
    answer whatever doesn't look exactly like a link, and an unexpected failure is answered as theirs is.
    """

    def __init__(self, clicks: ASGIApp, **starlette: Any) -> None:
        """Give ``clicks`` the paths /click and /c/<code>; the rest is Starlette's own arguments."""
        super().__init__(**starlette)
        self._clicks = clicks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        if path == "/click":
            scope["path_params"] = {}
        elif path.startswith("/c/") and len(path) > 3 and path.count("/") == 2:
            scope["path_params"] = {"code": path[3:]}
        else:
            await super().__call__(scope, receive, send)
            return
        try:
            await self._clicks(scope, receive, send)
        except Exception as why:  # noqa: BLE001 - the last resort, as in Starlette's ServerErrorMiddleware
            answer = await EXCEPTION_HANDLERS[Exception](Request(scope), why)
            await answer(scope, receive, send)


async def _tell_version(holder: ProgramHolder) -> None:
    level = metrics.gauge("clickledger_snapshot_version")
    while True:
        level.value = float(holder.program.version)
        await asyncio.sleep(1)


def _fetcher(redis: Redis) -> Fetch:
    breaker = Breaker()

    async def ask(version: int) -> bytes | None:
        published = cast("bytes | None", await redis.get(snapshot.REDIS_VERSION_KEY))
        if not published or not published.isdigit() or int(published) <= version:
            return None
        return cast("bytes | None", await redis.get(snapshot.REDIS_KEY))

    async def fetch(version: int) -> bytes | None:
        nothing: Any = None
        answer: bytes | None = await breaker.call_async(lambda: ask(version), nothing)
        return answer

    return fetch


def _performance(redis: Redis) -> Callable[[], Awaitable[bytes | None]]:
    breaker = Breaker()

    async def ask() -> bytes | None:
        return cast("bytes | None", await redis.get(performance.REDIS_KEY))

    async def fetch() -> bytes | None:
        return await breaker.call_async(ask, None)

    return fetch
