"""Hooks: where conversions are reported to, and the log of what was sent.

Partners for their own, the network's people for all. Invariants: a webhook's secret is in the page that made it
and nowhere after; what is sent again keeps its id.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from reports.web.page import STAFF, Act, Page
from reports.web.pages.hook_macros import described, preview
from reports.web.pages.hook_words import KINDS, METHODS, OUTCOMES, OVERLAPS, STATUSES, with_waiting
from reports.web.visit import Visit

PATH: Final = "/hooks"
API: Final = "/api/v1/hooks"
ROLES: Final = frozenset({*STAFF, "partner"})
TEMPLATE_OF_A_TRACKER: Final = (
    "https://tracker.example/postback?cid={partner_click_id}&payout={payout}&status={status}"
)


def may_write(visit: Visit) -> bool:
    """Return whether somebody may make and change hooks."""
    return visit.may("hooks:write") or visit.may("program:write")


def hook_id(visit: Visit) -> str:
    """Return the id in the page's address, as the API takes it."""
    return str(visit.request.path_params["id"])[:20]


async def choices(visit: Visit) -> dict[str, list[tuple[str, str]]]:
    """Return what a hook may be limited to: offers and, for the network's people, partners and advertisers."""
    is_staff = visit.who is not None and visit.who.partner_id is None
    wanted = ("offers", "partners", "advertisers") if is_staff else ("offers",)
    lists = await asyncio.gather(*(visit.api.get(f"/api/v1/{name}", limit=1000, sort="name") for name in wanted))
    found = {name: [("", "Any")] for name in ("offers", "partners", "advertisers")}
    for name, listed in zip(wanted, lists, strict=True):
        found[name] += [(str(one["id"]), one["name"]) for one in listed["items"]]
    return found


def body_of(visit: Visit) -> dict[str, Any]:
    """Return what the form of a hook says, as the API takes it."""
    form = visit.form
    body: dict[str, Any] = {
        "name": form.get("name", ""),
        "url": form.get("url", ""),
        "statuses": visit.several.get("statuses", []),
        "enabled": form.get("enabled") == "true",
        "goal": {"": None, "base": ""}.get(form.get("goal", ""), form.get("goal", "")),
    }
    for name in ("offer_id", "partner_id", "advertiser_id"):
        if name in form:
            text = form[name]
            body[name] = int(text) if text.isascii() and text.isdigit() else (text or None)
    if form.get("method"):
        body["method"] = form["method"]
    if form.get("kind"):
        body["kind"] = form["kind"]
    return body


def filled(visit: Visit, hook: dict[str, Any] | None) -> dict[str, Any]:
    """Return what stands in the form: what was just sent, else the hook, else what most begin with."""
    if "url" in visit.form:
        return {**visit.form, "statuses": visit.several.get("statuses", []), "enabled": "enabled" in visit.form}
    if hook is not None:
        return {**hook, "goal": {None: "", "": "base"}.get(hook["goal"], hook["goal"])}
    return {"kind": "postback", "statuses": ["approved"], "enabled": True, "url": TEMPLATE_OF_A_TRACKER}


def form_context(visit: Visit, hook: dict[str, Any] | None, limits: dict[str, Any]) -> dict[str, Any]:
    """Return what the form's template names."""
    macros, values = described(), filled(visit, hook)
    shown, unknown = preview(str(values.get("url", "")), macros)
    return {
        "values": values,
        "limits": limits,
        "macros": macros,
        "samples": {name: sample for name, _, sample in macros},
        "preview": shown,
        "unknown": unknown,
        "kinds": KINDS,
        "methods": METHODS,
        "statuses": STATUSES,
        "is_staff": visit.who is not None and visit.who.partner_id is None,
        "may_write": may_write(visit),
    }


async def _list(visit: Visit) -> dict[str, Any]:
    hooks, failing, limits = await asyncio.gather(
        visit.api.get(API, limit=200, sort="name", cursor=visit.query("cursor")),
        visit.api.get("/api/v1/outbound/failing", hours=168),
        choices(visit),
    )
    fails = {one["hook_id"]: one for one in failing["items"]}
    ordered = sorted(hooks["items"], key=lambda one: one["id"] not in fails)
    return {
        "hooks": ordered,
        "fails": fails,
        "next_cursor": hooks["next_cursor"],
        "names": {kind: dict(pairs) for kind, pairs in limits.items()},
        "may_write": may_write(visit),
        "is_staff": visit.who is not None and visit.who.partner_id is None,
    }


async def _new(visit: Visit) -> dict[str, Any]:
    return form_context(visit, None, await choices(visit)) | {"made": None}


async def _create(visit: Visit) -> dict[str, Any] | Response:
    made = await visit.api.send("POST", API, body_of(visit))
    if not made.get("secret"):
        return visit.go(f"{PATH}/{made['id']}", f"The hook {made['name']} is made. Send it a test.")
    return {"made": made}


async def _show(visit: Visit) -> dict[str, Any]:
    key = hook_id(visit)
    hook, limits = await asyncio.gather(visit.api.get(f"{API}/{key}"), choices(visit))
    tries = await visit.api.get("/api/v1/outbound/attempts", hook_id=hook["id"], limit=20)
    return form_context(visit, hook, limits) | {
        "title": hook["name"],
        "hook": hook,
        "tries": with_waiting(tries["items"]),
        "outcomes": OUTCOMES,
        "overlaps": OVERLAPS,
        "tried": None,
        "secret": "",
        "names": {kind: dict(pairs) for kind, pairs in limits.items()},
        "may_send": visit.may("outbound:write"),
    }


async def _change(visit: Visit) -> Response:
    hook = await visit.api.send("PATCH", f"{API}/{hook_id(visit)}", body_of(visit))
    return visit.go(f"{PATH}/{hook['id']}", "Saved. It counts from the next message on.")


async def _test(visit: Visit) -> dict[str, Any]:
    return {"tried": await visit.api.send("POST", f"{API}/{hook_id(visit)}/test")}


async def _rotate(visit: Visit) -> dict[str, Any]:
    text = visit.form.get("overlap_hours", "")
    hours = int(text) if text.isascii() and text.isdigit() else text
    made = await visit.api.send("POST", f"{API}/{hook_id(visit)}/rotate-secret", {"overlap_hours": hours})
    return {"secret": made["secret"], "hook": made}


async def _delete(visit: Visit) -> Response:
    await visit.api.send("DELETE", f"{API}/{hook_id(visit)}")
    return visit.go(PATH, "The hook is gone. Messages that waited for it are given up.")


PAGES = (
    Page(
        PATH,
        "Outgoing postbacks",
        "hooks/list.html",
        _list,
        "outbound:read",
        roles=ROLES,
        group="Set up",
        place=320,
    ),
    Page(
        f"{PATH}/new",
        "New hook",
        "hooks/new.html",
        _new,
        "hooks:write",
        roles=ROLES,
        acts=(Act("create", _create, "hooks:write"),),
    ),
    Page(
        f"{PATH}/{{id}}",
        "Hook",
        "hooks/hook.html",
        _show,
        "outbound:read",
        roles=ROLES,
        acts=(
            Act("change", _change, "hooks:write"),
            Act("test", _test, "outbound:write"),
            Act("rotate", _rotate, "hooks:write"),
            Act("delete", _delete, "hooks:write"),
        ),
    ),
)
