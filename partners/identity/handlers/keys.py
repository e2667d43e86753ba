"""API keys: made, listed, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import NOT_FOUND
from kernel.http import answer, path_id, principal, read_body, read_query
from partners.errors import NOT_PUBLISHED, REFERENCE_UNKNOWN
from partners.identity import keys
from partners.identity.answers import KeyAnswer, KeyList, NewKeyAnswer
from partners.identity.errors import KEY_NOT_ACTIVE, SCOPE_NOT_HELD
from partners.identity.handlers.working import actor, page, publish_later, reading, said, writing
from partners.identity.schemas import KeyCreate, KeyQuery, KeyRotate
from partners.models import ApiKey
from partners.resources.handlers import publish


async def _list(request: Request) -> Response:
    who, wanted = principal(request), read_query(request, KeyQuery)

    def look(session: Session) -> list[KeyAnswer]:
        return [KeyAnswer.model_validate(key) for key in keys.listing(session, who, wanted)]

    return answer(page(await reading(request, look), wanted.limit))


async def _create(request: Request) -> Response:
    by, wanted = actor(request), await read_body(request, KeyCreate)
    made = await writing(request, lambda session: _shown_once(*keys.create(session, by, wanted)))
    await publish_later(request)
    return said(made, 201)


async def _get(request: Request) -> Response:
    who, key_id = principal(request), path_id(request)
    found = await reading(request, lambda session: KeyAnswer.model_validate(keys.get(session, who, key_id)))
    return said(found)


async def _rotate(request: Request) -> Response:
    by, key_id = actor(request), path_id(request)
    wanted = await read_body(request, KeyRotate)
    overlap = timedelta(hours=wanted.overlap_hours)
    made = await writing(request, lambda session: _shown_once(*keys.rotate(session, by, key_id, overlap)))
    await publish_later(request)
    return said(made, 201)


async def _revoke(request: Request) -> Response:
    by, key_id = actor(request), path_id(request)
    ended = await writing(request, lambda session: KeyAnswer.model_validate(keys.revoke(session, by, key_id)))
    await publish(request)
    return said(ended)


def _shown_once(key: ApiKey, text: str) -> NewKeyAnswer:
    return NewKeyAnswer(**KeyAnswer.model_validate(key).model_dump(), key=text)


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/keys",
        "List one's own keys; with users:read everybody's.",
        _list,
        "keys:write",
        or_needs="users:read",
        tag="Keys",
        query=KeyQuery,
        answer=KeyList,
    ),
    Operation(
        "POST",
        "/api/v1/keys",
        "Make a key; its text is in this answer and never again.",
        _create,
        "keys:write",
        or_needs="users:write",
        tag="Keys",
        body=KeyCreate,
        answer=NewKeyAnswer,
        status=201,
        errors=(SCOPE_NOT_HELD, REFERENCE_UNKNOWN),
    ),
    Operation(
        "GET",
        "/api/v1/keys/{id}",
        "Show a key without its secret.",
        _get,
        "keys:write",
        or_needs="users:read",
        tag="Keys",
        answer=KeyAnswer,
        errors=(NOT_FOUND,),
    ),
    Operation(
        "POST",
        "/api/v1/keys/{id}/rotate",
        "Replace a key: the old one works for the hours of overlap beside the new one.",
        _rotate,
        "keys:write",
        or_needs="users:write",
        tag="Keys",
        body=KeyRotate,
        answer=NewKeyAnswer,
        status=201,
        errors=(NOT_FOUND, KEY_NOT_ACTIVE, SCOPE_NOT_HELD),
    ),
    Operation(
        "POST",
        "/api/v1/keys/{id}/revoke",
        "End a key at once and for good.",
        _revoke,
        "keys:write",
        or_needs="users:write",
        tag="Keys",
        answer=KeyAnswer,
        errors=(NOT_FOUND, NOT_PUBLISHED),
    ),
)
"""What is offered."""
