"""A visit: one request for a page, and all that showing or doing something there takes.

Invariants: what a page shows of stores came through ``api``; where a form leads to is a page of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kernel.auth import Principal
from reports.web.inside import Inside
from reports.web.rendering import SECURITY_HEADERS
from reports.web.viewer import Viewer

SAID_COOKIE: Final = "__Host-said"
"""What a page says once, about what was just done on another."""
MOST_SAID: Final = 500


@dataclass(slots=True)
class Visit:
    """One request for a page."""

    request: Request
    who: Principal | None
    """Who asks; None on pages for everybody."""
    api: Inside
    viewer: Viewer
    form: Mapping[str, str] = field(default_factory=dict)
    """What was submitted, by field; of several fields of one name the last, see ``several``."""
    several: Mapping[str, list[str]] = field(default_factory=dict)
    """What was submitted, with all values of each field."""

    def query(self, name: str, default: str = "") -> str:
        """Return a parameter of the page's address."""
        return self.request.query_params.get(name, default)

    def queries(self, name: str) -> list[str]:
        """Return all values of a parameter of the page's address."""
        return self.request.query_params.getlist(name)

    def may(self, scope: str) -> bool:
        """Return whether the one who asks holds a scope."""
        return self.who is not None and self.who.may(scope)

    @property
    def here(self) -> str:
        """The page's address with its query."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def go(self, to: str, said: str = "") -> Response:
        """Return the answer of a form that did what it should: a redirect to a page, which says so once.

        Args:
            to: An address of ours.
            said: A sentence.

        """
        answer = RedirectResponse(own_address(to), 303, SECURITY_HEADERS)
        if said:
            value = quote(said[:MOST_SAID], safe="")
            answer.set_cookie(SAID_COOKIE, value, 60, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    def take_said(self) -> str:
        """Return what is to be said once."""
        return unquote(self.request.cookies.get(SAID_COOKIE, ""))[:MOST_SAID]

    def context(self, **of_page: Any) -> dict[str, Any]:
        """Return what every template is given, and what this page adds."""
        demo_said = getattr(self.request.app.state, "demo_said", None)
        return {
            "visit": self,
            "show": self.viewer,
            "request_path": self.request.url.path,
            "demo": demo_said() if demo_said is not None else "",
        } | of_page


def own_address(to: str) -> str:
    """Return an address if it is one of ours, else the front page's: no link can send people away from here."""
    is_ours = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable()
    return to if is_ours else "/"
