"""Links: the list, the generator, and one link with what it carries, how to embed it, and its test."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import BODY_INVALID, ClickledgerError
from partners.answers import preset_query
from reports.web.page import STAFF, Act, Page
from reports.web.pages.program import editing, figures, generator, listing
from reports.web.pages.program.sheets import LINKS
from reports.web.visit import Visit

PATH: Final = "/links"
WHO: Final = STAFF | {"partner"}
HOPS: Final = {
    "link": "The link itself",
    "click": "The click",
    "landing": "The landing page",
    "postback": "The postback",
    "report": "The report",
    "outgoing": "Outgoing messages",
}
HOP_STATES: Final = {
    "ok": ("as expected", "good"),
    "failed": ("failed", "bad"),
    "warning": ("look at it", "warn"),
    "skipped": ("skipped", "plain"),
}
MACROS: Final = (
    (
        ("click_id",),
        "The click's id. The advertiser sends it back with the conversion, so every destination needs it.",
    ),
    (("offer_id", "offer_name", "advertiser_id"), "The offer that takes the click, and whose it is."),
    (("partner_id", "partner_id_hash"), "The partner, as its id or as a code that doesn't tell who it is."),
    (tuple(f"sub{n}" for n in range(1, 11)), "The partner's own labels, as the link carries them."),
    (tuple(f"sub{n}_hash" for n in range(1, 11)), "The same as codes that don't tell the label."),
    (
        ("source", "source_hash", "creative_id", "coupon"),
        "Where the traffic comes from, which banner, which coupon.",
    ),
    (("partner_click_id",), "The partner's own id of the click."),
    (tuple(f"ext{n}" for n in range(1, 6)), "Anything else the link carries."),
    (("country", "region", "city", "language", "ip"), "Where the visitor is, and what they read."),
    (("device", "os", "browser"), "What they look with."),
    (("timestamp", "random"), "Seconds since 1970, and a new number for each click."),
)
"""What a destination can be told, in the order people need it."""


async def _list(visit: Visit) -> dict[str, Any]:
    made = await listing.read(visit, LINKS, "-id", ("partner_id", "offer_id", "smart_link_id"))
    numbers = await figures.beside(visit, "link", [one["id"] for one in made["items"]])
    return made | {
        "numbers": numbers,
        "labels": figures.LABELS,
        "shown": figures.shown,
        "is_partner": visit.who is not None and visit.who.role == "partner",
        "may_make": visit.may("program:write") or visit.may("links:write"),
    }


async def _new(visit: Visit) -> dict[str, Any]:
    return {"title": "Make a link", "generator": await generator.context(visit), "was_sent": bool(visit.form)}


async def _preview(visit: Visit) -> dict[str, Any]:
    """Show the link of what was chosen so far; the form stays as it is."""
    made = await generator.context(visit)
    if not made["preview"]:
        raise _incomplete(made["values"])
    return {"generator": made}


async def _save(visit: Visit) -> Response:
    made = await generator.context(visit)
    if not made["preview"]:
        raise _incomplete(made["values"])
    link = await visit.api.send("POST", LINKS.api, generator.body(made["values"]))
    return visit.go(f"{PATH}/{link['id']}", "The link is saved.")


def _incomplete(values: dict[str, str]) -> ClickledgerError:
    if not (values["offer_id"] or values["smart_link_id"]):
        sentence, name = "Choose where the link leads to.", "offer_id"
    else:
        sentence, name = "Choose whose link it is.", "partner_id"
    return BODY_INVALID.error(sentence, problems=[{"field": name, "problem": sentence}])


async def _show(visit: Visit) -> dict[str, Any]:
    link = await visit.api.get(f"{LINKS.api}/{visit.request.path_params['id']}")
    where = [{"dimension": "link_id", "op": "eq", "value": link["id"]}]
    edge = visit.request.app.state.settings.edge_url
    target = {"offer_id": link["offer_id"]} if link["offer_id"] else {"smart_link_id": link["smart_link_id"]}
    carried = {name: str(value) for name, value in target.items()} | {"partner_id": str(link["partner_id"])}
    is_staff = visit.who is not None and visit.who.role in STAFF
    numbers, offer = await asyncio.gather(
        figures.of_one(visit, where),
        visit.api.get(f"/api/v1/offers/{link['offer_id']}") if link["offer_id"] else _nothing(),
        return_exceptions=True,
    )
    if isinstance(numbers, BaseException):
        raise numbers
    return {
        "title": f"Link {link['code']}",
        "link": link,
        "figures": numbers,
        "labels": figures.LABELS,
        "shown": figures.shown,
        "destination": "" if isinstance(offer, BaseException) or not offer else offer.get("destination", ""),
        "is_staff": is_staff,
        "may_change": visit.may("program:write") or visit.may("links:write"),
        "may_test": visit.may("links:test"),
        "edge": edge,
        "embed_query": preset_query(carried | link["parameters"]),
        "carried": carried | link["parameters"],
        "macros": MACROS,
        "tested": None,
        "hops": HOPS,
        "hop_states": HOP_STATES,
    }


async def _nothing() -> None:
    """Stand for an answer that isn't asked for."""


async def _test(visit: Visit) -> dict[str, Any]:
    """Walk the link in test mode; what came of it is shown on the page."""
    asked = {name: visit.form.get(name, "").strip() for name in ("ip", "user_agent", "language", "goal", "amount")}
    body = {name: value for name, value in asked.items() if value}
    link_id = visit.request.path_params["id"]
    return {"tested": await visit.api.send("POST", f"{LINKS.api}/{link_id}/test", body), "form": asked}


async def _edit(visit: Visit) -> dict[str, Any]:
    link = await visit.api.get(f"{LINKS.api}/{visit.request.path_params['id']}")
    return {
        "title": f"Change link {link['code']}",
        "sheet": LINKS,
        "made_form": await editing.filled(visit, LINKS, link),
        "entry": link,
        "back": f"{PATH}/{link['id']}",
    }


async def _change(visit: Visit) -> Response:
    changed = await editing.changing(visit, LINKS, visit.request.path_params["id"])
    return visit.go(f"{PATH}/{changed['id']}", "The link is changed.")


async def _delete(visit: Visit) -> Response:
    await editing.delete(visit, LINKS, visit.request.path_params["id"])
    return visit.go(PATH, "The link is gone; its clicks stay in the reports.")


PAGES = (
    Page(PATH, "Links", "program/links.html", _list, "program:read", WHO, group="Relations", place=140),
    Page(
        f"{PATH}/new", "Make a link", "program/link_new.html", _new, "program:write", WHO, or_needs="links:write",
        acts=(Act("preview", _preview, "program:read"), Act("save", _save, "program:read")),
    ),
    Page(
        f"{PATH}/{{id}}", "Link", "program/link.html", _show, "program:read", WHO,
        acts=(Act("test", _test, "links:test"),),
    ),
    Page(
        f"{PATH}/{{id}}/edit", "Change a link", "program/edit.html", _edit, "program:write", WHO,
        or_needs="links:write",
        acts=(Act("save", _change, "program:read"), Act("delete", _delete, "program:read")),
    ),
)  # fmt: skip
