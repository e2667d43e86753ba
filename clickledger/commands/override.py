"""``clickledger override``: other prices for one partner or one tier."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.offers import PAYOUT_OVERRIDES

COLUMNS = (
    "id",
    "offer_id",
    "goal",
    "partner_id",
    "tier_id",
    "payout",
    "payout_percent",
    "revenue",
    "revenue_percent",
)
KIND = Kind(
    PAYOUT_OVERRIDES, COLUMNS, "Overrides are other prices for one partner or one tier.", command="override"
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
