"""One try: a request, and as much of its answer as is worth keeping.

Invariants: nothing is dialled that the guard refuses; no redirect is followed, no cookie kept, no proxy of the
environment used, no compressed answer unpacked; it ends within ten seconds and reads at most four kilobytes of
the answer; whatever the receiver does, the caller gets an ``Answer``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from tracker.outbound.guard import DIALLING, Dialling, Guard, connector
from tracker.outbound.messages import Message
from tracker.outbound.schedule import retry_after_seconds
from tracker.outbound.signing import signed_headers

TOTAL_SECONDS = 10.0
MOST_ANSWER_BYTES = 4_096
MOST_ERROR_CHARACTERS = 500
USER_AGENT = "clickledger"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a try came to."""

    ts: int
    """When it began, milliseconds since 1970."""
    duration_ms: int
    status: int = 0
    """HTTP status, 0 for no answer."""
    body: str = ""
    retry_after: float = 0.0
    """Seconds the receiver asked to be left alone."""
    address: str = ""
    """What was dialled last, with its port."""
    error: str = ""
    """Why there is no answer."""
    forbidden: bool = False
    """Nothing was dialled, because the guard refused every address."""


@asynccontextmanager
async def outbound_session(
    guard: Guard, limit: int, resolver: AbstractResolver | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    """Lend a session for ``deliver``.

    Args:
        guard: Judges each address.
        limit: Most connections at once.
        resolver: Looks names up; default: the operating system's.

    """
    async with aiohttp.ClientSession(
        connector=connector(guard, limit=limit, resolver=resolver),
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        auto_decompress=False,
        trust_env=False,
        read_bufsize=MOST_ANSWER_BYTES,
    ) as session:
        yield session


async def deliver(session: aiohttp.ClientSession, message: Message, *secrets: str) -> Answer:
    """Send a message once.

    Args:
        session: From ``outbound_session``.
        message: What to send.
        secrets: What a webhook is signed with; a postback isn't.

    """
    ts, begin = time.time_ns() // 1_000_000, time.monotonic()
    dialling = Dialling()
    token = DIALLING.set(dialling)
    status, body, retry_after, error, forbidden = 0, b"", 0.0, "", False
    try:
        content = message.body.encode()
        headers = _headers(message, secrets, ts // 1000, content)
        async with session.request(
            message.method,
            URL(message.url, encoded=True),
            data=content if message.method == "POST" else None,
            headers=headers,
            allow_redirects=False,
        ) as response:
            status = response.status
            retry_after = retry_after_seconds(response.headers.get("Retry-After", ""))
            body = await _beginning(response)
            # What is left of a long answer is not waited for.
            response.close()
    except asyncio.CancelledError:
        raise
    except TimeoutError:
        error = f"No whole answer within {TOTAL_SECONDS:.0f} seconds."
    except Exception as why:  # noqa: BLE001 - a receiver may break whatever it likes, but not the sender
        forbidden = bool(dialling.refusals) and not dialling.addresses
        forbidden = forbidden or isinstance(why, aiohttp.InvalidURL)
        error = dialling.refusals[0] if dialling.refusals and forbidden else str(why) or type(why).__name__
    finally:
        DIALLING.reset(token)
    return Answer(
        ts=ts,
        duration_ms=int((time.monotonic() - begin) * 1000),
        status=status,
        body=body.decode("utf-8", "replace"),
        retry_after=retry_after,
        address=dialling.addresses[-1] if dialling.addresses else "",
        error=error[:MOST_ERROR_CHARACTERS].encode("utf-8", "replace").decode(),
        forbidden=forbidden,
    )


def _headers(message: Message, secrets: tuple[str, ...], now: int, content: bytes) -> dict[str, str]:
    if message.kind == "webhook":
        return {"Content-Type": "application/json"} | signed_headers(secrets, message.id, now, content)
    if message.method == "POST":
        return {"Content-Type": "application/x-www-form-urlencoded"}
    return {}


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Return the first bytes of an answer; what breaks off is kept as far as it came."""
    body = b""
    try:
        while len(body) < MOST_ANSWER_BYTES:
            piece = await response.content.read(MOST_ANSWER_BYTES - len(body))
            if not piece:
                break
            body += piece
    except aiohttp.ClientError:
        # The status is what counts; it came.
        return body
    return body
