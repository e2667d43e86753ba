"""The admin API: ``/api/v1/`` advertisers, partners, offers, links, and the program as a whole.

Invariants: every route asks for the admin key first; a write is answered after it is committed and the
snapshot that contains it is published, with that snapshot's version in ``X-Snapshot-Version``; SQL runs
in threads, never on the event loop; no input makes a 5xx.

The app that mounts these keeps in its ``state``: ``authenticator`` (kernel.auth.Authenticator),
``settings``, ``programs`` (kernel.sql.Sessions) and ``publish`` (an async callable that publishes what
changed and returns the published version).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import FORBIDDEN, NOT_FOUND, ClickledgerError
from kernel.http import answer, principal, read_body
from kernel.logging import log
from kernel.settings import Settings
from kernel.sql import Sessions
from partners import answers, service
from partners.ensure import Ensured, ensure
from partners.errors import FILTER_INVALID, NOT_PUBLISHED
from partners.fields import MAX_ID
from partners.models import Advertiser, Entry, Link, Offer, Partner
from partners.schemas import (
    AdvertiserChange,
    AdvertiserCreate,
    LinkChange,
    LinkCreate,
    OfferChange,
    OfferCreate,
    PartnerChange,
    PartnerCreate,
    ProgramChange,
    ProgramEnsure,
)
from partners.schemas import Request as Body

VERSION_HEADER = "X-Snapshot-Version"
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
"""Most entries in one list answer."""


Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of entry as the API serves it."""

    path: str
    kind: type[Any]
    creating: type[Body]
    changing: type[Body]
    create: Callable[[Session, Any, Settings], Entry]
    filters: tuple[str, ...]


RESOURCES = (
    Resource(
        "advertisers",
        Advertiser,
        AdvertiserCreate,
        AdvertiserChange,
        lambda session, wanted, _: service.create_advertiser(session, wanted),
        ("name",),
    ),
    Resource(
        "partners",
        Partner,
        PartnerCreate,
        PartnerChange,
        lambda session, wanted, _: service.create_partner(session, wanted),
        ("name", "status"),
    ),
    Resource(
        "offers",
        Offer,
        OfferCreate,
        OfferChange,
        lambda session, wanted, chosen: service.create_offer(session, wanted, chosen.currency),
        ("name", "status", "advertiser_id"),
    ),
    Resource(
        "links",
        Link,
        LinkCreate,
        LinkChange,
        lambda session, wanted, _: service.create_link(session, wanted),
        ("code", "partner_id", "offer_id"),
    ),
)


def routes() -> list[Route]:
    """Return the admin API's routes."""
    made = [
        _route("/api/v1/program", GET=_get_program, PATCH=_change_program),
        _route("/api/v1/programs/ensure", POST=_ensure),
    ]
    for resource in RESOURCES:
        path = f"/api/v1/{resource.path}"
        made.append(_route(path, GET=_list(resource), POST=_create(resource)))
        made.append(_route(f"{path}/{{id}}", GET=_get(resource), PATCH=_change(resource)))
    return made


def _route(path: str, **by_method: Endpoint) -> Route:
    """Return one route for all methods of a path, so that a refused method is answered with all that work."""

    async def endpoint(request: Request) -> Response:
        return await by_method["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(by_method))


def _admin(request: Request) -> tuple[Sessions, Settings]:
    """Let an administrator in; return what the handlers work with."""
    if principal(request).role != "admin":
        raise FORBIDDEN.error()
    return request.app.state.programs, request.app.state.settings


async def _published(request: Request, body: dict[str, Any], status: int = 200) -> Response:
    """Answer a write, once the edges can know of it."""
    version = await _publish(request)
    return answer(body, status, {VERSION_HEADER: str(version)})


async def _publish(request: Request) -> int:
    try:
        version: int = await request.app.state.publish()
    except ClickledgerError as why:
        log("program").error("not_published", why=why.message)
        raise NOT_PUBLISHED.error() from why
    return version


def _create(resource: Resource) -> Endpoint:
    async def create(request: Request) -> Response:
        programs, chosen = _admin(request)
        wanted = await read_body(request, resource.creating)

        def work() -> dict[str, Any]:
            with programs.writing() as session:
                return answers.answer(resource.create(session, wanted, chosen), chosen, single=True)

        return await _published(request, await run_in_threadpool(work), 201)

    return create


def _get(resource: Resource) -> Endpoint:
    async def get(request: Request) -> Response:
        programs, chosen = _admin(request)

        def work() -> dict[str, Any]:
            with programs.reading() as session:
                entry = service.get(session, resource.kind, _path_id(request, resource))
                return answers.answer(entry, chosen, single=True)

        return answer(await run_in_threadpool(work))

    return get


def _change(resource: Resource) -> Endpoint:
    async def change(request: Request) -> Response:
        programs, chosen = _admin(request)
        wanted = await read_body(request, resource.changing)

        def work() -> dict[str, Any]:
            with programs.writing() as session:
                entry = service.change(session, resource.kind, _path_id(request, resource), wanted)
                return answers.answer(entry, chosen, single=True)

        return await _published(request, await run_in_threadpool(work))

    return change


def _list(resource: Resource) -> Endpoint:
    async def listing(request: Request) -> Response:
        programs, chosen = _admin(request)
        filters, limit, after = _read_query(request, resource.filters)

        def work() -> dict[str, Any]:
            with programs.reading() as session:
                found = service.listing(session, resource.kind, filters, limit=limit + 1, after=after)
                items = [answers.answer(entry, chosen, single=False) for entry in found[:limit]]
                return {"items": items, "next_after": items[-1]["id"] if len(found) > limit else None}

        return answer(await run_in_threadpool(work))

    return listing


def _read_query(request: Request, allowed: tuple[str, ...]) -> tuple[service.Filters, int, int]:
    given = request.query_params
    known = (*allowed, "limit", "after")
    for name, value in given.items():
        if name not in known:
            raise FILTER_INVALID.error(
                f"{name[:40]!r} isn't a filter of this list; these are: {', '.join(known)}."
            )
        if "\x00" in value:
            raise FILTER_INVALID.error(f"{name} can't hold a NUL character.")
    limit = _number(given, "limit", 1, MAX_LIMIT)
    after = _number(given, "after", 0, MAX_ID)
    filters = service.Filters(
        name=given.get("name", given.get("code")),
        status=given.get("status"),
        partner_id=_number(given, "partner_id", 1, MAX_ID),
        offer_id=_number(given, "offer_id", 1, MAX_ID),
        advertiser_id=_number(given, "advertiser_id", 1, MAX_ID),
    )
    return filters, limit or DEFAULT_LIMIT, after or 0


def _number(given: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise FILTER_INVALID.error(f"{name} is a whole number from {least} to {most}.")


def _path_id(request: Request, resource: Resource) -> int:
    text: str = request.path_params["id"]
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)):
        return int(text)
    raise NOT_FOUND.error(f"{text[:40]!r} isn't an id; list the {resource.path} to see theirs.")


async def _get_program(request: Request) -> Response:
    programs, _ = _admin(request)

    def work() -> dict[str, Any]:
        with programs.reading() as session:
            return answers.program(service.the_program(session))

    return answer(await run_in_threadpool(work))


async def _change_program(request: Request) -> Response:
    programs, _ = _admin(request)
    wanted = await read_body(request, ProgramChange)

    def work() -> dict[str, Any]:
        with programs.writing() as session:
            return answers.program(service.change_program(session, wanted))

    return await _published(request, await run_in_threadpool(work))


async def _ensure(request: Request) -> Response:
    programs, chosen = _admin(request)
    wanted = await read_body(request, ProgramEnsure)

    def work() -> dict[str, Any]:
        with programs.writing() as session:
            return _ensured(ensure(session, wanted, chosen.currency), chosen)

    body = await run_in_threadpool(work)
    # For clients that wait for the edges and see no headers, such as the replay command.
    version = await _publish(request)
    return answer(body | {"snapshot_version": version}, headers={VERSION_HEADER: str(version)})


def _ensured(done: Ensured, chosen: Settings) -> dict[str, Any]:
    return {
        "advertisers": {name: entry.id for name, entry in done.advertisers.items()},
        "partners": {name: entry.id for name, entry in done.partners.items()},
        "offers": {name: entry.id for name, entry in done.offers.items()},
        "links": [
            {
                "id": link.id,
                "code": link.code,
                "partner_id": link.partner_id,
                "offer_id": link.offer_id,
                "tracking_url": answers.tracking_url(chosen, link.code),
            }
            for link in done.links
        ],
    }
