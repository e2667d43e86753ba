"""The log of outgoing messages: every try, what came back, and sending again."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from reports.web.page import Act, Page
from reports.web.pages.hook_words import OUTCOMES, with_waiting
from reports.web.pages.hooks import ROLES
from reports.web.visit import Visit

PATH: Final = "/outbound"
ATTEMPTS: Final = "/api/v1/outbound/attempts"
CHOICES: Final = (("", "Any"), *((code, said) for code, (said, _) in OUTCOMES.items()))
PAGE_ROWS: Final = 50


async def _log(visit: Visit) -> dict[str, Any]:
    asked = {name: visit.query(name).strip() for name in ("hook_id", "conversion_id", "outcome")}
    tries, hooks, failing = await asyncio.gather(
        visit.api.get(ATTEMPTS, limit=PAGE_ROWS, cursor=visit.query("cursor"), **asked),
        visit.api.get("/api/v1/hooks", limit=1000, sort="name"),
        visit.api.get("/api/v1/outbound/failing", hours=168),
    )
    names = {one["id"]: one["name"] for one in hooks["items"]}
    return {
        "tries": with_waiting(tries["items"]),
        "next_cursor": tries["next_cursor"],
        "asked": asked,
        "names": names,
        "hooks": [("", "Any"), *((str(key), name) for key, name in names.items())],
        "choices": CHOICES,
        "outcomes": OUTCOMES,
        "failing": failing["items"] if not any(asked.values()) and not visit.query("cursor") else [],
        "may_send": visit.may("outbound:write"),
    }


async def _message(visit: Visit) -> dict[str, Any]:
    key = quote(visit.request.path_params["id"], safe="")
    found = await visit.api.get(f"/api/v1/outbound/messages/{key}")
    with_waiting(found["attempts"])
    return {"message": found, "outcomes": OUTCOMES, "may_send": visit.may("outbound:write")}


async def _resend(visit: Visit) -> Response:
    key = quote(visit.form.get("id", ""), safe="")
    sent = await visit.api.send("POST", f"/api/v1/outbound/messages/{key}/resend")
    return visit.go(
        visit.form.get("back") or PATH,
        f"Message {sent['message_id']} is sent again; its try shows here in a moment.",
    )


_AGAIN = Act("resend", _resend, "outbound:write")

PAGES = (
    Page(
        PATH, "Outgoing messages", "hooks/outbound.html", _log, "outbound:read", roles=ROLES, acts=(_AGAIN,),
    ),
    Page(
        f"{PATH}/{{id}}", "Outgoing message", "hooks/message.html", _message, "outbound:read", roles=ROLES,
        acts=(_AGAIN,),
    ),
)  # fmt: skip
