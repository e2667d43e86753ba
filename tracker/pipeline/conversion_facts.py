"""Reads off a postback and its click what fraud rules know of a conversion.

Invariant: no postback raises here, whatever is in it; what can't be read is as if it weren't there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from fraud.conversions import Conversion, GoalKind
from tracker.conversion_state import id_of
from tracker.events import Postback
from tracker.pipeline.conversion_rows import KnownConversion, Owner
from tracker.routes import OfferRoute
from tracker.snapshot import Snapshot
from tracker.visitor import Place

LIVE = frozenset({"postback", "pixel", "script"})
"""Sources that report a conversion as it happens."""

_SALES = frozenset({"CPS", "revshare", "hybrid"})
_WORDS: tuple[tuple[GoalKind, tuple[str, ...]], ...] = (
    ("install", ("install", "first open", "first_open")),
    ("sale", ("sale", "purchase", "order", "deposit", "checkout")),
    ("lead", ("lead", "sign", "regist", "subscri", "form")),
)
"""What goals are called; the first that fits says of which kind one is."""
_APP_HOSTS = (
    *("play.google.com", "apps.apple.com", "itunes.apple.com", "app.appsflyer.com", "control.kochava.com"),
    *(".onelink.me", ".adj.st", "app.adjust.com", ".app.link", ".sng.link", "appgallery.huawei.com"),
)
"""Stores of apps, and the trackers of installs in front of them."""


def facts_of_conversion(
    postback: Postback,
    owner: Owner,
    before: KnownConversion | None,
    snapshot: Snapshot,
    place: Callable[[str], Place],
) -> Conversion:
    """Return the facts of the conversion that a postback makes, or of a known one as the postback changes it.

    Args:
        postback: What was reported.
        owner: Whose conversion it is.
        before: The conversion as it is stored; None for a new one.
        snapshot: The program.
        place: Returns where an address is; must not raise.

    """
    fields, click = postback.fields, owner.dimensions
    state = before.state if before else None
    offer = snapshot.offers.get(owner.offer_id)
    code = (fields.coupon or (state.coupon if state else "") or str(click.get("coupon", ""))).strip().upper()
    coupon = snapshot.coupons.get(f"{owner.offer_id}:{code}") if code else None
    conversion_ip = fields.conversion_ip or (state.conversion_ip if state else "")
    ip = str(click.get("ip", "")) if owner.click_id else ""
    found = place(conversion_ip) if conversion_ip else Place()
    return Conversion(
        key=id_of(postback),
        ts=before.ts if before else postback.ts,
        partner_id=owner.partner_id,
        offer_id=owner.offer_id,
        advertiser_id=int(click.get("advertiser_id", 0)),
        goal=fields.goal,
        kind=goal_kind(offer, fields.goal),
        attribution=owner.attribution,
        is_live=postback.source in LIVE,
        is_stored=before is not None,
        click_id=owner.click_id,
        click_ms=owner.click_ms,
        txn_id=fields.txn_id,
        customer_id=fields.customer_id or (state.customer_id if state else ""),
        coupon=code,
        coupon_partner_id=coupon.partner_id if coupon else 0,
        path_partner_id=owner.path_partner_id,
        amount=_number(fields.amount or (str(state.amount) if state else "")),
        currency=fields.currency or (state.amount_currency if state else offer.currency if offer else ""),
        ip=ip,
        country=str(click.get("country", "")),
        conversion_ip=conversion_ip,
        prefix=place(ip).ip_prefix if ip and conversion_ip else "",
        conversion_prefix=found.ip_prefix,
        conversion_country=found.country,
    )


def goal_kind(offer: OfferRoute | None, code: str) -> GoalKind:
    """Return what a goal asks for, by what it is called, by its payout model, or by the offer's page."""
    goal = offer.goals.get(code) if offer else None
    called = f"{code} {goal.name if goal else ''}".lower()
    for kind, words in _WORDS:
        if any(word in called for word in words):
            return kind
    if goal is not None and goal.tariff.model in _SALES:
        return "sale"
    if goal is not None and goal.tariff.model == "CPL":
        return "lead"
    if offer is not None and not code and _host(offer.destination).endswith(_APP_HOSTS):
        return "install"
    return "action"


def _host(destination: str) -> str:
    try:
        return urlsplit(destination).hostname or ""
    except ValueError:
        return ""


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
