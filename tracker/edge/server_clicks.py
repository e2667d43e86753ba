"""``POST /click.json``: clicks that are recorded without a redirect, by a page's script or by a partner's server.

Without a key the click is of whoever sends the request (source js). With ``Authorization: Bearer clk_…`` it is of
the visitor that the body names (source server), up to a thousand in one request, each with its own result.
Invariants: everything a request holds is durable before it is answered; each click is one event, a ``Click`` or a
``Refused`` with its reason; a key's secret is looked up by its hash and is never kept; a partner's key records
clicks of that partner alone.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from kernel import keys as api_keys
from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tracker.edge.acceptance import MAX_DETAIL_CHARACTERS
from tracker.edge.address import ClientAddress, parse_address
from tracker.edge.answers import ANY_ORIGIN, ROBOTS, TEXT, respond, respond_json, respond_preflight
from tracker.edge.click_bodies import ClickBody, encode, read_click, read_clicks
from tracker.edge.program import ProgramHolder
from tracker.edge.recording import Recorded, Recorder
from tracker.edge.requests import MAX_HEADER_CHARACTERS, MAX_URL_CHARACTERS, header, read_body
from tracker.edge.visit import Visit, read_visit
from tracker.errors import (
    ADDRESS_INVALID,
    CLICK_BODY_INVALID,
    CLICK_BODY_TOO_LARGE,
    ERRORS,
    KEY_MISSING,
    KEY_NOT_ACCEPTED,
    PARTNER_NOT_ALLOWED,
)
from tracker.events import Event, Refused
from tracker.links import read_parameters
from tracker.routes import KeyRoute

MOST_BYTES_WITH_KEY = 1024 * 1024
"""Of a request with a key: a kilobyte for each of a thousand clicks; what the proxy of our example lets pass."""
_HEADERS = (ROBOTS, *ANY_ORIGIN)
_VISIT_IS_A_GET = "GET"
"""A visit to a page is a GET, however it was told of; ``Click.source`` says how."""


class ClickApiEndpoint:
    """The ASGI endpoint of clicks without a redirect."""

    def __init__(
        self, recorder: Recorder, holder: ProgramHolder, addresses: ClientAddress, *, max_body_bytes: int
    ) -> None:
        """Keep what answers are made of; ``max_body_bytes`` is the most that is read without a key."""
        self._recorder = recorder
        self._holder = holder
        self._resolve = addresses.resolve
        self._max_body_bytes = max_body_bytes
        self._sources = {
            source: counter("clickledger_recorded_clicks_total", source=source) for source in ("js", "server")
        }
        self._reasons = {code: counter("clickledger_refused_total", reason=code) for code in ERRORS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method: str = scope["method"]
        if method == "OPTIONS":
            await respond_preflight(send, b"POST, OPTIONS")
            return
        if method != "POST":
            await respond(send, 405, b"", TEXT, [(b"allow", b"POST, OPTIONS"), *_HEADERS])
            return
        visit = read_visit(scope, self._resolve, time.time_ns() // 1_000_000)
        visit.method, visit.query, visit.code = _VISIT_IS_A_GET, b"", ""
        body = b""
        try:
            key = self._key(header(scope, b"authorization"), visit.ts)
            most = self._max_body_bytes if key is None else MOST_BYTES_WITH_KEY
            body = await read_body(receive, most, CLICK_BODY_INVALID, CLICK_BODY_TOO_LARGE)
            clicks, several = read_clicks(body)
            if several and key is None:
                raise KEY_MISSING.error()
        except ClickledgerError as why:
            # With a thousand clicks in it, a body is too much to keep; its beginning tells what it was.
            results: list[Recorded | ClickledgerError] = [why]
            events: list[Event] = [_refused(why, visit, body[: self._max_body_bytes])]
            several = False
        else:
            results, events = await self._decide(clicks, key, visit)
        try:
            await self._recorder.write(events)
        except ClickledgerError as why:
            await respond_json(send, why.kind.status, why.as_json(), [*_HEADERS, (b"retry-after", b"1")])
            return
        for result, event in zip(results, events, strict=True):
            self._count(result, event)
        answers = [_answer(result) for result in results]
        if several:
            await respond_json(send, 200, {"results": answers}, _HEADERS)
        else:
            (result,) = results
            status = result.kind.status if isinstance(result, ClickledgerError) else 200
            await respond_json(send, status, answers[0], _HEADERS)

    def _key(self, authorization: bytes, now_ms: int) -> KeyRoute | None:
        """Return the key of a request, None when it has none.

        Raises:
            ClickledgerError: ``key_not_accepted``.

        """
        if not authorization:
            return None
        scheme, _, sent = authorization.decode("latin-1").partition(" ")
        written = sent.strip()
        if scheme.lower() != "bearer" or api_keys.parse(written) is None:
            raise KEY_NOT_ACCEPTED.error()
        fingerprint = api_keys.fingerprint(written)
        key = self._holder.program.keys.get(fingerprint)
        if key is None and self._holder.after_miss():
            key = self._holder.program.keys.get(fingerprint)
        if key is None or (key.expires_at and key.expires_at <= now_ms):
            raise KEY_NOT_ACCEPTED.error()
        return key

    async def _decide(
        self, clicks: list[Any], key: KeyRoute | None, sender: Visit
    ) -> tuple[list[Recorded | ClickledgerError], list[Event]]:
        results: list[Recorded | ClickledgerError] = []
        events: list[Event] = []
        for sent in clicks:
            try:
                click = read_click(sent)
                visit = self._visit(click, key, sender)
                recorded = await self._recorder.decide(visit, "server" if key else "js", click.page)
                results.append(recorded)
                events.append(recorded.event)
            except ClickledgerError as why:
                results.append(why)
                events.append(_refused(why, sender, encode(sent)[: self._max_body_bytes]))
        return results, events

    def _visit(self, click: ClickBody, key: KeyRoute | None, sender: Visit) -> Visit:
        """Return the visit that a click stands for.

        Raises:
            ClickledgerError: it names a visitor or a partner that this sender may not name.

        """
        about = click.about
        referrer = about.get("referrer", sender.referrer)[:MAX_URL_CHARACTERS]
        code = about.get("code", "")
        if key is None:
            if "ip" in about or "user_agent" in about:
                raise KEY_MISSING.error()
            return msgspec.structs.replace(
                sender,
                query=click.query,
                code=code,
                referrer=referrer,
                headers=click.hints(sender.headers),
            )
        address = parse_address(about.get("ip", ""))
        if address is None:
            raise ADDRESS_INVALID.error()
        self._keep_to_partner(click, key)
        return Visit(
            sender.ts,
            _VISIT_IS_A_GET,
            click.query,
            code,
            str(address),
            about.get("user_agent", "")[:MAX_URL_CHARACTERS],
            about.get("language", "")[:MAX_HEADER_CHARACTERS],
            about.get("referrer", "")[:MAX_URL_CHARACTERS],
            click.hints({}),
        )

    def _keep_to_partner(self, click: ClickBody, key: KeyRoute) -> None:
        """Make a click the key's partner's, unless it is another's."""
        if not key.partner_id:
            return
        mine = str(key.partner_id)
        code = click.about.get("code", "")
        if code:
            saved = self._holder.program.links.get(code)
            if saved is not None and saved.partner_id != key.partner_id:
                raise PARTNER_NOT_ALLOWED.error()
            return
        named = read_parameters(click.query)[0].get("partner_id", "")
        if not named:
            click.parameters = {"partner_id": mine, **{n: v for n, v in click.parameters.items() if v}}
        elif named != mine:
            raise PARTNER_NOT_ALLOWED.error()

    def _count(self, result: Recorded | ClickledgerError, event: Event) -> None:
        if isinstance(result, ClickledgerError):
            self._reasons[result.kind.code].n += 1
            return
        self._recorder.count(result)
        source = getattr(event, "source", "js")
        self._sources[source].n += 1


def _refused(why: ClickledgerError, sender: Visit, raw: bytes) -> Refused:
    detail = why.message[:MAX_DETAIL_CHARACTERS]
    return Refused(sender.ts, "click", why.kind.code, detail, "POST", raw, sender.ip)


def _answer(result: Recorded | ClickledgerError) -> dict[str, Any]:
    if isinstance(result, ClickledgerError):
        return {"status": "rejected", **result.as_json()}
    return result.as_json()
