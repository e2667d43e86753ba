"""What every JSON route shares: reading a body, answering, one shape for every error.

Invariants: no input makes a 5xx; an unexpected exception answers ``internal_error`` and nothing more,
and its traceback goes to the log. Routes that need a key take it through ``principal``; who asks was found
out before (``kernel/admission.py``), so no handler waits for a store to learn it.
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
    QUERY_INVALID,
    ClickledgerError,
    ErrorKind,
)
from kernel.logging import log

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[Request, Exception], Awaitable[Response]]

PRINCIPAL = "clickledger.principal"
"""Key of an ASGI scope: who asks (a ``Principal``), or the error that says why nobody knows."""
ADDRESS = "clickledger.address"
"""Key of an ASGI scope: the client's address as text."""

MAX_ID = 2**31 - 1
"""Largest id: PostgreSQL's integer."""

MAX_BODY_BYTES = 1024 * 1024
"""Admin and report requests are small; a megabyte is a mistake or an attack."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_STATUS_KINDS: dict[int, ErrorKind] = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: BODY_TOO_LARGE}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer. Decimals become JSON numbers with all their digits, times ISO 8601."""
    return Response(_encode(body), status, headers, "application/json")


def refuse(error: ClickledgerError) -> Response:
    """Return the answer for an expected failure."""
    headers = {}
    if error.kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.details:
        headers["Retry-After"] = str(error.details["retry_after_s"])
    return answer(error.as_json(), error.kind.status, headers or None)


def principal(request: Request) -> Principal:
    """Return who sends this request, as ``kernel.admission`` found out.

    An app without it keeps an ``Authenticator`` in ``app.state.authenticator`` and knows the admin key alone.

    Raises:
        ClickledgerError: ``unauthenticated``, ``rate_limited`` or ``store_away``.

    """
    outcome: Principal | ClickledgerError | None = request.scope.get(PRINCIPAL)
    if outcome is None:
        authenticator: Authenticator = request.app.state.authenticator
        return authenticator.principal(request.headers.get("authorization", ""))
    if isinstance(outcome, ClickledgerError):
        raise outcome
    return outcome


def client_address(request: Request) -> str:
    """Return the address a request came from, '' when it has none (a unix socket)."""
    known: str | None = request.scope.get(ADDRESS)
    if known is not None:
        return known
    return request.client.host if request.client else ""


def path_id(request: Request, name: str = "id") -> int:
    """Return an id out of the request's path.

    Raises:
        ClickledgerError: ``not_found`` for what can't be an id.

    """
    text: str = request.path_params[name]
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)) and int(text) <= MAX_ID:
        return int(text)
    raise NOT_FOUND.error(f"{text[:40]!r} isn't an id; list them to see which there are.")


def read_query(request: Request, model: type[Model]) -> Model:
    """Read and check the query parameters.

    Raises:
        ClickledgerError: ``query_invalid`` naming each parameter and what is wrong.

    """
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise QUERY_INVALID.error(f"{name[:40]} is given twice.")
        if "\x00" in value:
            raise QUERY_INVALID.error(f"{name[:40]} can't hold a NUL character.")
        given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as why:
        raise _invalid(QUERY_INVALID, why) from why


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
        raise _invalid(BODY_INVALID, why) from why


def _invalid(kind: ErrorKind, why: ValidationError) -> ClickledgerError:
    """Return the error that names each field and what is wrong with it, and never its value."""
    problems = [
        {"field": ".".join(str(part)[:40] for part in e["loc"]), "problem": e["msg"]}
        for e in why.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = problems[0]
    where = f"{first['field']}: " if first["field"] else ""
    return kind.error(f"{where}{first['problem']}", problems=problems)


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
