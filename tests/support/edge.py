"""The real edge app in this process: a small program for it, its answers, and what it wrote down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kernel.settings import Settings
from tests.support.offers import offer
from tests.support.waiting import PATIENCE_SECONDS
from tracker import snapshot
from tracker.click_id import ClickIdKeys
from tracker.edge.app import build_edge
from tracker.events import Event, decode_events
from tracker.journal import DIRECTORY, JournalReader, journal_paths
from tracker.routes import AdvertiserRoute, LinkRoute, PartnerRoute
from tracker.snapshot import Snapshot

KEYS = ClickIdKeys({1: b"k" * 32}, 1)
VISITOR = "203.0.113.9"
TOKEN = "tok-made-up-for-tests"
NETWORK_FALLBACK = "https://network.example/?c={click_id}"

OPEN, PAUSED, PAUSED_ALONE, ENDED, STRICT, SHARE, SHORT, BROKEN = range(1, 9)
"""Offer ids of ``program``."""
GOOD, PENDING, PENDING_ALONE = range(1, 4)
"""Partner ids of ``program``."""


def program(version: int = 1, **changes: Any) -> Snapshot:
    """Return a program with an offer, a partner or a link for everything an edge can answer."""
    offers = [
        offer(
            id=OPEN,
            destination="https://shop.example/lp?cid={click_id}&src={partner_id}&s={sub1}",
            deep_link_hosts=("shop.example", "*.shop.example"),
        ),
        offer(id=PAUSED, status="paused", fallback_url="https://instead.example/?o={offer_id}"),
        offer(id=PAUSED_ALONE, status="paused"),
        offer(id=ENDED, status="ended"),
        offer(id=STRICT, advertiser_id=2),
        offer(id=SHARE, payout_percent="10", revenue_percent="20", allow_override=True, default_status="pending"),
        offer(id=SHORT, attribution_window_s=60),
        offer(id=BROKEN, destination="{sub1}"),
    ]
    partners = [
        PartnerRoute(GOOD, "Blog", "approved"),
        PartnerRoute(PENDING, "New", "pending", "https://partner.example/?c={click_id}"),
        PartnerRoute(PENDING_ALONE, "Gone", "suspended"),
    ]
    advertisers = [AdvertiserRoute(1, "Acme", TOKEN), AdvertiserRoute(2, "Strict", TOKEN, require_token=True)]
    links = [
        LinkRoute(5, "summer", GOOD, OPEN, "sub1=preset&sub2=two&source=mail"),
        LinkRoute(6, "orphan", GOOD, 999),
    ]
    fields: dict[str, Any] = {
        "offers": {o.id: o for o in offers},
        "partners": {p.id: p for p in partners},
        "advertisers": {a.id: a for a in advertisers},
        "links": {link.code: link for link in links},
        "currencies": frozenset({"USD", "EUR"}),
    }
    return Snapshot(version=version, **(fields | changes))


def publish(directory: Path, published: Snapshot) -> None:
    """Write a snapshot where an edge of this data directory finds it."""
    snapshot.save(directory, snapshot.encode(published))


def journalled(directory: Path) -> list[Event]:
    """Return every event in the journals of a data directory, in order."""
    events: list[Event] = []
    for path in journal_paths(directory / DIRECTORY):
        reader = JournalReader(path)
        for frame in reader.frames(1, 2**62):
            decoded = decode_events(frame.body)
            assert len(decoded) == frame.events
            events += decoded
        reader.close()
    return events


@dataclass
class Answer:
    """One answer as it went out."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers["location"]

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


class Edge:
    """An edge app on an event loop of its own, asked with raw ASGI: any bytes may be sent.

    A server in front would have refused some of what tests send here; the app must bear it all the same.
    """

    def __init__(self, chosen: Settings, keys: ClickIdKeys = KEYS) -> None:
        self.data_dir = chosen.data_dir
        self.app = build_edge(chosen, keys, "edge-0")
        self.holder = self.app.state.holder
        self.journal = self.app.state.journal
        self._loop = asyncio.new_event_loop()
        self._life = self.app.router.lifespan_context(self.app)

    def __enter__(self) -> Self:
        self.run(self._life.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._life.__aexit__(None, None, None))
        self._loop.close()

    def run(self, work: Awaitable[Any]) -> Any:
        """Run something on the edge's loop, for a minute at most."""
        return self._loop.run_until_complete(asyncio.wait_for(work, PATIENCE_SECONDS))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Let the edge's own tasks run until a condition holds."""

        async def poll() -> None:
            while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.005)

        self.run(poll())

    def wait_for_answer(self, path: str, query: str, condition: Callable[[Answer], bool]) -> Answer:
        """Ask again and again until the answer is as wanted; return it."""

        async def poll() -> Answer:
            while True:
                answer = await self.ask("GET", path, query.encode())
                if condition(answer):
                    return answer
                await asyncio.sleep(0.005)

        found: Answer = self.run(poll())
        return found

    def get(self, path: str, query: str = "", headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """Send a GET."""
        return self.send("GET", path, query, headers, **more)

    def post(self, path: str, body: bytes, content_type: str = "", query: str = "") -> Answer:
        """Send a POST."""
        headers = {"content-type": content_type} if content_type else {}
        return self.send("POST", path, query, headers, body=(body,))

    def send(
        self, method: str, path: str, query: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        """Send one request of texts."""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        return self.run(self.ask(method, path, query.encode(), raw, **more))

    def send_all(self, requests: Iterable[Awaitable[Answer]]) -> list[Answer]:
        """Send requests made with ``ask`` at the same time."""

        async def together() -> list[Answer]:
            return await asyncio.gather(*requests)

        answers: list[Answer] = self.run(together())
        return answers

    async def ask(
        self,
        method: str,
        path: str,
        query: bytes = b"",
        headers: Sequence[tuple[bytes, bytes]] = (),
        *,
        body: Sequence[bytes] = (),
        breaks_off: bool = False,
        peer: str | None = VISITOR,
    ) -> Answer:
        """Send one request and return its answer.

        Args:
            method: The method.
            path: The path, decoded.
            query: The query string.
            headers: Names in lower case and values.
            body: The chunks of the body.
            breaks_off: Whether the client goes away after the last chunk instead of ending its body.
            peer: Address of the connection's other end; None for a unix socket.

        """
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "root_path": "",
            "query_string": query,
            "headers": list(headers),
            "client": (peer, 40_000) if peer is not None else None,
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        chunks = list(body)
        messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        messages.append({"type": "http.disconnect"} if breaks_off else {"type": "http.request", "body": b""})
        waiting = iter(messages)
        answer = Answer()
        ended = 0

        async def receive() -> dict[str, Any]:
            return next(waiting, {"type": "http.disconnect"})

        async def send(message: dict[str, Any]) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                assert answer.status == 0, "two answers to one request"
                answer.status = message["status"]
                answer.headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")
                ended += not message.get("more_body", False)

        try:
            await self.app(scope, receive, send)
        except Exception:
            # The server sees it after the answer was sent, as Starlette re-raises what it answered with 500.
            if answer.status != 500:
                raise
        assert answer.status, "no answer"
        assert ended == 1, "an answer must end once"
        return answer
