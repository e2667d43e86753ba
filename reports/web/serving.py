"""All pages there are, their routes, and the routes of what they load."""

from __future__ import annotations

from functools import cache
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kernel.errors import INTERNAL, ClickledgerError
from kernel.http import EXCEPTION_HANDLERS, refuse
from reports.web import assets, page
from reports.web.headers import NOTHING
from reports.web.page import Page
from reports.web.pages import (
    access,
    account,
    audit,
    events,
    fraud,
    hooks,
    keys,
    outbound,
    overview,
    payouts,
    postbacks,
    program,
    reports,
    settings,
    sign_up,
    system,
    users,
)


@cache
def pages() -> tuple[Page, ...]:
    """Return every page."""
    return (
        *access.PAGES,
        *overview.PAGES,
        *system.PAGES,
        *keys.PAGES,
        *postbacks.PAGES,
        *users.PAGES,
        *settings.PAGES,
        *audit.PAGES,
        *account.PAGES,
        *sign_up.PAGES,
        *hooks.PAGES,
        *outbound.PAGES,
        *events.PAGES,
        *payouts.PAGES,
        *fraud.PAGES,
        *reports.PAGES,
        *program.PAGES,
    )


def routes() -> list[Route]:
    """Return the routes of every page, and of what pages load."""
    return [*page.routes(pages()), Route(assets.PATH, assets.answer, methods=["GET"])]


async def not_found(request: Request, error: Exception) -> Response:
    """Answer a browser with a page where nothing is or a method doesn't work, everybody else as the API does."""
    if isinstance(error, HTTPException) and error.status_code in _SENTENCES and _wants_page(request):
        shown = page.failed(request, pages(), error.status_code, _SENTENCES[error.status_code])
        shown.headers.update(error.headers or {})
        return shown
    return await EXCEPTION_HANDLERS[HTTPException](request, error)


async def broken(request: Request, error: Exception) -> Response:
    """Answer what nobody expected, outside of any page: a browser with a page, everybody else as the API does."""
    answer = await EXCEPTION_HANDLERS[Exception](request, error)
    if _wants_page(request):
        return page.failed(request, pages(), answer.status_code, INTERNAL.error().message)
    # Stands further out than the middleware that completes headers.
    for name, value in NOTHING.items():
        answer.headers.setdefault(name, value)
    return answer


def refused(request: Request, error: ClickledgerError) -> Response:
    """Refuse before any route is looked for: a browser with a page, everybody else as the API does."""
    if _wants_page(request):
        return page.failed(request, pages(), error.kind.status, error.message)
    return refuse(error)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


_SENTENCES: Final = {
    404: "Check the address, or go on from the overview.",
    405: "Nothing can be sent to this page; open it anew and go on from there.",
}
