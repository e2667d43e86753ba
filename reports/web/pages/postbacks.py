"""Setting postbacks up: the URL and code for an offer, the token, a test postback, and what came lately.

Advertisers for themselves; the network's people choose an advertiser. Invariant: the token is in a page only when
somebody just asked for it or made it, never in an address.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response

from kernel.errors import NOT_FOUND
from reports.logs.explained import conversion as explained
from reports.web.page import STAFF, Act, Page
from reports.web.pages.postback_code import Wiring
from reports.web.viewer import NOTHING
from reports.web.visit import Visit

PATH: Final = "/postbacks"
OUTCOMES: Final = {"accepted": ("taken", "good"), "updated": ("changed", "good"), "refused": ("refused", "bad")}
PROOFS: Final = (("token", "With the token"), ("signature", "With a signature"), ("none", "With neither"))
STATUSES: Final = (
    ("", "The goal's own"),
    ("approved", "approved"),
    ("pending", "pending"),
    ("hold", "hold"),
    ("rejected", "rejected"),
)
OVERLAPS: Final = (("24", "a day"), ("72", "three days"), ("168", "a week"), ("0", "not at all"))
FILTERS: Final = (("", "All"), ("taken", "Taken"), ("refused", "Refused"))
ONLY_KNOWN: Final = frozenset({"taken", "refused"})


def _number(text: str) -> int:
    """Return an id out of an address, 0 for none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


async def _show(visit: Visit) -> dict[str, Any]:
    own = visit.who.advertiser_id if visit.who else None
    is_staff = own is None
    listed = await visit.api.get("/api/v1/advertisers", limit=1000, sort="name") if is_staff else {"items": []}
    choices = [(one["id"], one["name"]) for one in listed["items"]]
    advertiser_id = own or _number(visit.query("advertiser_id")) or (choices[0][0] if choices else 0)
    shared = {
        "advertisers": choices,
        "is_staff": is_staff,
        "may_fire": visit.may("conversions:write"),
        "may_change": visit.may("program:write"),
        "token": "",
        "tested": None,
        "sent": {},
        "statuses": STATUSES,
        "proofs": PROOFS,
        "overlaps": OVERLAPS,
        "filters": FILTERS,
        "outcomes": OUTCOMES,
    }
    if not advertiser_id:
        return shared | {"advertiser": None}
    outcome = visit.query("outcome")
    advertiser, offers, received = await asyncio.gather(
        visit.api.get(f"/api/v1/advertisers/{advertiser_id}"),
        visit.api.get("/api/v1/offers", advertiser_id=advertiser_id, limit=1000, sort="name"),
        visit.api.get(
            "/api/v1/postbacks/received",
            advertiser_id=advertiser_id,
            outcome=outcome if outcome in ONLY_KNOWN else None,
        ),
    )
    wanted = _number(visit.query("offer_id"))
    offer = next((one for one in offers["items"] if one["id"] == wanted), None)
    if offer is None and offers["items"]:
        offer = offers["items"][0]
    goals = (await visit.api.get("/api/v1/goals", offer_id=offer["id"], limit=1000))["items"] if offer else []
    codes = {one["code"] for one in goals}
    goal = visit.query("goal") if visit.query("goal") in codes else ""
    for one in received["items"]:
        one["money"] = _money(visit, one["amount"], one["currency"])
        one["explained"] = one["explained"] or explained({"status": one["status"], "reject_reason": one["reason"]})
    return shared | {
        "advertiser": advertiser,
        "offers": [(one["id"], one["name"]) for one in offers["items"]],
        "names": {one["id"]: one["name"] for one in offers["items"]},
        "offer": offer,
        "goals": [("", "The base goal"), *((one["code"], one["name"]) for one in goals)],
        "goal": goal,
        "names_click": offer is not None and "{click_id}" in offer["destination"],
        "wiring": _wiring(visit, offer, goal, "") if offer else None,
        "received": received["items"],
        "outcome": outcome if outcome in ONLY_KNOWN else "",
        "asked": {
            "advertiser_id": advertiser_id if is_staff else None,
            "offer_id": offer["id"] if offer else None,
        },
    }


def _money(visit: Visit, amount: str, currency: str) -> str:
    """Return an amount as the viewer reads it; one that is no number as it was sent."""
    shown = visit.viewer.money(amount, currency)
    return f"{amount} {currency}".strip() if amount and shown == NOTHING else shown


def _wiring(visit: Visit, offer: dict[str, Any], goal: str, token: str) -> Wiring:
    edge_url = visit.request.app.state.settings.edge_url
    return Wiring(edge_url, offer["id"], goal, offer["currency"], token, parameter_of(offer["destination"]))


def parameter_of(destination: str) -> str:
    """Return the parameter in which a destination hands the click id over, 'cid' when none does."""
    query = parse_qsl(urlsplit(destination.replace("[", "").replace("]", "")).query)
    return next((name for name, value in query if "{click_id}" in value and name.isidentifier()), "cid")


async def _offer(visit: Visit) -> dict[str, Any]:
    """Return the page's offer, which its forms name."""
    offer: dict[str, Any] = await visit.api.get(f"/api/v1/offers/{_number(visit.form.get('offer_id', ''))}")
    return offer


def _advertiser_id(visit: Visit) -> int:
    own = visit.who.advertiser_id if visit.who else None
    return own or _number(visit.form.get("advertiser_id", ""))


async def _with_token(visit: Visit, advertiser: dict[str, Any]) -> dict[str, Any]:
    """Return the page's examples with the token in them, shown this once."""
    token = advertiser.get("postback_token", "")
    if not token:
        raise NOT_FOUND.error("This token isn't yours to see.")
    shown: dict[str, Any] = {"token": token}
    if visit.form.get("offer_id"):
        shown["wiring"] = _wiring(visit, await _offer(visit), visit.form.get("goal", ""), token)
    return shown


async def _show_token(visit: Visit) -> dict[str, Any]:
    return await _with_token(visit, await visit.api.get(f"/api/v1/advertisers/{_advertiser_id(visit)}"))


async def _rotate(visit: Visit) -> dict[str, Any]:
    path = f"/api/v1/advertisers/{_advertiser_id(visit)}/rotate-token"
    hours = _number(visit.form.get("overlap_hours", ""))
    return await _with_token(visit, await visit.api.send("POST", path, {"overlap_hours": hours}))


async def _test(visit: Visit) -> dict[str, Any] | Response:
    names = ("goal", "amount", "currency", "status", "txn_id", "proof")
    body: dict[str, Any] = {name: visit.form.get(name, "") for name in names}
    body["offer_id"] = _number(visit.form.get("offer_id", ""))
    return {"tested": await visit.api.send("POST", "/api/v1/postbacks/test", body), "sent": dict(visit.form)}


PAGES = (
    Page(
        PATH,
        "Postbacks",
        "postbacks/page.html",
        _show,
        "conversions:write",
        roles=frozenset({*STAFF, "advertiser"}),
        acts=(
            Act("show-token", _show_token, "conversions:write"),
            Act("rotate", _rotate, "program:write"),
            Act("test", _test, "conversions:write"),
        ),
        group="Set up",
        place=310,
        or_needs="rejected:read",
    ),
)
