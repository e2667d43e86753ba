"""Offers as the routing snapshot holds them, ordinary but for what a test names."""

from __future__ import annotations

from typing import Any

from tracker.snapshot import OfferRoute

PLAIN = OfferRoute(
    id=1,
    name="Shoes",
    advertiser_id=1,
    status="active",
    destination="https://shop.example/lp?cid={click_id}",
    currency="USD",
    payout="2.50",
    revenue="4.00",
    payout_percent="",
    revenue_percent="",
    default_status="approved",
)


def offer(**changes: Any) -> OfferRoute:
    """Return an active offer that pays 2.50 USD for an approved conversion and earns 4.00."""
    fields = {name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__}
    return OfferRoute(**(fields | changes))
