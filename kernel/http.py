"""What every JSON route shares: reading a body, answering, one shape for every error.

Invariants: no input makes a 5xx; an unexpected exception answers ``internal_error`` and nothing more,
and its traceback goes to the log. Routes that need a key take it through ``principal``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kernel.auth import Authenticator, Principal
from kernel.errors import (
    BODY_INVALID,
    BODY_TOO_LARGE,
    INTERNAL,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    ClickledgerError,
    ErrorKind,
)
from kernel.logging import log

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[Request, Exception], Awaitable[Response]]

MAX_BODY_BYTES = 1024 * 1024
"""Admin and report requests are small; a megabyte is a mistake or an attack."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_STATUS_KINDS: dict[int, ErrorKind] = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: BODY_TOO_LARGE}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer. Decimals become JSON numbers with all their digits, times ISO 8601."""
    return Response(_encode(body), status, headers, "application/json")


def refuse(error: ClickledgerError) -> Response:
    """Return the answer for an expected failure."""
    headers = {"WWW-Authenticate": "Bearer"} if error.kind.status == 401 else None
    return answer(error.as_json(), error.kind.status, headers)


def principal(request: Request) -> Principal:
    """Return who sends this request; the app keeps its ``Authenticator`` in ``app.state.authenticator``."""
    authenticator: Authenticator = request.app.state.authenticator
    return authenticator.principal(request.headers.get("authorization", ""))


async def read_body(request: Request, model: type[Model]) -> Model:
    """Read and check a JSON body.

    Raises:
        ClickledgerError: ``body_too_large``, or ``body_invalid`` naming each field and what is wrong.

    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise BODY_TOO_LARGE.error()
        chunks.append(chunk)
    try:
        return model.model_validate_json(b"".join(chunks) or b"{}")
    except ValidationError as why:
        problems = [
            {"field": ".".join(str(p) for p in e["loc"]), "problem": e["msg"]}
            for e in why.errors(include_url=False, include_input=False, include_context=False)
        ]
        first = problems[0]
        where = f"{first['field']}: " if first["field"] else ""
        raise BODY_INVALID.error(f"{where}{first['problem']}", problems=problems) from why


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClickledgerError)  # noqa: S101 - registered for this type only
    if error.kind.level != "debug":
        getattr(log("http"), error.kind.level)("refused", path=request.url.path, code=error.kind.code)
    return refuse(error)


async def _by_starlette(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    kind = _STATUS_KINDS.get(error.status_code)
    if kind is None:
        kind = ErrorKind("http_error", error.status_code, "info", error.detail)
    return answer(kind.error().as_json(), error.status_code, dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    log("http").error("request_failed", path=request.url.path, exc_info=error)
    return refuse(INTERNAL.error())


EXCEPTION_HANDLERS: dict[Any, Handler] = {
    ClickledgerError: _expected,
    HTTPException: _by_starlette,
    Exception: _unexpected,
}
"""Give these to ``Starlette(exception_handlers=...)``."""
