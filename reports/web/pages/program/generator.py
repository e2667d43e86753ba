"""The link generator: an offer, a partner and labels become a tracking link, shown while it is put together.

The same fields are on the page of its own and on an offer's. Invariant: the link that is shown without a script,
the one that the script shows, and the one a saved link has are written by the same rules: fields in this order,
values percent-encoded, empty ones left out.
"""

from __future__ import annotations

from typing import Any, Final

from kernel.errors import ClickledgerError
from partners.answers import preset_query
from reports.web.form_values import NAMED
from reports.web.forms import Choice
from reports.web.pages.program import choices
from reports.web.visit import Visit

SUBS: Final = tuple(f"sub{n}" for n in range(1, 6))
MORE_SUBS: Final = (*(f"sub{n}" for n in range(6, 11)), "source", "partner_click_id", "coupon")
UTM: Final = tuple(f"utm_{n}" for n in ("source", "medium", "campaign", "term", "content"))
TARGETS: Final = ("offer_id", "smart_link_id", "partner_id")
PARAMETERS: Final = (*SUBS, *MORE_SUBS, "landing_id", "creative_id", "url", *UTM)
"""What a link carries beside its target, in the order of the link."""
HELPS: Final = {
    "sub1": "Such as where it stands: newsletter.",
    "sub2": "Such as which issue or post: 2026-11.",
    "sub3": "Such as which place on it: top.",
    "sub4": "Such as which audience: returning.",
    "sub5": "Such as which version of a test: b.",
    **{f"sub{n}": "One more label of your own." for n in range(6, 11)},
    "source": "Where the visitor comes from, as a site or an app: blog.example.",
    "partner_click_id": "Your own tracker's id of the click; your postback gets it back.",
    "coupon": "The code shown beside the link, as SPRING20.",
    "utm_source": "Who sends the visitor, as newsletter.",
    "utm_medium": "In what way, as email.",
    "utm_campaign": "For which campaign, as spring-sale.",
    "utm_term": "With which words, as running shoes.",
    "utm_content": "Which of several links, as top-banner.",
}
"""What each label is for."""


async def context(visit: Visit, offer_id: int | None = None) -> dict[str, Any]:
    """Return what the fields offer and hold, for a template.

    Args:
        visit: With the form, or the query, that says what is known already.
        offer_id: The offer on whose page the fields are; None: one is chosen.

    """
    is_partner = visit.who is not None and visit.who.partner_id is not None
    values = {name: _said(visit, name) for name in (*TARGETS, *PARAMETERS, "code")}
    if offer_id is not None:
        values["offer_id"] = str(offer_id)
    if is_partner and visit.who:
        values["partner_id"] = str(visit.who.partner_id)
    chosen = await _offer(visit, values["offer_id"])
    pages, creatives = await _material(visit, values["offer_id"]) if chosen else ([], [])
    return {
        "values": values,
        "edge": visit.request.app.state.settings.edge_url,
        "offer": chosen,
        "is_fixed": offer_id is not None,
        "is_partner": is_partner,
        "offers": () if offer_id is not None else await choices.by_name(visit, "offers"),
        "smart_links": [] if offer_id is not None else await _smart_links(visit),
        "partners": () if is_partner else await choices.by_name(visit, "partners"),
        "page_choices": [
            ("", "taken in turns" if pages else "the offer's own"),
            *((one["id"], one["name"]) for one in pages),
        ],
        "creative_choices": [("", "none"), *((one["id"], one["name"]) for one in creatives)],
        "helps": HELPS,
        "order": " ".join(PARAMETERS),
        "subs": SUBS,
        "more_subs": MORE_SUBS,
        "utm": UTM,
        "preview": preview(visit.request.app.state.settings.edge_url, values),
    }


def preview(edge_url: str, values: dict[str, str]) -> str:
    """Return the tracking link that values make; '' while it isn't said where it leads and whose it is."""
    target = "offer_id" if values["offer_id"] else "smart_link_id"
    if not (values[target] and values["partner_id"]):
        return ""
    query = {name: values[name] for name in (target, "partner_id", *PARAMETERS) if values[name]}
    return f"{edge_url}/click?{preset_query(query)}"


def body(values: dict[str, str]) -> dict[str, Any]:
    """Return the body that saves a link."""
    targets = {name: int(text) if _is_number(text := values[name]) else text for name in TARGETS if values[name]}
    if "offer_id" in targets:
        targets.pop("smart_link_id", None)
    parameters = {name: values[name] for name in PARAMETERS if values[name]}
    return {**targets, **({"code": values["code"]} if values["code"] else {}), "parameters": parameters}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 11


def _said(visit: Visit, name: str) -> str:
    text = (visit.form.get(name, "") if visit.form else visit.query(name)).strip()
    match = NAMED.fullmatch(text) if name in TARGETS else None
    return match[1] if match else text


async def _smart_links(visit: Visit) -> list[Choice]:
    """Return a select's options; nothing where there is nothing to choose from."""
    entries = await choices.every(visit, "smart-links", sort="name")
    return [("", "none"), *((str(one["id"]), one["name"]) for one in entries)] if entries else []


async def _offer(visit: Visit, offer_id: str) -> dict[str, Any] | None:
    if not _is_number(offer_id):
        return None
    try:
        offer: dict[str, Any] = await visit.api.get(f"/api/v1/offers/{int(offer_id)}")
    except ClickledgerError:
        return None  # of a list that changed since, or of an address that somebody wrote
    return offer


async def _material(visit: Visit, offer_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    pages = await choices.every(visit, "landing-pages", offer_id=offer_id, status="active")
    creatives = await choices.every(visit, "creatives", offer_id=offer_id, status="active")
    return pages, creatives
