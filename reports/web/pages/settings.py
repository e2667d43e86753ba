"""Settings: the program as a whole, and what the service runs with.

The first can be changed here; the second belongs to whoever starts the service, and its secrets are never told.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

from babel.numbers import list_currencies
from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.visit import Visit

PATH: Final = "/settings"
PROGRAM: Final = "/api/v1/program"


async def _show(visit: Visit) -> dict[str, Any]:
    program = await visit.api.get(PROGRAM)
    listed: list[dict[str, Any]] = []
    if visit.may("system:read"):
        listed = (await visit.api.get("/api/v1/settings"))["items"]
    return {
        "program": program,
        "values": _values(visit, program),
        "currencies": sorted(list_currencies()),
        "groups": [
            (*_heading(title), list(rows)) for title, rows in groupby(listed, key=lambda one: one["group"])
        ],
        "changed": [one for one in listed if not one["is_default"]],
        "may_write": visit.may("program:write"),
    }


def _heading(title: str) -> tuple[str, str]:
    """Return a group's title and what stands behind it in brackets."""
    head, _, note = title.partition(" (")
    return head, note.removesuffix(")")


def _values(visit: Visit, program: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in the form: what was just sent, else what is."""
    if "base_currency" in visit.form:
        return {**visit.form, "open": "open" in visit.form}
    return {
        "base_currency": program["base_currency"],
        "fallback_url": program["fallback_url"],
        "open": program["signup"]["open"],
        "terms_url": program["signup"]["terms_url"],
        "revision": program["revision"],
    }


async def _change(visit: Visit) -> Response:
    form = visit.form
    body = {
        "base_currency": form.get("base_currency", "").strip().upper(),
        "fallback_url": form.get("fallback_url", "").strip(),
        "signup": {"open": "open" in form, "terms_url": form.get("terms_url", "").strip()},
    }
    revision = form.get("revision", "")
    known = {"If-Match": f'"{revision}"'} if revision.isascii() and revision.isdigit() else {}
    await visit.api.send("PATCH", PROGRAM, body, known)
    return visit.go(PATH, "Saved. The edges know it within a second.")


PAGES = (
    Page(
        PATH,
        "Settings",
        "settings.html",
        _show,
        "program:read",
        roles=STAFF,
        acts=(Act("change", _change, "program:write"),),
        group="Set up",
        place=350,
    ),
)
