"""A lean HTTP client for the edge that knows what happened to each request.

Invariants: a click is on the wire at most once. A request that never left (the connection was refused)
is tried again; one whose answer was lost is not, because the edge may have counted it. aiohttp would
resend a GET by itself when a kept connection breaks; ``_at_most_once`` takes that from it. A postback is
idempotent, so it is sent until it is answered. Redirects are never followed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
import msgspec
from aiohttp.client_middlewares import ClientHandlerType
from yarl import URL

from clickledger.replay.errors import EDGE_AWAY, EDGE_BEHIND
from clickledger.replay.program import DESTINATION_PREFIX
from tracker import click_id

ANSWER_SECONDS = 30
"""How long a request may take; an edge answers in milliseconds or not at all."""
PATIENCE_SECONDS = 60
"""How long an edge may be away, while it is restarted, before the replay gives up."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 3.0
"""Between two tries; each pause is twice the one before."""
READY_SECONDS = 30
READY_IN_A_ROW = 20
"""Answers over fresh connections that must all know the program: two workers share a port at random, so
the chance that one of them was never asked is 1 in 500,000."""

Outcome = Literal["redirected", "accepted", "refused", "unanswered", "stopped"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request."""

    outcome: Outcome
    click_id: str = ""
    why: str = ""
    """What was answered instead of a redirect or an acceptance."""
    settled: bool = True
    """Sending it again would change nothing."""


class AnswerLostError(aiohttp.ClientError):
    """The request left and its answer did not come."""


async def _at_most_once(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as why:
        raise AnswerLostError(str(why)) from why


class EdgeClient:
    """Sends clicks and postbacks over kept connections."""

    def __init__(self, edge_url: str, connections: int, stop: asyncio.Event) -> None:
        """Prepare; ``async with`` opens it.

        Args:
            edge_url: Where the edge is, without a trailing slash.
            connections: Most connections at a time.
            stop: When set, nothing is tried again.

        """
        self._edge_url = edge_url
        self._connections = connections
        self._stop = stop

    async def __aenter__(self) -> Self:
        """Open the client."""
        self._session = self._open(aiohttp.TCPConnector(limit=self._connections))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        await self._session.close()

    @staticmethod
    def _open(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
            auto_decompress=False,
            trust_env=False,
            middlewares=(_at_most_once,),
        )

    async def wait_ready(self, version: int) -> None:
        """Wait until every edge worker knows a snapshot version.

        Raises:
            ClickledgerError: ``edge_away`` or ``edge_behind`` when that takes too long.

        """
        url = URL(f"{self._edge_url}/readyz")
        deadline = time.monotonic() + READY_SECONDS
        in_a_row, reached, seen = 0, False, 0
        # A kept connection would ask the same worker again and again.
        async with self._open(aiohttp.TCPConnector(force_close=True)) as session:
            while in_a_row < READY_IN_A_ROW:
                if time.monotonic() > deadline and not reached:
                    raise EDGE_AWAY.error(f"The edge at {self._edge_url} can't be reached.")
                if time.monotonic() > deadline:
                    raise EDGE_BEHIND.error(wanted=version, seen=seen)
                try:
                    async with session.get(url) as response:
                        state = await response.json(content_type=None)
                        reached, seen = True, int(state.get("snapshot_version", 0))
                        ready = response.status == 200 and seen >= version
                except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
                    ready = False
                in_a_row = in_a_row + 1 if ready else 0
                if not ready:
                    await asyncio.sleep(FIRST_PAUSE_SECONDS)

    async def click(self, query: str, headers: dict[str, str], method: str = "GET") -> Answer:
        """Send a click once.

        Raises:
            ClickledgerError: ``edge_away`` when no connection could be made for too long.

        """
        url = URL(f"{self._edge_url}/click?{query}", encoded=True)

        async def once() -> Answer:
            async with self._session.request(method, url, headers=headers, allow_redirects=False) as response:
                await response.read()
                location = response.headers.get("Location", "")
                if response.status != 302:
                    return Answer("refused", why=f"click {response.status}")
                given = location.removeprefix(DESTINATION_PREFIX)
                if len(given) != click_id.LENGTH or given == location:
                    return Answer("refused", why="click 302 to somewhere else")
                return Answer("redirected", given)

        try:
            return await self._connected(once)
        except (aiohttp.ClientError, TimeoutError):
            return Answer("unanswered")

    async def impression(self, query: str, headers: dict[str, str]) -> Answer:
        """Send an impression once.

        Raises:
            ClickledgerError: ``edge_away`` when no connection could be made for too long.

        """
        url = URL(f"{self._edge_url}/i?{query}", encoded=True)

        async def once() -> Answer:
            async with self._session.get(url, headers=headers) as response:
                await response.read()
                if response.status >= 400:
                    return Answer("refused", why=f"impression {response.status}")
                return Answer("accepted")

        try:
            return await self._connected(once)
        except (aiohttp.ClientError, TimeoutError):
            return Answer("unanswered")

    async def postback(self, query: str) -> Answer:
        """Send a postback until it is answered.

        Raises:
            ClickledgerError: ``edge_away`` when no connection could be made for too long.

        """
        url = URL(f"{self._edge_url}/postback?{query}", encoded=True)

        async def once() -> Answer:
            async with self._session.get(url, allow_redirects=False) as response:
                body = await response.read()
                if response.status == 200:
                    return Answer("accepted")
                why = f"postback {response.status} {_error_code(body)}".strip()
                # A 5xx says "not stored, send it again".
                return Answer("refused", why=why, settled=response.status < 500)

        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        answer = Answer("stopped")
        while True:
            try:
                latest = await self._connected(once)
            except (aiohttp.ClientError, TimeoutError):
                latest = Answer("unanswered", settled=False)
            if latest.outcome != "stopped":
                answer = latest
            if answer.settled or self._stop.is_set() or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _connected(self, once: Callable[[], Awaitable[Answer]]) -> Answer:
        """Run a request, again while no connection can be made: such a request never left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return await once()
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as why:
                if self._stop.is_set():
                    return Answer("stopped")
                if time.monotonic() > deadline:
                    raise EDGE_AWAY.error(f"The edge at {self._edge_url} can't be reached: {why}.") from why
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _error_code(body: bytes) -> str:
    """Return the code in the house's error shape, '' when it isn't one."""
    try:
        answer: Any = msgspec.json.decode(body)
        return str(answer["error"]["code"])
    except (msgspec.MsgspecError, KeyError, TypeError, IndexError):
        return ""
