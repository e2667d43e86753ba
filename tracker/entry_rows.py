"""Rows of the program's tables that make a route each, as routes of the snapshot by their keys in it.

As in ``tracker.offer_rows``: what is paused or switched off is left out, what depends on the moment travels as a
moment.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from partners import preset_query
from tracker.offer_rows import Row, moment_ms
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CouponRoute,
    FraudRuleRoute,
    HookRoute,
    LinkRoute,
    PartnerRoute,
    SmartLinkRoute,
)

Made: TypeAlias = tuple[Any, msgspec.Struct]
"""Key in the snapshot and route."""


def partner_route(row: Row) -> Made:
    """Return a partner by id."""
    return row.id, PartnerRoute(row.id, row.name, row.status, row.fallback_url, row.tier_id or 0)


def advertiser_route(row: Row) -> Made:
    """Return an advertiser by id."""
    return row.id, AdvertiserRoute(
        row.id,
        row.name,
        row.postback_token,
        row.require_token,
        row.previous_token,
        moment_ms(row.previous_token_until),
        tuple(row.allowed_networks),
        row.status,
    )


def link_route(row: Row) -> Made:
    """Return a saved link by its code."""
    preset = preset_query(row.parameters)
    return row.code, LinkRoute(row.id, row.code, row.partner_id, row.offer_id or 0, preset, row.smart_link_id or 0)


def smart_link_route(row: Row) -> Made | None:
    """Return a smart link by id; None for a paused one."""
    if row.status != "active":
        return None
    members = tuple((member["offer_id"], member.get("weight", 1)) for member in row.members)
    return row.id, SmartLinkRoute(row.id, row.name, row.strategy, members, row.fallback_url)


def coupon_route(row: Row) -> Made | None:
    """Return a coupon by '<offer id>:<CODE>'; None for a paused one."""
    if row.status != "active":
        return None
    starts, ends = moment_ms(row.starts_at), moment_ms(row.ends_at)
    return f"{row.offer_id}:{row.code}", CouponRoute(row.id, row.code, row.offer_id, row.partner_id, starts, ends)


def block_route(row: Row) -> Made:
    """Return an entry of the blocklist by id."""
    expires = moment_ms(row.expires_at)
    return row.id, BlockRoute(row.id, row.kind, row.value, row.offer_id or 0, row.partner_id or 0, expires)


def fraud_rule_route(row: Row) -> Made:
    """Return an entry of a fraud rule by id."""
    return row.id, FraudRuleRoute(
        row.code,
        row.offer_id or 0,
        row.partner_id or 0,
        row.enabled,
        dict(row.settings),
        row.action,
        row.block,
        row.block_minutes,
    )


def hook_route(row: Row) -> Made | None:
    """Return a hook by id; None for one that is switched off."""
    return (row.id, route_of_hook(row)) if row.enabled else None


def route_of_hook(row: Row) -> HookRoute:
    """Return a hook, whether it is switched on or not."""
    return HookRoute(
        row.id,
        row.kind,
        row.method,
        row.url,
        tuple(row.statuses),
        row.partner_id or 0,
        row.advertiser_id or 0,
        row.offer_id or 0,
        row.goal,
        row.secret,
        row.previous_secret,
        moment_ms(row.previous_secret_until),
    )
