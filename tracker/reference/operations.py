"""The edge's endpoints, declared for the ``/openapi.json`` that the edge serves itself.

Invariants: parameters are those the edge reads, with the meanings of the pages for partners and advertisers; the
codes are those it can answer. The edge routes by itself, as a tracking link has no time for anything else: whoever
asks another role for one of these is told where it is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, Field, create_model
from starlette.requests import Request
from starlette.responses import Response

from kernel import openapi
from kernel.api import PUBLIC, Method, Operation, OtherAnswer
from kernel.errors import NOT_FOUND, ErrorKind
from kernel.metrics import CONTENT_TYPE
from tracker import links as link_parameters
from tracker import postbacks as postback_parameters
from tracker.errors import ERRORS
from tracker.reference import links, postbacks, shapes

_DESCRIPTION = """What visitors, advertisers and pages send. Each event is on the disk before it is answered.

Unknown parameters and parameters of the wrong kind are no reason to refuse a click. A method that isn't listed is
answered with 405, an empty text and the header Allow, and isn't kept; HEAD is answered like GET by links,
impressions and the script. `/click/`, `/c/{code}/` and `/postback/` are the same as without the last slash."""

_OUTCOME = (("X-Clickledger", "accepted, duplicate, updated, or rejected with a code of POST /pixel"),)
_CLICK_CODES = (
    *("click_body_invalid", "click_body_too_large", "address_invalid"),
    *("key_missing", "key_not_accepted", "partner_not_allowed"),
)
_REPORT_CODES = (
    *("click_id_missing", "click_id_malformed", "click_id_forged", "click_id_expired", "conversion_too_early"),
    *("offer_unknown", "amount_invalid", "amount_negative", "currency_unknown", "status_unknown"),
    *("token_invalid", "signature_expired", "address_not_allowed", "advertiser_suspended"),
    "transition_not_allowed",
)
_SERVER_CODES = ("token_missing", "txn_id_missing", "attribution_missing", "coupon_unknown", "address_invalid")
_PAGE_CODES = ("signature_missing",)
_BODY_CODES = ("postback_body_invalid", "postback_too_large")


async def _elsewhere(_request: Request) -> Response:
    raise NOT_FOUND.error("The edge answers this, at its own address.")


def _kinds(*codes: str) -> tuple[ErrorKind, ...]:
    return tuple(ERRORS[code] for code in codes)


def _query(name: str, meanings: Mapping[str, str], aliases: Mapping[str, tuple[str, ...]]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for parameter, meaning in meanings.items():
        also = f". Also sent as {', '.join(aliases[parameter])}" if aliases[parameter] else ""
        fields[f"p_{parameter}"] = (str, Field("", alias=parameter, description=meaning + also))
    return create_model(name, **fields)


def _public(method: Method, path: str, summary: str, tag: str = "Tracking", **more: Any) -> Operation:
    return Operation(method, path, summary, _elsewhere, PUBLIC, tag=tag, common_errors=False, **more)


def operations() -> list[Operation]:
    """Return the edge's operations; all are public, what needs a token or a key says so itself."""
    return [*_clicks(), *_conversions(), *_service()]


def _clicks() -> list[Operation]:
    link = _query("TrackingLink", links.MEANINGS, link_parameters.ALIASES)
    unsaved = {name: meaning for name, meaning in links.MEANINGS.items() if name not in {"offer_id", "partner_id"}}
    saved = _query("SavedLink", unsaved, link_parameters.ALIASES)
    redirect: dict[str, Any] = {
        "status": 302,
        "headers": (
            ("Location", "The landing page, or a fallback"),
            ("Set-Cookie", "cl and the offer's id: the click's id, where the offer's pixel shall find it"),
        ),
        "other_answers": (
            OtherAnswer(404, "The link leads nowhere; the click is kept.", shapes.PAGE, "text/html"),
            shapes.not_stored(shapes.TEXT, "text/plain"),
        ),
    }
    return [
        _public("GET", "/click", "Follow a tracking link", query=link, **redirect),
        _public(
            "GET",
            "/c/{code}",
            "Follow a saved link",
            query=saved,
            path_types=(("code", {"type": "string", "pattern": "^[^/]+$"}),),
            **redirect,
        ),
        _public(
            "POST",
            "/click.json",
            "Record clicks without a redirect: a page's own, or with a key other visitors'",
            or_needs="clicks:write",
            body={"application/json": shapes.CLICKS, "text/plain": shapes.as_text(shapes.CLICKS)},
            answer=shapes.CLICK_RESULT,
            errors=_kinds(*_CLICK_CODES),
            refusal=tuple(shapes.REJECTED.items()),
            other_answers=(shapes.not_stored(),),
        ),
        _public(
            "GET",
            "/i",
            "Record an impression",
            query=link,
            answer=shapes.IMAGE,
            media_type="image/gif",
            headers=(
                ("Set-Cookie", "cv and the offer's id: the impression's id, where the offer pays for views"),
            ),
            other_answers=(shapes.not_stored(shapes.IMAGE, "image/gif"),),
        ),
    ]


def _conversions() -> list[Operation]:
    report = _query("Postback", postbacks.MEANINGS, postback_parameters.ALIASES)
    bodies = {"application/x-www-form-urlencoded": shapes.FORM, "application/json": shapes.LABELS}
    refused = tuple(shapes.REJECTED.items())
    taken: dict[str, Any] = {"query": report, "answer": shapes.CONVERSION, "refusal": refused}
    wished = OtherAnswer(200, "With return=: that text.", shapes.TEXT, "text/plain")
    image: dict[str, Any] = {"answer": shapes.IMAGE, "media_type": "image/gif"}
    frame: dict[str, Any] = {"answer": shapes.FRAME, "media_type": "text/html"}
    return [
        _public(
            "GET",
            "/postback",
            "Report a conversion",
            errors=_kinds(*_REPORT_CODES, *_SERVER_CODES),
            other_answers=(wished, shapes.not_stored()),
            **taken,
        ),
        _public(
            "POST",
            "/postback",
            "Report a conversion in a body",
            body=bodies,
            errors=_kinds(*_REPORT_CODES, *_SERVER_CODES, *_BODY_CODES),
            other_answers=(wished, shapes.not_stored()),
            **taken,
        ),
        _public(
            "GET",
            "/pixel.gif",
            "Report a conversion by an image, whole whatever it reports",
            query=report,
            headers=_OUTCOME,
            other_answers=(shapes.not_stored(shapes.IMAGE, "image/gif", _OUTCOME),),
            **image,
        ),
        _public(
            "GET",
            "/pixel",
            "Report a conversion by a frame, whole whatever it reports",
            query=report,
            headers=_OUTCOME,
            other_answers=(shapes.not_stored(shapes.FRAME, "text/html", _OUTCOME),),
            **frame,
        ),
        _public(
            "POST",
            "/pixel",
            "Report a conversion by a page's script",
            body={**bodies, "text/plain": shapes.as_text(shapes.LABELS)},
            headers=_OUTCOME,
            errors=_kinds(*_REPORT_CODES, *_PAGE_CODES, *_BODY_CODES),
            other_answers=(shapes.not_stored(headers=_OUTCOME),),
            **taken,
        ),
    ]


def _service() -> list[Operation]:
    script = (("ETag", "Changes with the script"),)
    unready = OtherAnswer(503, "Events can't be stored.", shapes.READINESS)
    metrics: dict[str, Any] = {"answer": shapes.TEXT, "media_type": CONTENT_TYPE}
    return [
        _public(
            "GET",
            "/clickledger.js",
            "The script for pages that don't redirect",
            request_headers=(("If-None-Match", "The ETag that is known"),),
            answer=shapes.TEXT,
            media_type="text/javascript",
            headers=script,
            other_answers=(OtherAnswer(304, "The known one is still right.", None, headers=script),),
        ),
        _public("GET", "/openapi.json", "This document", "Service", answer={"type": "object"}),
        _public("GET", "/healthz", "Whether the process answers", "Service", answer=shapes.HEALTH),
        _public(
            "GET",
            "/readyz",
            "Whether events can be stored",
            "Service",
            answer=shapes.READINESS,
            other_answers=(unready,),
        ),
        _public("GET", "/metrics", "Metrics of every process of this host", "Service", **metrics),
    ]


def document(url: str) -> dict[str, Any]:
    """Return the edge's OpenAPI document; ``url`` is where visitors reach the edge."""
    return openapi.document(
        operations(),
        title="clickledger edge",
        version=version("clickledger"),
        description=_DESCRIPTION,
        url=url,
    )
