"""``GET|POST /postback``: check, say what it does, write down, answer.

Invariants: a 200 is sent only after the postback is on the disk; a 4xx too, as a refused event with its
reason, so nobody's postback vanishes; the answer's code comes from one table; the click id alone tells
the offer, so token, window and currency are checked without any store.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.click_id import ClickIdKeys
from tracker.conversion_state import ConversionState, Outcome, conversion_id
from tracker.edge.address import ClientAddress
from tracker.edge.answers import TEXT, respond, respond_json
from tracker.edge.outcomes import Outcomes
from tracker.edge.program import CompiledOffer, ProgramHolder
from tracker.errors import (
    CLICK_ID_EXPIRED,
    ERRORS,
    JOURNAL_UNAVAILABLE,
    OFFER_UNKNOWN,
    POSTBACK_BODY_INVALID,
    POSTBACK_TOO_LARGE,
    TRANSITION_NOT_ALLOWED,
)
from tracker.events import Postback, PostbackFields, Refused, encode_event
from tracker.journal import JournalWriter
from tracker.postbacks import PostbackRequest, check_token, read_body, read_query

DAY_MS = 86_400_000
MAX_DETAIL_CHARACTERS = 500


class PostbackEndpoint:
    """The ASGI endpoint of advertisers' postbacks."""

    def __init__(
        self,
        holder: ProgramHolder,
        journal: JournalWriter,
        keys: ClickIdKeys,
        addresses: ClientAddress,
        outcomes: Outcomes,
        *,
        window_days: int,
        max_body_bytes: int,
    ) -> None:
        self._holder = holder
        self._journal = journal
        self._keys = keys
        self._addresses = addresses
        self._outcomes = outcomes
        self._window_ms = window_days * DAY_MS
        self._max_body_bytes = max_body_bytes
        self._accepted = counter("clickledger_postbacks_total", outcome="accepted")
        self._refused = counter("clickledger_postbacks_total", outcome="refused")
        self._reasons = {code: counter("clickledger_refused_total", reason=code) for code in ERRORS}
        self._not_durable = counter("clickledger_not_durable_total")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method not in {"GET", "POST"}:
            await respond(send, 405, b"", TEXT, [(b"allow", b"GET, POST")])
            return
        headers: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))
        peer = scope["client"]
        ip = self._addresses.resolve(
            peer[0] if peer else "",
            b",".join(v for n, v in scope["headers"] if n == b"x-forwarded-for").decode("latin-1"),
        )
        now_ms = time.time_ns() // 1_000_000
        query: bytes = scope["query_string"]
        raw, request = query, None
        try:
            body = await self._body(receive) if method == "POST" else b""
            raw = query + b"\n" + body if body else query
            request = self._request(query, body, headers.get(b"content-type", b"").decode("latin-1"))
            fields, offer = self._check(request, now_ms)
            key = conversion_id(fields.click_id, fields.goal, fields.txn_id)
            outcome, state, provisional = await self._outcomes.of(key, fields, offer.route)
            if outcome == "refused":
                raise TRANSITION_NOT_ALLOWED.error(_transition(state, fields))
            agent = headers.get(b"user-agent", b"").decode("utf-8", "replace")[:MAX_DETAIL_CHARACTERS]
            event = Postback(now_ms, fields, offer.route.id, method, raw, ip, agent)
            try:
                await self._journal.append(encode_event(event))
            except ClickledgerError:
                await self._outcomes.forget(key)
                raise
        except ClickledgerError as why:
            await self._refuse(send, why, request, Refused(now_ms, "postback", "", "", method, raw, ip))
            return
        self._accepted.n += 1
        if request.literal_answer:
            await respond(send, 200, request.literal_answer.encode(), TEXT)
            return
        await respond_json(send, 200, _answer(outcome, key, fields, state, offer, provisional=provisional))

    async def _body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                # Half a form reads like a whole one: 12 of an amount of 1250 must not be booked.
                raise POSTBACK_BODY_INVALID.error("The connection ended before the body did; send it again.")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._max_body_bytes:
                raise POSTBACK_TOO_LARGE.error(f"A postback's body has at most {self._max_body_bytes} bytes.")
            chunks.append(chunk)
            if not message.get("more_body", False):
                break
        return b"".join(chunks)

    @staticmethod
    def _request(query: bytes, body: bytes, content_type: str) -> PostbackRequest:
        received = read_query(query)
        for name, value in read_body(body, content_type).items():
            received.setdefault(name, value)
        return PostbackRequest(received)

    def _check(self, request: PostbackRequest, now_ms: int) -> tuple[PostbackFields, CompiledOffer]:
        parts = self._keys.read(request.click_id)
        offer = self._holder.program.offers.get(str(parts.offer_id))
        if offer is None and self._holder.after_miss():
            offer = self._holder.program.offers.get(str(parts.offer_id))
        if offer is None:
            raise OFFER_UNKNOWN.error()
        program = self._holder.program
        advertiser = program.advertisers.get(offer.route.advertiser_id)
        if advertiser is not None:
            check_token(request, advertiser, now_ms / 1000)
        window_ms = offer.route.attribution_window_s * 1000 or self._window_ms
        if now_ms - parts.ts > window_ms:
            raise CLICK_ID_EXPIRED.error()
        return request.fields(program.currencies), offer

    async def _refuse(
        self, send: Send, why: ClickledgerError, request: PostbackRequest | None, event: Refused
    ) -> None:
        """Keep the refused postback with its reason, then answer."""
        if why.kind is not JOURNAL_UNAVAILABLE:
            kept = Refused(
                event.ts,
                event.kind,
                why.kind.code,
                why.message[:MAX_DETAIL_CHARACTERS],
                event.method,
                event.raw,
                event.ip,
                request.values.get("click_id", "")[:MAX_DETAIL_CHARACTERS] if request else "",
            )
            try:
                await self._journal.append(encode_event(kept))
            except ClickledgerError as unstored:
                why = unstored
        if why.kind is JOURNAL_UNAVAILABLE:
            self._not_durable.n += 1
            await respond_json(send, why.kind.status, why.as_json(), [(b"retry-after", b"1")])
            return
        self._refused.n += 1
        self._reasons[why.kind.code].n += 1
        await respond_json(send, why.kind.status, {"status": "rejected", **why.as_json()})


def _transition(state: ConversionState, fields: PostbackFields) -> str:
    wanted = fields.status or state.status
    return f"The conversion is {state.status}; it can't become {wanted} or change now. See docs/postbacks.md."


def _answer(
    outcome: Outcome,
    key: str,
    fields: PostbackFields,
    state: ConversionState,
    offer: CompiledOffer,
    *,
    provisional: bool,
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "status": outcome,
        "conversion_id": key,
        "click_id": fields.click_id,
        "conversion_status": state.status,
    }
    if provisional:
        # Redis was away: the store will still count it once, but may already know it.
        answer["provisional"] = True
    if not offer.route.allow_override and (fields.payout is not None or fields.revenue is not None):
        answer["ignored"] = [n for n in ("payout", "revenue") if getattr(fields, n) is not None]
    return answer
