"""Users: who signs in, with which role, and since when.

Invariant: a password the service made up is in the page that made it and nowhere after.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from kernel.auth import ROLES
from reports.web.page import STAFF, Act, Page
from reports.web.visit import Visit

PATH: Final = "/users"
API: Final = "/api/v1/users"
ROLE_WORDS: Final = (
    ("manager", "manager: runs the program"),
    ("analyst", "analyst: reads everything, changes nothing"),
    ("admin", "admin: everything, users and the service as well"),
    ("partner", "partner: sees and does what is the partner's"),
    ("advertiser", "advertiser: sees and does what is the advertiser's"),
)
STAFF_WORDS: Final = tuple(one for one in ROLE_WORDS if one[0] in STAFF)
ANY_ROLE: Final = (("", "Any"), *((role, role) for role in ROLES))
OF_NEW: Final = ("role", "partner_id", "advertiser_id")
"""What the address may say of a user that is to be made, as a partner's page does."""
ANY_STATUS: Final = (("", "Any"), ("active", "active"), ("disabled", "disabled"))


async def _choices(visit: Visit) -> dict[str, list[tuple[str, str]]]:
    lists = await asyncio.gather(
        *(visit.api.get(f"/api/v1/{name}", limit=1000, sort="name") for name in ("partners", "advertisers"))
    )
    return {
        name: [("", "None"), *((str(one["id"]), one["name"]) for one in listed["items"])]
        for name, listed in zip(("partners", "advertisers"), lists, strict=True)
    }


async def _list(visit: Visit) -> dict[str, Any]:
    asked = {name: visit.query(name).strip() for name in ("role", "status", "email")}
    found, limits = await asyncio.gather(
        visit.api.get(API, limit=100, cursor=visit.query("cursor"), **asked), _choices(visit)
    )
    return {
        "users": found["items"],
        "next_cursor": found["next_cursor"],
        "asked": asked,
        "roles": ROLE_WORDS,
        "any_role": ANY_ROLE,
        "any_status": ANY_STATUS,
        "limits": limits,
        "names": {name: dict(pairs) for name, pairs in limits.items()},
        "may_write": visit.may("users:write"),
        "is_first": not found["items"] and not any(asked.values()) and not visit.query("cursor"),
        "made": None,
        "given": {name: visit.form.get(name, "") or visit.query(name) for name in OF_NEW},
    }


async def _invite(visit: Visit) -> dict[str, Any]:
    form = visit.form
    body: dict[str, Any] = {name: form.get(name, "") for name in ("email", "name", "role")}
    for name in ("partner_id", "advertiser_id"):
        text = form.get(name, "")
        if text:
            body[name] = int(text) if text.isascii() and text.isdigit() else text
    if form.get("password"):
        body["password"] = form["password"]
    return {"made": await visit.api.send("POST", API, body)}


def _key(visit: Visit) -> str:
    return str(visit.request.path_params["id"])[:20]


async def _show(visit: Visit) -> dict[str, Any]:
    user = await visit.api.get(f"{API}/{_key(visit)}")
    keys, sessions, limits = await asyncio.gather(
        visit.api.get("/api/v1/keys", user_id=user["id"], active="true", limit=100),
        visit.api.get("/api/v1/keys", user_id=user["id"], kind="session", active="true", limit=100),
        _choices(visit),
    )
    return {
        "title": user["name"],
        "user": user,
        "keys": keys["items"],
        "sessions": sessions["items"],
        "names": {name: dict(pairs) for name, pairs in limits.items()},
        "roles": STAFF_WORDS,
        "statuses": ANY_STATUS[1:],
        "may_write": visit.may("users:write"),
        "password": "",
    }


async def _change(visit: Visit) -> Response:
    body = {name: visit.form[name] for name in ("name", "role", "status") if name in visit.form}
    user = await visit.api.send("PATCH", f"{API}/{_key(visit)}", body)
    return visit.go(f"{PATH}/{user['id']}", "Saved.")


async def _password(visit: Visit) -> dict[str, Any] | Response:
    given = visit.form.get("password", "")
    user = await visit.api.send("POST", f"{API}/{_key(visit)}/password", {"password": given} if given else {})
    if given:
        return visit.go(
            f"{PATH}/{user['id']}", "The new password counts, and every session of this user has ended."
        )
    return {"password": user["password"]}


PAGES = (
    Page(
        PATH,
        "Users",
        "users/list.html",
        _list,
        "users:read",
        roles=STAFF,
        acts=(Act("invite", _invite, "users:write"),),
        group="Set up",
        place=340,
    ),
    Page(
        f"{PATH}/{{id}}",
        "User",
        "users/user.html",
        _show,
        "users:read",
        roles=STAFF,
        acts=(Act("change", _change, "users:write"), Act("password", _password, "users:write")),
    ),
)
