"""What clicks (CPC) and impressions (CPM) earn by themselves.

Invariants: only what is valid, no self-test and reached its offer earns (verdicts tell HEAD requests, prefetches
and bots apart); everything else has no payout, no revenue and no currency; the price is that of the program when
the event is stored, for its partner, tier and country.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from tracker.events import Click
from tracker.pipeline.batch import ClickBatch, look_up
from tracker.pipeline.steps.labels import is_rerouted
from tracker.snapshot import Snapshot
from tracker.tariff import EVENT_MODELS, event_price

_COLUMNS = ("payout", "revenue", "currency")
_Key: TypeAlias = tuple[int, int, str, str]
"""Offer, partner, country, click or impression."""
_NOTHING = (Decimal(0), Decimal(0), "")
_UNPAID: _Key = (0, 0, "", "")


def fill_prices(batch: ClickBatch, program: Snapshot) -> None:
    """Fill payout, revenue and currency where an offer pays by click or impression."""
    named = {click.offer_id for click in batch.clicks}
    offers = {number: offer for number in named if (offer := program.offers.get(number)) is not None}
    offers = {n: offer for n, offer in offers.items() if offer.goals[""].tariff.model in EVENT_MODELS}
    if not offers:
        return
    countries, verdicts = batch.columns["country"].to_pylist(), batch.columns["verdict"].to_pylist()
    keys = [
        (click.offer_id, click.partner_id, country, click.kind)
        if click.offer_id in offers and verdict == "valid" and _earns(click)
        else _UNPAID
        for click, country, verdict in zip(batch.clicks, countries, verdicts, strict=True)
    ]

    def price(key: _Key) -> tuple[Decimal, Decimal, str]:
        offer_id, partner_id, country, kind = key
        if not offer_id:
            return _NOTHING
        partner = program.partners.get(partner_id)
        earned = event_price(offers[offer_id], kind, partner_id, partner.tier_id if partner else 0, country)
        return (earned.payout, earned.revenue, earned.currency) if earned else _NOTHING

    batch.spread(_COLUMNS, look_up(keys, price))


def _earns(click: Click) -> bool:
    return not click.is_test and (not click.trafficback_reason or is_rerouted(click))
