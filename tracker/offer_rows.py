"""Rows of the program's tables as routes of the snapshot.

Pure: what is paused is left out, what depends on the moment travels as a moment and is judged by whoever
reads the snapshot. Invariants: money travels as decimal text with the digits it was stored with; JSON columns
have the shapes of ``partners.schemas``, without what is at its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from partners import money_text
from tracker.routes import (
    CapRoute,
    DuplicateRoute,
    GoalRoute,
    LandingRoute,
    OfferRoute,
    OverrideRoute,
    PriceRoute,
    TargetingRoute,
    TariffRoute,
)

DAY_S = 86_400
HOUR_S = 3_600
BASE_GOAL = "Base"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LISTED = ("country", "region", "device", "os", "browser", "language", "connection")

Row: TypeAlias = Any
"""A row of one table, its columns as attributes: SQLAlchemy's own type knows no more of them."""


@dataclass(frozen=True, slots=True)
class OfferRows:
    """An offer and all that belongs to it."""

    offer: Row
    goals: Sequence[Row] = ()
    overrides: Sequence[Row] = ()
    access: Sequence[Row] = ()
    landings: Sequence[Row] = ()
    caps: Sequence[Row] = ()


def offer_route(rows: OfferRows) -> OfferRoute:
    """Return what edges and pipeline need of an offer."""
    offer = rows.offer
    public = offer.visibility == "public"
    return OfferRoute(
        id=offer.id,
        name=offer.name,
        advertiser_id=offer.advertiser_id,
        status=offer.status,
        destination=offer.destination,
        currency=offer.currency,
        goals=_goals(rows),
        deep_link_hosts=tuple(offer.deep_link_hosts),
        allow_override=offer.allow_override,
        attribution_window_s=(offer.attribution_window_days or 0) * DAY_S,
        fallback_url=offer.fallback_url,
        view_window_s=(offer.view_window_hours or 0) * HOUR_S,
        min_conversion_s=offer.min_conversion_seconds,
        alternative_offer_id=offer.alternative_offer_id or 0,
        starts_at=moment_ms(offer.starts_at),
        ends_at=moment_ms(offer.ends_at),
        visibility=offer.visibility,
        approved_partners=() if public else _partners(rows.access, "approved"),
        refused_partners=_partners(rows.access, "rejected") if public else (),
        targeting=_targeting(offer.targeting),
        caps=tuple(cap_route(cap) for cap in rows.caps),
        duplicates=_duplicates(offer.duplicates),
        landings=tuple(
            LandingRoute(page.id, page.url, page.weight) for page in rows.landings if page.status == "active"
        ),
        pixel_cookie=offer.pixel_cookie,
    )


def moment_ms(moment: datetime | None) -> int:
    """Return milliseconds since 1970; 0 for none."""
    return 0 if moment is None else (moment - _EPOCH) // _MILLISECOND


def _goals(rows: OfferRows) -> dict[str, GoalRoute]:
    offer = rows.offer
    base = _goal(offer, 0, "", BASE_GOAL, offer.hold_days, rows.overrides)
    others = (
        _goal(g, g.id, g.code, g.name, offer.hold_days if g.hold_days is None else g.hold_days, rows.overrides)
        for g in rows.goals
        if g.status == "active"
    )
    return {goal.code: goal for goal in (base, *others)}


def _goal(priced: Row, goal_id: int, code: str, name: str, hold_days: int, overrides: Iterable[Row]) -> GoalRoute:
    tariff = TariffRoute(
        priced.model,
        _price(priced.payout, priced.payout_percent, priced.payout_rules),
        _price(priced.revenue, priced.revenue_percent, priced.revenue_rules),
    )
    return GoalRoute(
        goal_id,
        code,
        name,
        tariff,
        tuple(_override(each, priced) for each in overrides if each.goal == code),
        priced.default_status,
        hold_days * DAY_S,
    )


def _override(row: Row, own: Row) -> OverrideRoute:
    """Return an override; each part of a price that it leaves open is the goal's own."""
    payout = revenue = None
    if not row.payout is row.payout_percent is row.payout_rules is None:
        payout = _price(
            own.payout if row.payout is None else row.payout,
            own.payout_percent if row.payout_percent is None else row.payout_percent,
            own.payout_rules if row.payout_rules is None else row.payout_rules,
        )
    if not row.revenue is row.revenue_percent is row.revenue_rules is None:
        revenue = _price(
            own.revenue if row.revenue is None else row.revenue,
            own.revenue_percent if row.revenue_percent is None else row.revenue_percent,
            own.revenue_rules if row.revenue_rules is None else row.revenue_rules,
        )
    return OverrideRoute(row.partner_id or 0, row.tier_id or 0, payout, revenue)


def _price(fixed: Decimal | None, percent: Decimal | None, rules: Mapping[str, Any]) -> PriceRoute:
    plain = money_text(fixed) or "", money_text(percent) or ""
    if not rules:
        return PriceRoute(*plain)
    countries, steps = rules.get("countries", {}), rules.get("steps", ())
    return PriceRoute(
        *plain,
        countries={country: _parts(price) for country, price in countries.items()},
        steps_by=rules.get("steps_by", "conversions") if steps else "",
        steps_period=rules.get("steps_period", "month"),
        steps=tuple((step["from"], *_parts(step)) for step in steps),
    )


def _parts(price: Mapping[str, Any]) -> tuple[str, str]:
    return price.get("fixed", "0"), price.get("percent") or ""


def _partners(access: Iterable[Row], status: str) -> tuple[int, ...]:
    return tuple(sorted(each.partner_id for each in access if each.status == status))


def _targeting(rules: Mapping[str, Any]) -> TargetingRoute | None:
    if not rules:
        return None
    lists = {
        name: (tuple(rules[name].get("allow", ())), tuple(rules[name].get("deny", ())))
        for name in _LISTED
        if name in rules
    }
    return TargetingRoute(**lists, hours=tuple(rules.get("hours", ())), timezone=rules.get("timezone", "UTC"))


def cap_route(row: Row) -> CapRoute:
    """Return a cap as edges and the pipeline know it."""
    return CapRoute(
        row.id,
        row.kind,
        row.period,
        money_text(row.amount) or "",
        row.timezone,
        row.hard,
        row.partner_id or 0,
        row.each_partner,
        row.goal,
    )


def _duplicates(policy: Mapping[str, Any]) -> DuplicateRoute | None:
    if not policy:
        return None
    return DuplicateRoute(policy["action"], policy["by"], policy["window_s"], policy.get("each_partner", False))
