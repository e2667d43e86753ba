"""JSON schemas of what the edge's endpoints take and answer, for its ``/openapi.json``.

Invariants: an answer's schema allows what the endpoint sends and nothing else; a request's schema says what is
meant to be sent, as endpoints bear and keep everything else.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from kernel.api import OtherAnswer
from tracker.edge.click_bodies import MOST_CLICKS
from tracker.errors import JOURNAL_UNAVAILABLE

Schema: TypeAlias = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
FRAME: Final[Schema] = {"type": "string", "description": "A page that shows nothing."}
IMAGE: Final[Schema] = {"type": "string", "format": "binary", "description": "One transparent pixel."}
PAGE: Final[Schema] = {"type": "string", "description": "A page that says that the link leads nowhere."}

LABELS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
FORM: Final[Schema] = {"type": "object", "additionalProperties": TEXT}

_VISITOR: Final[Schema] = {
    "type": "object",
    "description": "Parameters of a link. With a key also ip (needed) and user_agent of the visitor.",
    "properties": {
        "ip": TEXT,
        "user_agent": TEXT,
        "referrer": TEXT,
        "language": TEXT,
        "code": {"type": "string", "description": "Code of a saved link."},
        "page": LABELS | {"description": "What only the page's script knows."},
    },
    "additionalProperties": LABELS["additionalProperties"],
}
CLICKS: Final[Schema] = {
    "oneOf": [_VISITOR, {"type": "array", "items": _VISITOR, "minItems": 1, "maxItems": MOST_CLICKS}]
}


def as_text(schema: Schema) -> Schema:
    """Return the schema of JSON that is sent as text/plain, as browsers do without asking the server first."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def _object(needed: Schema, may: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(needed),
        "additionalProperties": False,
        "properties": needed | (may or {}),
    }


CONVERSION: Final = _object(
    {
        "status": {"enum": ["accepted", "duplicate", "updated"]},
        "conversion_id": TEXT,
        "click_id": {"type": "string", "description": "Empty where the click has to be looked for."},
        "conversion_status": {"enum": ["approved", "pending", "hold", "rejected"]},
    },
    {
        "provisional": {"const": True, "description": "Safe and counted once, but may be known already."},
        "ignored": {"type": "array", "items": TEXT, "description": "What this sender may not set."},
    },
)
REJECTED: Final = {"status": {"const": "rejected"}}
"""What a refusal holds beside ``error``."""

_CLICK = _object(
    {
        "status": {"enum": ["accepted", "trafficback", "page"]},
        "click_id": TEXT,
        "destination": {"type": "string", "description": "Empty for a page."},
    },
    {"reason": {"type": "string", "description": "Why the named offer did not take the click."}},
)
_REFUSED_CLICK = _object(
    {
        **REJECTED,
        "error": _object({"code": TEXT, "message": TEXT}, {"details": {"type": "object"}}),
    }
)
_RESULTS = _object({"results": {"type": "array", "items": {"oneOf": [_CLICK, _REFUSED_CLICK]}}})
CLICK_RESULT: Final[Schema] = {"oneOf": [_CLICK, _RESULTS]}

_LATER = ("Retry-After", "Seconds to wait before it is sent again.")
_NOT_STORED_JSON = _object(
    {"error": _object({"code": {"const": JOURNAL_UNAVAILABLE.code}, "message": TEXT}, {"details": {}})}
)


def not_stored(
    schema: Schema = _NOT_STORED_JSON,
    media_type: str = "application/json",
    headers: tuple[tuple[str, str], ...] = (),
) -> OtherAnswer:
    """Return how an endpoint says that the disk refused, which it does as what it would have answered."""
    kind = JOURNAL_UNAVAILABLE
    return OtherAnswer(kind.status, kind.advice, schema, media_type, (_LATER, *headers))


READINESS: Final = _object(
    {
        "ready": {"type": "boolean", "description": "Whether events can be stored."},
        "snapshot_version": {"type": "integer", "description": "Of the program it works with; 0 for none."},
        "worker": TEXT,
    }
)
HEALTH: Final = _object({"status": {"const": "ok"}, "worker": TEXT})
