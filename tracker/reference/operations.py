"""The edge's endpoints, declared for ``/openapi.json``, where they stand under the edge's own address.

Invariants: parameters are those the edge reads, with the meanings of the pages for partners and advertisers; the
codes are those it can answer. The edge serves these paths by itself; whoever asks another role for one is told.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, create_model
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import PUBLIC, Operation
from kernel.errors import NOT_FOUND, ErrorKind
from tracker.edge.click_bodies import MOST_CLICKS
from tracker.errors import ERRORS, JOURNAL_UNAVAILABLE
from tracker.reference import links, postbacks

_TAG = "Tracking"
_SCHEMA = {"type": "string"}
_LABELS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
_FRAME: dict[str, Any] = {"type": "string", "description": "A page that shows nothing."}
_IMAGE: dict[str, Any] = {"type": "string", "format": "binary", "description": "One transparent pixel."}
_OUTCOME = (("X-Clickledger", "accepted, duplicate, or rejected with a code of the error table"),)
_CONVERSION: dict[str, Any] = {
    "type": "object",
    "required": ["status", "conversion_id", "click_id", "conversion_status"],
    "properties": {
        "status": {"enum": ["accepted", "duplicate", "updated"]},
        "conversion_id": _SCHEMA,
        "click_id": {"type": "string", "description": "Empty where the click has to be looked for."},
        "conversion_status": {"enum": ["approved", "pending", "hold", "rejected"]},
        "provisional": {"const": True, "description": "Safe and counted once, but may be known already."},
        "ignored": {"type": "array", "items": _SCHEMA, "description": "What this sender may not set."},
    },
}
_CLICK: dict[str, Any] = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"enum": ["accepted", "trafficback", "page", "rejected"]},
        "click_id": _SCHEMA,
        "destination": _SCHEMA,
        "reason": {"type": "string", "description": "Why the named offer did not take the click."},
        "error": {"type": "object", "description": "Why a click among several was refused."},
    },
}
_CLICK_BODY: dict[str, Any] = {
    "type": "object",
    "description": "Parameters of a link. With a key also ip (needed) and user_agent of the visitor.",
    "properties": {
        "ip": _SCHEMA,
        "user_agent": _SCHEMA,
        "referrer": _SCHEMA,
        "language": _SCHEMA,
        "code": {"type": "string", "description": "Code of a saved link."},
        "page": {**_LABELS, "description": "What only the page's script knows."},
    },
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}

_CLICK_CODES = (
    *("click_body_invalid", "click_body_too_large", "address_invalid"),
    *("key_missing", "key_not_accepted", "partner_not_allowed"),
)
_PAGE_CODES = ("signature_missing",)
_REPORT_CODES = (
    *("click_id_missing", "click_id_malformed", "click_id_forged", "click_id_expired", "offer_unknown"),
    *("amount_invalid", "amount_negative", "currency_unknown", "status_unknown"),
    *("token_missing", "token_invalid", "signature_expired", "address_not_allowed", "advertiser_suspended"),
    *("txn_id_missing", "attribution_missing", "coupon_unknown", "address_invalid"),
    *("postback_body_invalid", "postback_too_large", "transition_not_allowed"),
)


async def _elsewhere(_request: Request) -> Response:
    raise NOT_FOUND.error("The edge answers this, at its own address.")


def _kinds(*codes: str) -> tuple[ErrorKind, ...]:
    return (*(ERRORS[code] for code in codes), JOURNAL_UNAVAILABLE)


def _query(name: str, meanings: dict[str, str]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        f"p_{parameter}": (str, Field("", alias=parameter, description=meaning))
        for parameter, meaning in meanings.items()
    }
    return create_model(name, **fields)


def operations() -> list[Operation]:
    """Return the edge's operations; all are public, what needs a token or a key says so itself."""
    link = _query("TrackingLink", links.MEANINGS)
    saved = _query("SavedLink", {n: m for n, m in links.MEANINGS.items() if n not in {"offer_id", "partner_id"}})
    report = _query("Postback", postbacks.MEANINGS)
    form = {"type": "object", "additionalProperties": _SCHEMA}
    bodies = {"application/x-www-form-urlencoded": form, "application/json": _LABELS}
    clicks = {"oneOf": [_CLICK_BODY, {"type": "array", "items": _CLICK_BODY, "maxItems": MOST_CLICKS}]}
    results = {"type": "object", "properties": {"results": {"type": "array", "items": _CLICK}}}

    def public(method: Any, path: str, summary: str, **more: Any) -> Operation:
        return Operation(method, path, summary, _elsewhere, PUBLIC, tag=_TAG, **more)

    redirect: dict[str, Any] = {
        "status": 302,
        "headers": (("Location", "The landing page, or a fallback"),),
        "errors": _kinds(),
    }
    image: dict[str, Any] = {"answer": _IMAGE, "media_type": "image/gif"}
    return [
        public("GET", "/click", "Follow a tracking link; 404 when it leads nowhere", query=link, **redirect),
        public(
            "GET", "/c/{code}", "Follow a saved link", query=saved, path_types=(("code", "string"),), **redirect
        ),
        public(
            "POST",
            "/click.json",
            "Record clicks without a redirect: a page's own, or with a key (clicks:write) other visitors'",
            body={"application/json": clicks, "text/plain": clicks},
            request_headers=(("Authorization", "Bearer clk_…, to record for other visitors"),),
            answer={"oneOf": [_CLICK, results]},
            errors=_kinds(*_CLICK_CODES),
        ),
        public("GET", "/i", "Record an impression", query=link, errors=_kinds(), **image),
        public(
            "GET",
            "/postback",
            "Report a conversion",
            query=report,
            answer=_CONVERSION,
            errors=_kinds(*_REPORT_CODES),
        ),
        public(
            "POST",
            "/postback",
            "Report a conversion in a body",
            query=report,
            body=bodies,
            answer=_CONVERSION,
            errors=_kinds(*_REPORT_CODES),
        ),
        public(
            "GET",
            "/pixel.gif",
            "Report a conversion by an image",
            query=report,
            headers=_OUTCOME,
            errors=_kinds(),
            **image,
        ),
        public(
            "GET",
            "/pixel",
            "Report a conversion by a frame",
            query=report,
            headers=_OUTCOME,
            answer=_FRAME,
            media_type="text/html",
            errors=_kinds(),
        ),
        public(
            "POST",
            "/pixel",
            "Report a conversion by a page's script",
            query=report,
            body={**bodies, "text/plain": _LABELS},
            headers=_OUTCOME,
            answer=_CONVERSION,
            errors=_kinds(*_REPORT_CODES, *_PAGE_CODES),
        ),
        public(
            "GET",
            "/clickledger.js",
            "The script for pages that don't redirect",
            answer={"type": "string"},
            media_type="text/javascript",
            headers=(("ETag", "Changes with the script"),),
        ),
    ]
