"""What the API offers, declared once: each operation with its path, needed scope, body, query and answers.

The routes, the check of scopes, ``/openapi.json`` and the tests that walk every route as every role are all
made of these declarations. Invariants: an operation without a scope is public on purpose (``PUBLIC``); a
request reaches its handler only with a principal that holds the scope; an answer with a status that the
operation doesn't declare is a bug that tests find.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.auth import SCOPES
from kernel.errors import (
    BODY_INVALID,
    BODY_TOO_LARGE,
    FORBIDDEN,
    QUERY_INVALID,
    RATE_LIMITED,
    STORE_AWAY,
    UNAUTHENTICATED,
    ErrorKind,
)
from kernel.http import principal

Method: TypeAlias = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

PUBLIC = ""
"""Needed scope of an operation that needs none."""
ANYBODY = "*"
"""Needed scope of an operation that every principal may call."""


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """An answer that is neither the success nor an error of the table, or one of these in another form."""

    status: int
    description: str
    schema: type[BaseModel] | dict[str, Any] | None
    """None: no body."""
    media_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: Method
    path: str
    """Starlette's notation: /api/v1/partners/{id}."""
    summary: str
    """One sentence for the documentation."""
    handler: Handler
    needs: str
    """A scope of ``kernel.auth.SCOPES``, ``ANYBODY`` or ``PUBLIC``."""
    or_needs: str = ""
    """Another scope that opens it as well; '' for none. Beside ``PUBLIC``: one whose keys may do more."""
    tag: str = ""
    """Heading in the documentation: Partners, Offers, Reports, …"""
    body: type[BaseModel] | dict[str, Any] | None = None
    """Model of a JSON body, or ``{media type: JSON schema}`` for another kind."""
    query: type[BaseModel] | None = None
    """Model whose fields are the query parameters."""
    answer: type[BaseModel] | dict[str, Any] | None = None
    """Model of the JSON answer, or its JSON schema; None: no body."""
    status: int = 200
    """Of a success."""
    media_type: str = "application/json"
    """Of the answer of a success; where it may be one of several, all of them, separated by ", "."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers of a success, each with its description."""
    request_headers: tuple[tuple[str, str], ...] = ()
    errors: tuple[ErrorKind, ...] = ()
    """What it can refuse beyond what every operation can."""
    common_errors: bool = True
    """Whether it can refuse what every operation can."""
    refusal: tuple[tuple[str, dict[str, Any]], ...] = ()
    """What its refusals hold beside ``error``, each with its JSON schema."""
    other_answers: tuple[OtherAnswer, ...] = ()
    path_types: tuple[tuple[str, str | dict[str, Any]], ...] = (("id", "integer"),)
    """JSON types, or whole JSON schemas, of the path's parameters; text where not named."""

    def __post_init__(self) -> None:
        """Refuse a declaration that can't be meant."""
        if self.needs not in {PUBLIC, ANYBODY} and self.needs not in SCOPES:
            raise ValueError(f"{self.method} {self.path} needs {self.needs!r}, which isn't a scope")
        if self.or_needs and self.or_needs not in SCOPES:
            raise ValueError(f"{self.method} {self.path} needs {self.or_needs!r}, which isn't a scope")

    @property
    def name(self) -> str:
        """The operation's id in the documentation: get_api_v1_partners_id."""
        plain = self.path.strip("/").replace("{", "").replace("}", "").replace("/", "_").replace(".", "_")
        return f"{self.method.lower()}_{plain.replace('-', '_') or 'root'}"

    def every_error(self) -> tuple[ErrorKind, ...]:
        """Return what it can refuse, with what every operation of its kind can."""
        if not self.common_errors:
            return self.errors
        common: list[ErrorKind] = [STORE_AWAY]
        if self.needs != PUBLIC:
            common += [UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED]
        if self.body is not None:
            common += [BODY_INVALID, BODY_TOO_LARGE]
        if self.query is not None:
            common.append(QUERY_INVALID)
        return tuple(dict.fromkeys((*self.errors, *common)))


def routes(operations: Iterable[Operation]) -> list[Route]:
    """Return one route a path, for all methods of it, so that a refused method is answered with all that work."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        methods = by_path.setdefault(operation.path, {})
        if operation.method in methods:
            raise ValueError(f"{operation.method} {operation.path} is declared twice")
        methods[operation.method] = operation
    return [_route(path, methods) for path, methods in by_path.items()]


def _route(path: str, by_method: dict[str, Operation]) -> Route:
    async def endpoint(request: Request) -> Response:
        operation = by_method["GET" if request.method == "HEAD" else request.method]
        allow(request, operation.needs, operation.or_needs)
        return await operation.handler(request)

    return Route(path, endpoint, methods=list(by_method))


def allow(request: Request, needs: str, or_needs: str = "") -> None:
    """Let a request pass that holds the scope, or the other one.

    Raises:
        ClickledgerError: ``unauthenticated``, ``rate_limited`` or ``forbidden``.

    """
    if needs == PUBLIC:
        return
    who = principal(request)
    if needs == ANYBODY or who.may(needs) or (or_needs and who.may(or_needs)):
        return
    raise FORBIDDEN.error(f"This needs the scope {needs}: {SCOPES[needs].lower()}. Ask for a key that has it.")


def find(operations: Sequence[Operation], method: str, path: str) -> Operation:
    """Return the operation declared for a method and a path; for tests and the documentation."""
    return next(o for o in operations if (o.method, o.path) == (method, path))
