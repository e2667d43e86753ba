"""The road of one click or impression, from the request to what it earned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from kernel.errors import NOT_FOUND, ClickledgerError
from reports.logs.errors import CLICK_ID_UNREADABLE
from reports.registry import DIMENSIONS
from reports.web.page import Act, Page
from reports.web.pages.events import words
from reports.web.visit import Visit

_LABELS: Final = {column: one for one in DIMENSIONS.values() for column in (*one.columns, one.name)}
_NO_VALUES: Final = (None, "", 0, False, "(none)")
_OTHERS: Final = "the request itself"
_ORDER: Final = ("what", "who", "labels", "where", "network", "device", "origin", "quality", _OTHERS)


async def _show(visit: Visit) -> dict[str, Any]:
    click_id = visit.request.path_params["click_id"]
    try:
        road = await visit.api.get(f"/api/v1/clicks/{click_id}", timezone=visit.viewer.zone.key)
    except ClickledgerError as why:
        if why.kind is not CLICK_ID_UNREADABLE:
            raise
        raise NOT_FOUND.error(why.message) from why  # where nothing can be, nothing is
    return {
        **words.WORDS,
        "title": "Click" if road["kind"] == "click" else "Impression",
        "road": road,
        "click": road["click"],
        "moments": moments(road),
        "stored": stored(road["click"]),
        "is_staff": visit.who is not None and visit.who.partner_id is None and visit.who.advertiser_id is None,
    }


def moments(road: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the timeline, with the state beside each moment that a conversion came to."""
    states = defaultdict(list)
    for part in road["conversions"]:
        for place, state in enumerate(part["states"]):
            states[state["conversion_id"], state["changed_at"]].append({"state": state, "is_first": place == 0})
    tries = {(row["message_id"], row["ts"]): row for row in road["outbound"] or ()}
    refused = {row["rejected_id"]: row for row in road["rejected"] or ()}
    shown = []
    for one in road["timeline"]:
        queue = states.get((one["id"], one["at"])) if one["what"] == "conversion" else None
        shown.append(
            {
                **one,
                "state": queue.pop(0) if queue else None,
                "attempt": tries.get((one["id"], one["at"])) if one["what"] == "outbound" else None,
                "refused": refused.get(one["id"]) if one["what"] == "rejected" else None,
            }
        )
    return shown


def stored(row: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return a row's fields that have a value, under headings, each with its label."""
    groups: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for name, value in row.items():
        if value in _NO_VALUES or value == []:
            continue
        known = _LABELS.get(name)
        label = known.label if known is not None and name == known.name else name.replace("_", " ").capitalize()
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        groups[known.group if known is not None else _OTHERS].append((label, shown))
    return sorted(groups.items(), key=lambda group: _ORDER.index(group[0]) if group[0] in _ORDER else len(_ORDER))


async def send_again(visit: Visit) -> Response:
    """Send an outgoing message again, and come back to where one was."""
    message = visit.form.get("message_id", "").replace("/", "")
    await visit.api.send("POST", f"/api/v1/outbound/messages/{message}/resend")
    return visit.go(visit.request.url.path, "It is sent again; the try shows here in a few seconds.")


PAGES = (
    Page(
        "/clicks/{click_id}", "Click", "events/road.html", _show, "events:read",
        acts=(Act("resend", send_again, "outbound:write"),),
    ),
)  # fmt: skip
