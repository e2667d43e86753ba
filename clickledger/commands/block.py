"""``clickledger block``: sources of traffic that are turned away."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.network import BLOCKLIST

COLUMNS = ("id", "kind", "value", "offer_id", "partner_id", "reason", "expires_at")
KIND = Kind(BLOCKLIST, COLUMNS, "Blocks turn sources of traffic away.", argument="value", command="block")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
