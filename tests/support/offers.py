"""Offers as the routing snapshot holds them, ordinary but for what a test names."""

from __future__ import annotations

from typing import Any

from tracker.routes import GoalRoute, OfferRoute, PriceRoute, TariffRoute


def goal(
    code: str = "",
    *,
    payout: str = "2.50",
    revenue: str = "4.00",
    payout_percent: str = "",
    revenue_percent: str = "",
    model: str = "CPA",
    **changes: Any,
) -> GoalRoute:
    """Return a goal that pays 2.50 for an approved conversion and earns 4.00."""
    tariff = TariffRoute(model, PriceRoute(payout, payout_percent), PriceRoute(revenue, revenue_percent))
    return GoalRoute(**({"id": 0, "code": code, "name": code or "Base", "tariff": tariff} | changes))


def offer(
    *,
    payout: str = "2.50",
    revenue: str = "4.00",
    payout_percent: str = "",
    revenue_percent: str = "",
    model: str = "CPA",
    default_status: str = "approved",
    hold_s: int = 0,
    more_goals: tuple[GoalRoute, ...] = (),
    **changes: Any,
) -> OfferRoute:
    """Return an active offer in USD whose base goal pays 2.50 for an approved conversion and earns 4.00."""
    base = goal(
        payout=payout,
        revenue=revenue,
        payout_percent=payout_percent,
        revenue_percent=revenue_percent,
        model=model,
        default_status=default_status,
        hold_s=hold_s,
    )
    fields: dict[str, Any] = {
        "id": 1,
        "name": "Shoes",
        "advertiser_id": 1,
        "status": "active",
        "destination": "https://shop.example/lp?cid={click_id}",
        "currency": "USD",
        "goals": {g.code: g for g in (base, *more_goals)},
    }
    return OfferRoute(**(fields | changes))
