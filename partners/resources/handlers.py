"""From a resource to its operations: list, create, get, change, delete over HTTP.

Invariants: a write is answered after it is committed and the snapshot that contains it is published, with that
snapshot's version in ``X-Snapshot-Version``; SQL runs in threads, never on the event loop; an answer about one
entry bears its ETag; no input makes a 5xx.

The app that mounts these keeps in its ``state``: ``settings``, ``programs`` (kernel.sql.Sessions) and
``publish`` (an async callable that publishes what changed and returns the published version).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Handler, Operation
from kernel.errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED, ClickledgerError, ErrorKind
from kernel.http import answer, client_address, path_id, principal, read_body
from kernel.logging import log
from partners.errors import FILTER_INVALID, IN_USE, NOT_PUBLISHED, REFERENCE_UNKNOWN
from partners.resources import listing, work
from partners.resources.resource import Caller, Resource, Write
from partners.schemas import Deleted

Result = TypeVar("Result")

VERSION_HEADER = "X-Snapshot-Version"
PUBLISHED = ((VERSION_HEADER, "Edges that know this version know the change."),)
TAGGED = (("ETag", "The entry's revision, to be sent back as If-Match."),)
IF_MATCH = (("If-Match", "The ETag it is known by; a change since then is answered with 412."),)


def operations(resource: Resource) -> list[Operation]:
    """Return what the API offers of a resource."""
    path = f"/api/v1/{resource.path}"
    word, tag = resource.word, resource.tag
    article = "an" if word[0] in "aeiou" else "a"
    made = [
        list_operation(resource, f"List {resource.plural}, a page at a time.", resource.reads),
        Operation(
            "POST",
            path,
            f"Create {article} {word}.",
            _create(resource),
            **_needs(resource, "POST"),
            tag=tag,
            body=resource.creating,
            answer=resource.answering,
            status=201,
            headers=_headers(resource),
            errors=(CONFLICT, REFERENCE_UNKNOWN, *resource.refusals, *_unpublished(resource)),
        ),
        get_operation(resource, resource.reads),
    ]
    if resource.changeable:
        made.append(
            Operation(
                "PATCH",
                f"{path}/{{id}}",
                f"Change the fields of {article} {word} that the body names.",
                _change(resource),
                **_needs(resource, "PATCH"),
                tag=tag,
                body=resource.changing,
                answer=resource.answering,
                headers=_headers(resource),
                request_headers=IF_MATCH,
                errors=(
                    *(NOT_FOUND, CONFLICT, PRECONDITION_FAILED, REFERENCE_UNKNOWN),
                    *(*resource.refusals, *_unpublished(resource)),
                ),
            )
        )
    if resource.deletable:
        made.append(
            Operation(
                "DELETE",
                f"{path}/{{id}}",
                f"Delete {article} {word} that nothing else names.",
                _delete(resource),
                **_needs(resource, "DELETE"),
                tag=tag,
                answer=Deleted,
                headers=PUBLISHED if resource.grows_version else (),
                request_headers=IF_MATCH,
                errors=(
                    NOT_FOUND,
                    IN_USE,
                    PRECONDITION_FAILED,
                    *resource.deletion_refusals,
                    *_unpublished(resource),
                ),
            )
        )
    return made


def get_operation(resource: Resource, needs: str, or_needs: str = "") -> Operation:
    """Return the operation that reads one entry of a resource."""
    article = "an" if resource.word[0] in "aeiou" else "a"
    return Operation(
        "GET",
        f"/api/v1/{resource.path}/{{id}}",
        f"Read {article} {resource.word}.",
        _get(resource),
        needs,
        or_needs=or_needs,
        tag=resource.tag,
        answer=resource.answering,
        headers=TAGGED,
        errors=(NOT_FOUND,),
    )


def list_operation(resource: Resource, summary: str, needs: str, or_needs: str = "") -> Operation:
    """Return the operation that lists a resource."""
    return Operation(
        "GET",
        f"/api/v1/{resource.path}",
        summary,
        _list(resource),
        needs,
        or_needs=or_needs,
        tag=resource.tag,
        query=listing.query_model(resource),
        answer=listing.page_model(resource),
        errors=(FILTER_INVALID,),
    )


def caller_of(request: Request) -> Caller:
    """Return who sends a request, and from where."""
    return Caller(principal(request), request.app.state.settings, client_address(request))


async def reading(request: Request, work_: Callable[[Session], Result]) -> Result:
    """Do work in a reading session, in a thread."""

    def within() -> Result:
        with request.app.state.programs.reading() as session:
            return work_(session)

    return await run_in_threadpool(within)


async def writing(request: Request, work_: Callable[[Session], Result]) -> Result:
    """Do work in a writing session, in a thread; it is committed when this returns."""

    def within() -> Result:
        with request.app.state.programs.writing() as session:
            return work_(session)

    return await run_in_threadpool(within)


async def publish(request: Request) -> int:
    """Publish what changed, so that edges can know of it; return the published version.

    Raises:
        ClickledgerError: ``not_published``.

    """
    try:
        version: int = await request.app.state.publish()
    except ClickledgerError as why:
        log("program").error("not_published", why=why.message)
        raise NOT_PUBLISHED.error() from why
    return version


async def published(request: Request, resource: Resource, body: dict[str, Any], status: int = 200) -> Response:
    """Answer a write of a resource, once the edges can know of it."""
    headers = tagged(body) if "revision" in body else {}
    if resource.grows_version:
        headers[VERSION_HEADER] = str(await publish(request))
    return answer(body, status, headers)


def tagged(body: dict[str, Any]) -> dict[str, str]:
    """Return the header that names the revision an answer is about."""
    return {"ETag": f'"{body["revision"]}"'}


def if_match(request: Request) -> str:
    """Return the revisions a request insists on; '' for any."""
    return request.headers.get("if-match", "").strip()


def _needs(resource: Resource, write: Write) -> dict[str, Any]:
    if resource.own_scope and write in resource.own_writes:
        return {"needs": resource.writes, "or_needs": resource.own_scope}
    return {"needs": resource.writes}


def _headers(resource: Resource) -> tuple[tuple[str, str], ...]:
    return (*TAGGED, *PUBLISHED) if resource.grows_version else TAGGED


def _unpublished(resource: Resource) -> tuple[ErrorKind, ...]:
    return (NOT_PUBLISHED,) if resource.grows_version else ()


def _list(resource: Resource) -> Handler:
    async def handle(request: Request) -> Response:
        caller = caller_of(request)
        wanted = listing.read(resource, request.query_params, caller)

        def work_(session: Session) -> dict[str, Any]:
            entries, cursor = listing.page(session, resource, wanted, caller)
            items = [resource.answer(entry, caller, single=False) for entry in entries]
            return {"items": items, "next_cursor": cursor}

        return answer(await reading(request, work_))

    return handle


def _get(resource: Resource) -> Handler:
    async def handle(request: Request) -> Response:
        caller, entry_id = caller_of(request), path_id(request)

        def work_(session: Session) -> dict[str, Any]:
            return resource.answer(work.get(session, resource, entry_id, caller), caller, single=True)

        body = await reading(request, work_)
        return answer(body, headers=tagged(body))

    return handle


def _create(resource: Resource) -> Handler:
    async def handle(request: Request) -> Response:
        caller = caller_of(request)
        wanted = await read_body(request, resource.creating)

        def work_(session: Session) -> dict[str, Any]:
            entry = work.create(session, resource, wanted, caller)
            return resource.answer(entry, caller, single=True, made=True)

        return await published(request, resource, await writing(request, work_), 201)

    return handle


def _change(resource: Resource) -> Handler:
    async def handle(request: Request) -> Response:
        caller, entry_id = caller_of(request), path_id(request)
        wanted = await read_body(request, resource.changing)

        def work_(session: Session) -> dict[str, Any]:
            entry = work.change(session, resource, entry_id, wanted, caller, if_match(request))
            return resource.answer(entry, caller, single=True)

        return await published(request, resource, await writing(request, work_))

    return handle


def _delete(resource: Resource) -> Handler:
    async def handle(request: Request) -> Response:
        caller, entry_id = caller_of(request), path_id(request)

        def work_(session: Session) -> dict[str, Any]:
            work.delete(session, resource, entry_id, caller, if_match(request))
            return {"deleted": entry_id}

        return await published(request, resource, await writing(request, work_))

    return handle
