"""``/pixel.gif`` and ``/pixel``: conversions that a shop's page reports through its visitor's browser.

``GET /pixel.gif`` is an image, ``GET /pixel`` a frame, ``POST /pixel`` what the script of ``/clickledger.js``
sends. The click is the one named, else the one remembered in a cookie, else the pipeline looks for the visitor's
last. Invariants: image and frame are answered with 200 whatever they report, as a broken one on a shop's page
helps nobody, and say the outcome in the header ``x-clickledger``; every report is one event, the refused ones with
their reason; only a disk that refuses answers 503, and the image is whole then too.
"""

from __future__ import annotations

import time

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.edge.acceptance import MAX_DETAIL_CHARACTERS, Acceptance
from tracker.edge.address import ClientAddress
from tracker.edge.answers import (
    ANY_ORIGIN,
    GIF,
    HTML,
    ROBOTS,
    TEXT,
    TRANSPARENT_GIF,
    respond,
    respond_json,
    respond_preflight,
)
from tracker.edge.report import Report
from tracker.edge.requests import header, read_body, read_cookies, text
from tracker.errors import JOURNAL_UNAVAILABLE, POSTBACK_BODY_INVALID, POSTBACK_TOO_LARGE
from tracker.postbacks import PostbackRequest, read_request

FRAME = (
    b"<!doctype html><html lang=en><meta charset=utf-8><meta name=robots content=noindex>"
    b"<title>Pixel</title></html>\n"
)
_HEADERS = (ROBOTS, *ANY_ORIGIN, (b"content-security-policy", b"default-src 'none'"))


class PixelEndpoint:
    """The ASGI endpoint of pixels: the image's, or the frame's and the script's."""

    def __init__(
        self, acceptance: Acceptance, addresses: ClientAddress, *, max_body_bytes: int, image: bool
    ) -> None:
        """Keep what answers are made of; ``image``: answer an image, and only to GET."""
        self._acceptance = acceptance
        self._addresses = addresses
        self._max_body_bytes = max_body_bytes
        self._shown, self._kind = (TRANSPARENT_GIF, GIF) if image else (FRAME, HTML)
        self._methods = "GET" if image else "GET, POST, OPTIONS"
        self._taken = counter("clickledger_pixels_total", outcome="accepted")
        self._refused = counter("clickledger_pixels_total", outcome="refused")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in self._methods.split(", "):
            await respond(send, 405, b"", TEXT, [(b"allow", self._methods.encode())])
            return
        if method == "OPTIONS":
            await respond_preflight(send, self._methods.encode())
            return
        now_ms = time.time_ns() // 1_000_000
        report = Report(
            "script" if method == "POST" else "pixel",
            method,
            scope["query_string"],
            self._addresses.of(scope),
            text(header(scope, b"user-agent"), MAX_DETAIL_CHARACTERS),
            cookies=read_cookies(scope),
        )
        try:
            request = await self._read(scope, receive, report)
            taken = await self._acceptance.take(report, request, now_ms)
        except ClickledgerError as refusal:
            why = await self._acceptance.refuse(refusal, report, now_ms)
            if why.kind is not JOURNAL_UNAVAILABLE:
                self._refused.n += 1
            await self._say_refused(send, method, why)
            return
        self._taken.n += 1
        headers = [*_HEADERS, (b"x-clickledger", taken.outcome.encode())]
        if method == "POST":
            await respond_json(send, 200, taken.as_json(), headers)
        else:
            await respond(send, 200, self._shown, self._kind, headers)

    async def _read(self, scope: Scope, receive: Receive, report: Report) -> PostbackRequest:
        query: bytes = scope["query_string"]
        if report.method != "POST":
            return read_request(query, b"", "")
        body = await read_body(receive, self._max_body_bytes, POSTBACK_BODY_INVALID, POSTBACK_TOO_LARGE)
        if body:
            report.raw = query + b"\n" + body
        return read_request(query, body, header(scope, b"content-type").decode("latin-1"))

    async def _say_refused(self, send: Send, method: str, why: ClickledgerError) -> None:
        headers = [*_HEADERS, (b"x-clickledger", f"rejected {why.kind.code}".encode())]
        stored = why.kind is not JOURNAL_UNAVAILABLE
        if not stored:
            headers.append((b"retry-after", b"1"))
        if method == "POST":
            status = {"status": "rejected"} if stored else {}
            await respond_json(send, why.kind.status, {**status, **why.as_json()}, headers)
        else:
            await respond(send, 200 if stored else why.kind.status, self._shown, self._kind, headers)
