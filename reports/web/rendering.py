"""Making HTML: Jinja's environment, and what every template has at hand.

Invariants: everything put into a page is escaped unless a template made it; a name that a template expects and
isn't given fails the test that shows the page, not silently; pages may load nothing but from this origin and run
no script that stands in them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from reports.web import assets

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        # plotly sets sizes and colours as style attributes and its own style sheet; styles can't read or send.
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
        " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""Of every page: OWASP's HTTP Headers Cheat Sheet. What pages show is one person's, so nobody keeps it."""

_json = msgspec.json.Encoder(decimal_format="number").encode


@cache
def environment() -> Environment:
    """Return the templates, read once."""
    made = Environment(
        loader=PackageLoader("reports.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = assets.address
    made.globals["with_query"] = with_query
    made.filters["embedded"] = embedded
    return made


def page(template: str, context: dict[str, Any], status: int = 200) -> Response:
    """Return a page.

    Args:
        template: Its file below ``templates``.
        context: What it names.
        status: Of the answer.

    """
    return HTMLResponse(environment().get_template(template).render(context), status, SECURITY_HEADERS)


def embedded(value: Any) -> Markup:
    """Return a value as JSON that can stand inside a script element, and inside text."""
    text = _json(value).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign of markup is left in it


def with_query(path: str, given: dict[str, Any], **changed: Any) -> str:
    """Return an address with query parameters, some of them changed; None takes one out, a list repeats it."""
    query = {name: value for name, value in (given | changed).items() if value is not None and value != ""}
    return f"{path}?{urlencode(query, doseq=True)}" if query else path
