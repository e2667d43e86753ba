"""``GET|POST /postback``: what an advertiser's server reports, and the answer that says what it did.

Invariants: a 200 is sent only after the postback is on the disk; a 4xx too, as a refused event with its
reason, so nobody's postback vanishes; the answer's code comes from one table.
"""

from __future__ import annotations

import time

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.edge.acceptance import MAX_DETAIL_CHARACTERS, Acceptance
from tracker.edge.address import ClientAddress
from tracker.edge.answers import TEXT, respond, respond_json
from tracker.edge.report import Report
from tracker.edge.requests import header, text
from tracker.edge.requests import read_body as read_whole
from tracker.errors import JOURNAL_UNAVAILABLE, POSTBACK_BODY_INVALID, POSTBACK_TOO_LARGE
from tracker.postbacks import PostbackRequest, read_request


class PostbackEndpoint:
    """The ASGI endpoint of advertisers' postbacks."""

    def __init__(self, acceptance: Acceptance, addresses: ClientAddress, *, max_body_bytes: int) -> None:
        self._acceptance = acceptance
        self._addresses = addresses
        self._max_body_bytes = max_body_bytes
        self._accepted = counter("clickledger_postbacks_total", outcome="accepted")
        self._refused = counter("clickledger_postbacks_total", outcome="refused")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "POST"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, POST")])
            return
        now_ms = time.time_ns() // 1_000_000
        query: bytes = scope["query_string"]
        agent = text(header(scope, b"user-agent"), MAX_DETAIL_CHARACTERS)
        report = Report("postback", method, query, self._addresses.of(scope), agent)
        try:
            request = await self._read(scope, receive, report)
            taken = await self._acceptance.take(report, request, now_ms)
        except ClickledgerError as refusal:
            why = await self._acceptance.refuse(refusal, report, now_ms)
            if why.kind is JOURNAL_UNAVAILABLE:
                await respond_json(send, why.kind.status, why.as_json(), [(b"retry-after", b"1")])
                return
            self._refused.n += 1
            await respond_json(send, why.kind.status, {"status": "rejected", **why.as_json()})
            return
        self._accepted.n += 1
        if request.literal_answer:
            await respond(send, 200, request.literal_answer.encode(), TEXT)
            return
        await respond_json(send, 200, taken.as_json())

    async def _read(self, scope: Scope, receive: Receive, report: Report) -> PostbackRequest:
        query: bytes = scope["query_string"]
        body = b""
        if report.method == "POST":
            body = await read_whole(receive, self._max_body_bytes, POSTBACK_BODY_INVALID, POSTBACK_TOO_LARGE)
        if body:
            report.raw = query + b"\n" + body
        return read_request(query, body, header(scope, b"content-type").decode("latin-1"))
