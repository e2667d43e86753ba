"""What the web offers people: pages, declared once, and what can be done on each.

The routes, the navigation, the tests that walk every page as every role, and the screenshots are made of these
declarations. Invariants: a page that needs a scope is never shown without it; one who isn't signed in is asked to,
and comes back; a form is done by its page's ``Act`` and answered by a redirect, or by the page itself with what is
wrong with it; what the API refuses is a page that says so, with the API's own status and sentence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Message

from kernel.api import ANYBODY, PUBLIC, allow
from kernel.auth import SCOPES
from kernel.errors import BODY_TOO_LARGE, INTERNAL, UNAUTHENTICATED, ClickledgerError
from kernel.http import MAX_BODY_BYTES, principal
from kernel.logging import log
from reports.web import plainly, rendering
from reports.web.errors import FORM_UNREADABLE, PAGE_ACT_UNKNOWN
from reports.web.inside import Inside
from reports.web.navigation import navigation
from reports.web.viewer import viewer
from reports.web.visit import SAID_COOKIE, Visit

Context: TypeAlias = dict[str, Any]
Show: TypeAlias = Callable[[Visit], Awaitable[Context | Response]]
Do: TypeAlias = Callable[[Visit], Awaitable[Context | Response]]

SIGN_IN: Final = "/sign-in"
STAFF: Final = frozenset({"admin", "manager", "analyst"})
"""Roles that belong to the network itself."""
EVERYBODY: Final = frozenset({*STAFF, "partner", "advertiser"})
MOST_FIELDS: Final = 2_000
"""Of a form."""
MOST_BYTES: Final = 21 * 1024 * 1024
"""Of a form with a file: 20 MiB of conversions, and the fields beside them. One from nobody has no file."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done on a page: a form with the field ``do``."""

    name: str
    do: Do
    """Returns a redirect, or what the page shows this once beside the rest: a key that was just made."""
    needs: str
    """A scope, ``ANYBODY`` or ``PUBLIC``."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    path: str
    """Starlette's notation: /offers/{id}."""
    title: str
    template: str
    show: Show
    """Returns what the template names, or an answer of its own."""
    needs: str
    """A scope of ``kernel.auth.SCOPES``, ``ANYBODY`` or ``PUBLIC``."""
    roles: frozenset[str] = EVERYBODY
    """Whom it is made for; for others there is no such page."""
    acts: tuple[Act, ...] = ()
    group: str = ""
    """Heading in the navigation; '' keeps the page out of it."""
    label: str = ""
    """In the navigation; the title when empty."""
    place: int = 0
    """In the navigation, from small to large."""
    or_needs: str = ""
    """Another scope that opens it as well."""

    def __post_init__(self) -> None:
        """Refuse a declaration that can't be meant."""
        for needed in (self.needs, *(act.needs for act in self.acts)):
            if needed not in {PUBLIC, ANYBODY} and needed not in SCOPES:
                raise ValueError(f"{self.path} needs {needed!r}, which isn't a scope")


def routes(pages: Sequence[Page]) -> list[Route]:
    """Return one route a page, for looking at it and for its forms."""
    return [_route(page, pages) for page in pages]


def _route(page: Page, pages: Sequence[Page]) -> Route:
    async def endpoint(request: Request) -> Response:
        visit = Visit(request, None, Inside(request), viewer(request.headers, request.cookies, _zone(request)))
        try:
            if page.needs != PUBLIC:
                visit.who = principal(request)
                if visit.who.role not in page.roles:
                    return _failed(visit, pages, 404, "There is no such page for your role.")
                allow(request, page.needs, page.or_needs)
            if request.method == "POST":
                return await _done(page, pages, visit)
            return await _shown(page, pages, visit, {})
        except ClickledgerError as why:
            return _refused(visit, pages, why)
        except HTTPException as why:
            return _failed(visit, pages, why.status_code, str(why.detail))
        except Exception as why:  # noqa: BLE001 - people get a page of it, and the log all of it
            log("web").error("page_failed", path=request.url.path, exc_info=why)
            return _failed(visit, pages, 500, INTERNAL.error().message)

    return Route(page.path, endpoint, methods=["GET", "POST"] if page.acts else ["GET"])


async def _shown(page: Page, pages: Sequence[Page], visit: Visit, beside: Context, status: int = 200) -> Response:
    """Show a page.

    Args:
        page: Which.
        pages: All there are.
        visit: Of whom.
        beside: What a form left: ``error``, ``problems``, or what it made; it counts before what the page shows.
        status: Of the answer.

    """
    made = await page.show(visit)
    if isinstance(made, Response):
        return made
    said = visit.take_said()
    context = visit.context(
        page=page,
        title=page.title,
        navigation=navigation(pages, visit.who),
        said=said,
        error="",
        problems={},
        form=visit.form,
    )
    answer = rendering.page(page.template, context | made | beside, status)
    if said:
        answer.delete_cookie(SAID_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


async def _done(page: Page, pages: Sequence[Page], visit: Visit) -> Response:
    """Do what a form asks; when that is refused, show the page with the form as it was and what is wrong."""
    given = await _form(visit.request, MAX_BODY_BYTES if visit.who is None else MOST_BYTES)
    visit.form = {name: values[-1] for name, values in given.items()}
    visit.several = given
    act = next((one for one in page.acts if one.name == visit.form.get("do")), None)
    if act is None:
        raise PAGE_ACT_UNKNOWN.error()
    allow(visit.request, act.needs)
    try:
        done = await act.do(visit)
    except ClickledgerError as why:
        if why.kind is UNAUTHENTICATED or why.kind.status >= 500:
            raise
        beside = {"error": plainly.sentence(why), "problems": plainly.problems(why)}
        return _telling_when(why, await _shown(page, pages, visit, beside, why.kind.status))
    if isinstance(done, Response):
        return done
    visit.form = {}  # it did what it should, so the page's forms begin anew
    return await _shown(page, pages, visit, done)


async def _form(request: Request, most_bytes: int) -> dict[str, list[str]]:
    """Return a form's fields, those of files as their text.

    Raises:
        ClickledgerError: ``form_unreadable`` or ``body_too_large``.

    """
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > most_bytes:
            raise BODY_TOO_LARGE.error(f"A form holds at most {most_bytes >> 20} MiB; send less at once.")
        return message

    try:
        form: FormData = await Request(request.scope, receive).form(
            max_files=1, max_fields=MOST_FIELDS, max_part_size=MAX_BODY_BYTES
        )
        given: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            text = (await value.read()).decode() if isinstance(value, UploadFile) else value
            given.setdefault(name, []).append(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as why:
        raise FORM_UNREADABLE.error("The file isn't UTF-8; save it as CSV UTF-8 and choose it again.") from why
    except (HTTPException, ValueError) as why:
        raise FORM_UNREADABLE.error() from why
    return given


def _refused(visit: Visit, pages: Sequence[Page], why: ClickledgerError) -> Response:
    """Return the page for what was refused; one who isn't signed in is asked to, and comes back."""
    if why.kind is UNAUTHENTICATED:
        back = visit.here if visit.request.method == "GET" and visit.here != "/" else ""
        to = SIGN_IN + (f"?{urlencode({'next': back})}" if back else "")
        return RedirectResponse(to, 303, rendering.SECURITY_HEADERS)
    return _telling_when(why, _failed(visit, pages, why.kind.status, plainly.refusal(visit.who, why)))


def _telling_when(why: ClickledgerError, answer: Response) -> Response:
    """Return an answer that says when to come again, if the refusal does."""
    if "retry_after_s" in why.details:
        answer.headers["Retry-After"] = str(why.details["retry_after_s"])
    return answer


def _failed(visit: Visit, pages: Sequence[Page], status: int, sentence: str) -> Response:
    context = visit.context(
        title=_HEADINGS.get(status, "That didn't work"),
        navigation=navigation(pages, visit.who),
        status=status,
        sentence=sentence,
        said="",
    )
    return rendering.page("failed.html", context, status)


_HEADINGS: Final = {
    403: "That isn't yours to see",
    404: "There is nothing here",
    429: "A little slower, please",
    500: "Something broke",
    503: "A store is away",
}


def failed(request: Request, pages: Sequence[Page], status: int, sentence: str) -> Response:
    """Return the page for a request that no page answers.

    Args:
        request: What was asked.
        pages: All there are.
        status: Of the answer.
        sentence: What happened, and what to try.

    """
    visit = Visit(request, None, Inside(request), viewer(request.headers, request.cookies))
    try:
        visit.who = principal(request)
    except ClickledgerError:
        visit.who = None
    return _failed(visit, pages, status, sentence)


def _zone(request: Request) -> str:
    """Return the program's zone for those whose browser told none."""
    return str(getattr(request.app.state, "web_zone", "UTC"))
