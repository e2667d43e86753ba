"""Counts what is usual of conversions, in the event store."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from clickhouse_connect.driver.client import Client

from fraud.usual.conversions import sql
from fraud.usual.conversions.known import (
    NO_TIMING,
    Addresses,
    Amounts,
    CouponUse,
    Offer,
    OfOneClick,
    Pace,
    Partner,
    Timing,
    UsualConversions,
)

DAYS = 30
"""How far back it looks."""
OLDEST_CLICK_DAYS = 90
"""How long before a conversion its click may lie: the longest windows offers usually have."""
_DAY_MS = 86_400_000


def read_conversions(store: Client, now_ms: int) -> UsualConversions:
    """Count what was usual in the days before now.

    Args:
        store: A handle of the event store; reading is all it must be able to do.
        now_ms: Milliseconds since 1970.

    Raises:
        clickhouse_connect.driver.exceptions.Error, OSError: the store is away or refuses.

    """
    span = {
        "since": now_ms - DAYS * _DAY_MS,
        "until": now_ms + 1,
        "oldest": now_ms - (DAYS + OLDEST_CLICK_DAYS) * _DAY_MS,
    }

    def rows(statement: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = store.query_arrow(statement, parameters=span, use_strings=True).to_pylist()
        return found

    clicks, offer_clicks = _by_pair(rows(sql.CLICKS))
    converted, offer_converted = _by_pair(rows(sql.CONVERTED))
    countries, addresses = _places(rows(sql.PLACES))
    amounts = {
        (row["offer_id"], row["amount_currency"]): Amounts(row["number"], row["middle"], row["deviation"])
        for row in rows(sql.AMOUNTS)
    }
    sales = sum(one.number for one in amounts.values())
    return UsualConversions(
        **_timings(rows(sql.TIMING)),
        clicks=clicks,
        converted=converted,
        offer_clicks=offer_clicks,
        offer_converted=offer_converted,
        amounts=amounts,
        amount_deviation=sum(one.deviation * one.number for one in amounts.values()) / sales if sales else None,
        paces={
            row["offer_id"]: Pace(float(row["in_second"]), float(row["in_minute"]), row["minutes"])
            for row in rows(sql.PACE)
        },
        of_one_click={
            (row["offer_id"], row["goal"]): OfOneClick(float(row["most"]), row["clicks"])
            for row in rows(sql.OF_ONE_CLICK)
        },
        coupons={
            (row["offer_id"], row["coupon"]): CouponUse(
                row["uses"], min(max((now_ms - row["first_ms"]) / _DAY_MS, 1.0), float(DAYS))
            )
            for row in rows(sql.COUPONS)
        },
        countries=countries,
        addresses=addresses,
        made_at=now_ms / 1000,
    )


def _timings(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the timings by what they are of: the grouping sets of one statement."""
    network = NO_TIMING
    of_offers, of_goals, of_partners, of_pairs = {}, {}, {}, {}
    for row in rows:
        tail = [0.0 if math.isnan(seconds) else seconds for seconds in row["tail"]]
        timing = Timing(row["number"], row["late"], tuple(row["seconds"]), *tail)
        given = row["any_offer"], row["any_partner"], row["any_goal"]
        match given:
            case (1, 1, 1):
                network = timing if timing.number else NO_TIMING
            case (1, 0, 1):
                of_partners[row["partner_id"]] = timing
            case (0, 0, 1):
                of_pairs[row["offer_id"], row["partner_id"]] = timing
            case (0, 1, 0):
                of_goals[row["offer_id"], row["goal"]] = timing
            case _:
                of_offers[row["offer_id"]] = timing
    return {
        "network": network,
        "of_offers": of_offers,
        "of_goals": of_goals,
        "of_partners": of_partners,
        "of_pairs": of_pairs,
    }


def _by_pair(rows: list[dict[str, Any]]) -> tuple[dict[tuple[Offer, Partner], int], dict[Offer, int]]:
    pairs: dict[tuple[Offer, Partner], int] = {}
    offers: defaultdict[Offer, int] = defaultdict(int)
    for row in rows:
        pairs[row["offer_id"], row["partner_id"]] = row["number"]
        offers[row["offer_id"]] += row["number"]
    return pairs, dict(offers)


def _places(rows: list[dict[str, Any]]) -> tuple[dict[Offer, str], dict[Offer, Addresses]]:
    most: dict[Offer, tuple[int, str]] = {}
    addresses: dict[Offer, Addresses] = {}
    for row in rows:
        offer_id = row["offer_id"]
        if row["country"]:
            most[offer_id] = max(most.get(offer_id, (0, "")), (row["number"], row["country"]))
        so_far = addresses.get(offer_id, Addresses(0, 0))
        addresses[offer_id] = Addresses(so_far.number + row["addressed"], so_far.differing + row["differing"])
    return {offer_id: country for offer_id, (_, country) in most.items()}, addresses
