"""What the handlers share: working in the program database from a thread, and answering models."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.errors import PRECONDITION_FAILED, ClickledgerError
from kernel.http import answer, client_address, principal
from kernel.sql import Sessions
from partners.identity.users import Actor
from partners.resources.handlers import publish

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


def actor(request: Request) -> Actor:
    """Return who asks, and from where."""
    return Actor(principal(request), client_address(request))


async def reading(request: Request, work: Callable[[Session], T]) -> T:
    """Do something that only reads."""
    programs: Sessions = request.app.state.programs

    def run() -> T:
        with programs.reading() as session:
            return work(session)

    return await run_in_threadpool(run)


async def writing(request: Request, work: Callable[[Session], T]) -> T:
    """Do something in one transaction; from its end on everybody's rights are asked for anew."""
    programs: Sessions = request.app.state.programs

    def run() -> T:
        with programs.writing() as session:
            return work(session)

    try:
        return await run_in_threadpool(run)
    finally:
        request.app.state.authenticator.forget()


async def publish_later(request: Request) -> None:
    """Publish what changed for the edges; what can't be now is published as soon as it can.

    For answers that show a secret this once, which a failure may not swallow.
    """
    with contextlib.suppress(ClickledgerError):
        await publish(request)


def said(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer a model."""
    return answer(model.model_dump(), status, headers)


def page(items: Sequence[Model], limit: int) -> dict[str, Any]:
    """Return a page of a list; ``items`` has one more than ``limit`` when there is another page."""
    shown = [item.model_dump() for item in items[:limit]]
    return {"items": shown, "next_cursor": str(shown[-1]["id"]) if len(items) > limit else None}


def etag(revision: int) -> dict[str, str]:
    """Return the header that names an entry's revision."""
    return {"ETag": f'"{revision}"'}


def known_revision(request: Request) -> int | None:
    """Return the revision that If-Match names; None when the caller takes any.

    Raises:
        ClickledgerError: ``changed_meanwhile`` for a tag that no revision has.

    """
    text = request.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    number = text.removeprefix('"').removesuffix('"')
    if number.isascii() and number.isdigit() and len(number) < 10:
        return int(number)
    raise PRECONDITION_FAILED.error()
