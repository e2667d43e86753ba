"""``clickledger coupon``: codes that attribute sales to a partner without a click."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.promotion import COUPONS

COLUMNS = ("id", "code", "offer_id", "partner_id", "status", "starts_at", "ends_at")
KIND = Kind(COUPONS, COLUMNS, "Coupons attribute sales to a partner without a click.", argument="code")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
