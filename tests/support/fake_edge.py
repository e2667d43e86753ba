"""An edge in a thread that remembers what it was asked, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.waiting import PATIENCE_SECONDS, join

KNOWN_VERSION = 7


@dataclass
class FakeEdge:
    """What a fake edge saw, and how it shall behave."""

    url: str = ""
    thread: Any = None
    clicks: list[dict[str, Any]] = field(default_factory=list)
    """Every click that arrived, answered or not: its query, headers and click id."""
    impressions: list[dict[str, str]] = field(default_factory=list)
    postbacks: list[dict[str, str]] = field(default_factory=list)
    lose_click_answers: set[int] = field(default_factory=set)
    """Clicks, counted from 1, whose connection breaks instead of an answer."""
    page_clicks: set[int] = field(default_factory=set)
    """Clicks that get a 404 page."""
    elsewhere_clicks: set[int] = field(default_factory=set)
    """Clicks that are redirected to a fallback without a click id."""
    lose_postback_answers: set[int] = field(default_factory=set)
    unstored_postbacks: set[int] = field(default_factory=set)
    """Postbacks answered with 503: not stored, send again."""
    refuse_postbacks: bool = False
    behind_answers: int = 0
    """How many answers of /readyz still know an older program."""
    version: int = KNOWN_VERSION
    connections: set[int] = field(default_factory=set)
    delay_s: float = 0.0

    async def click(self, request: web.Request) -> web.StreamResponse:
        number = len(self.clicks) + 1
        click_id = f"{number:032d}"
        self.connections.add(id(request.transport))
        self.clicks.append(
            {
                "id": click_id,
                "query": dict(request.query),
                "headers": dict(request.headers),
                "at": asyncio.get_running_loop().time(),
            }
        )
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if number in self.lose_click_answers:
            request.transport.abort()
            return web.Response()
        if number in self.page_clicks:
            return web.Response(status=404, text="This link is not available")
        if number in self.elsewhere_clicks:
            return web.Response(status=302, headers={"Location": "https://fallback.example/"})
        return web.Response(status=302, headers={"Location": f"https://advertiser.example/app?cid={click_id}"})

    async def impression(self, request: web.Request) -> web.StreamResponse:
        self.impressions.append(dict(request.query))
        return web.Response(content_type="image/gif")

    async def postback(self, request: web.Request) -> web.StreamResponse:
        self.postbacks.append(dict(request.query))
        number = len(self.postbacks)
        if number in self.lose_postback_answers:
            request.transport.abort()
            return web.Response()
        if number in self.unstored_postbacks:
            return web.json_response({"error": {"code": "journal_unavailable", "message": "-"}}, status=503)
        if self.refuse_postbacks:
            return web.json_response({"error": {"code": "click_id_forged", "message": "-"}}, status=403)
        return web.json_response({"status": "accepted"})

    async def readyz(self, _request: web.Request) -> web.StreamResponse:
        if self.behind_answers:
            self.behind_answers -= 1
            return web.json_response({"ready": True, "snapshot_version": self.version - 1})
        return web.json_response({"ready": True, "snapshot_version": self.version})


class EdgeThread:
    """Runs a fake edge until stopped."""

    def __init__(self, edge: FakeEdge) -> None:
        self.edge = edge
        edge.thread = self
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fake edge", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS), "the fake edge did not start"

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._end.set)
        join(self._thread)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_get("/click", self.edge.click)
        app.router.add_get("/i", self.edge.impression)
        app.router.add_get("/postback", self.edge.postback)
        app.router.add_get("/readyz", self.edge.readyz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.edge.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()


class FakeAdminApi:
    """The admin API, as far as replay and import use it."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self._numbers = itertools.count(100)
        self.known: dict[str, dict[str, int]] = {"advertisers": {}, "partners": {}, "offers": {}}
        self.pipeline: dict[str, Any] = {"journals": [], "imported": [], "postbacks_waiting": 0}

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        assert params is None
        return {"/api/v1/pipeline": self.pipeline, "/api/v1/program": {"version": KNOWN_VERSION}}[path]

    def post(self, path: str, json: Any) -> Any:
        self.posted.append((path, json))
        return {
            kind: {
                entry["name"]: self.known[kind].setdefault(entry["name"], next(self._numbers))
                for entry in json[kind]
            }
            for kind in self.known
        }
