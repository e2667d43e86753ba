"""Users: made, listed, changed, given passwords."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED
from kernel.http import answer, path_id, read_body, read_query
from partners.errors import NOT_PUBLISHED, REFERENCE_UNKNOWN
from partners.identity import passwords, users
from partners.identity.answers import NewUserAnswer, UserAnswer, UserList
from partners.identity.errors import ROLE_FIXED
from partners.identity.handlers.working import actor, etag, known_revision, page, reading, said, writing
from partners.identity.schemas import PasswordReset, UserChange, UserCreate, UserQuery
from partners.models import User
from partners.resources.handlers import publish

_ETAG = (("ETag", "The user's revision, to be sent back as If-Match."),)
_IF_MATCH = (("If-Match", "The ETag the change is meant for; without it, whichever is stored."),)


async def _list(request: Request) -> Response:
    wanted = read_query(request, UserQuery)

    def look(session: Session) -> list[UserAnswer]:
        return [UserAnswer.model_validate(user) for user in users.listing(session, wanted)]

    return answer(page(await reading(request, look), wanted.limit))


async def _create(request: Request) -> Response:
    by, wanted = actor(request), await read_body(request, UserCreate)
    given = wanted.password.get_secret_value() if wanted.password else None
    password = given or passwords.generate()
    made = await passwords.hashed(password)

    def make(session: Session) -> NewUserAnswer:
        return _shown(users.create(session, by, wanted, made), None if given else password)

    user = await writing(request, make)
    return said(user, 201, etag(user.revision))


async def _get(request: Request) -> Response:
    user_id = path_id(request)
    user = await reading(request, lambda session: UserAnswer.model_validate(users.get(session, user_id)))
    return said(user, headers=etag(user.revision))


async def _change(request: Request) -> Response:
    by, user_id, revision = actor(request), path_id(request), known_revision(request)
    wanted = await read_body(request, UserChange)

    def work(session: Session) -> UserAnswer:
        return UserAnswer.model_validate(users.change(session, by, user_id, wanted, revision))

    user = await writing(request, work)
    await publish(request)
    return said(user, headers=etag(user.revision))


async def _reset_password(request: Request) -> Response:
    by, user_id = actor(request), path_id(request)
    wanted = await read_body(request, PasswordReset)
    given = wanted.password.get_secret_value() if wanted.password else None
    password = given or passwords.generate()
    made = await passwords.hashed(password)

    def work(session: Session) -> NewUserAnswer:
        user = users.set_password(session, by, users.get(session, user_id), made)
        return _shown(user, None if given else password)

    return said(await writing(request, work))


def _shown(user: User, password: str | None) -> NewUserAnswer:
    return NewUserAnswer(**UserAnswer.model_validate(user).model_dump(), password=password)


OPERATIONS = (
    Operation(
        "GET", "/api/v1/users", "List users.", _list, "users:read",
        tag="Users", query=UserQuery, answer=UserList,
    ),
    Operation(
        "POST",
        "/api/v1/users",
        "Create a user.",
        _create,
        "users:write",
        tag="Users",
        body=UserCreate,
        answer=NewUserAnswer,
        status=201,
        headers=_ETAG,
        errors=(CONFLICT, REFERENCE_UNKNOWN),
    ),
    Operation(
        "GET", "/api/v1/users/{id}", "Show a user.", _get, "users:read",
        tag="Users", answer=UserAnswer, headers=_ETAG, errors=(NOT_FOUND,),
    ),
    Operation(
        "PATCH",
        "/api/v1/users/{id}",
        "Change a user's name, role or status.",
        _change,
        "users:write",
        tag="Users",
        body=UserChange,
        answer=UserAnswer,
        headers=_ETAG,
        request_headers=_IF_MATCH,
        errors=(NOT_FOUND, PRECONDITION_FAILED, ROLE_FIXED, NOT_PUBLISHED),
    ),
    Operation(
        "POST",
        "/api/v1/users/{id}/password",
        "Give a user a new password; every session of the user ends.",
        _reset_password,
        "users:write",
        tag="Users",
        body=PasswordReset,
        answer=NewUserAnswer,
        errors=(NOT_FOUND,),
    ),
)  # fmt: skip
"""What is offered."""
