"""What the admin API answers: each kind as one JSON object.

Invariants: money is a decimal string with all its digits; a postback token is in answers about a single
advertiser or offer only, never in a list; URLs are ready to be copied.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from kernel.settings import Settings
from kernel.sql import MONEY_DIGITS
from partners.models import Advertiser, Entry, Link, Offer, Partner, Program

SMALLEST = Decimal(1).scaleb(-MONEY_DIGITS)
CUTTABLE = MONEY_DIGITS - 2
"""Digits after the point that are left out while they are zero."""

_POSTBACK = "click_id={click_id}&txn_id={order_id}&amount={amount}"
"""What an advertiser fills in; the braces are for their system, so they stay as they are."""


def money_text(amount: Decimal | None) -> str | None:
    """Return an amount as a decimal string: two digits after the point, more where it has more; None for none."""
    if amount is None:
        return None
    text = format(amount.quantize(SMALLEST), "f")
    return text[:-CUTTABLE] + text[-CUTTABLE:].rstrip("0")


def preset_query(parameters: dict[str, str]) -> str:
    """Return a link's preset parameters as a query string."""
    return urlencode(parameters, quote_via=quote)


def tracking_url(chosen: Settings, code: str) -> str:
    """Return the URL of a saved link."""
    return f"{chosen.edge_url}/c/{code}"


def postback_url(chosen: Settings, token: str) -> str:
    """Return an example of the URL an advertiser fires."""
    return f"{chosen.edge_url}/postback?{_POSTBACK}&token={quote(token, safe='')}"


def program(entry: Program) -> dict[str, Any]:
    """Return the program as a whole."""
    return {"version": entry.version, "fallback_url": entry.fallback_url}


def answer(entry: Entry, chosen: Settings, *, single: bool) -> dict[str, Any]:
    """Return one entry.

    Args:
        entry: With what it refers to.
        chosen: Names the edge's URL.
        single: The answer is about this entry alone, so it may show secrets.

    """
    match entry:
        case Advertiser():
            return _advertiser(entry, chosen, single=single)
        case Partner():
            return _partner(entry)
        case Offer():
            return _offer(entry, chosen, single=single)
        case Link():
            return _link(entry, chosen)


def _moments(entry: Entry) -> dict[str, Any]:
    return {"created_at": entry.created_at, "updated_at": entry.updated_at}


def _advertiser(entry: Advertiser, chosen: Settings, *, single: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": entry.id, "name": entry.name, "require_token": entry.require_token}
    if single:
        shown["postback_token"] = entry.postback_token
        shown["postback_url"] = postback_url(chosen, entry.postback_token)
    return shown | _moments(entry)


def _partner(entry: Partner) -> dict[str, Any]:
    shown = {"id": entry.id, "name": entry.name, "status": entry.status, "fallback_url": entry.fallback_url}
    return shown | _moments(entry)


def _offer(entry: Offer, chosen: Settings, *, single: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "advertiser_id": entry.advertiser_id,
        "advertiser": entry.advertiser.name,
        "status": entry.status,
        "destination": entry.destination,
        "currency": entry.currency,
        "payout": money_text(entry.payout),
        "revenue": money_text(entry.revenue),
        "payout_percent": money_text(entry.payout_percent),
        "revenue_percent": money_text(entry.revenue_percent),
        "default_status": entry.default_status,
        "deep_link_hosts": entry.deep_link_hosts,
        "allow_override": entry.allow_override,
        "attribution_window_days": entry.attribution_window_days,
        "fallback_url": entry.fallback_url,
    }
    if single:
        shown["postback_url"] = postback_url(chosen, entry.advertiser.postback_token)
    return shown | _moments(entry)


def _link(entry: Link, chosen: Settings) -> dict[str, Any]:
    ids = {"offer_id": str(entry.offer_id), "partner_id": str(entry.partner_id)}
    shown = {
        "id": entry.id,
        "code": entry.code,
        "partner_id": entry.partner_id,
        "partner": entry.partner.name,
        "offer_id": entry.offer_id,
        "offer": entry.offer.name,
        "parameters": entry.parameters,
        "tracking_url": tracking_url(chosen, entry.code),
        "long_url": f"{chosen.edge_url}/click?{preset_query(ids | entry.parameters)}",
    }
    return shown | _moments(entry)
