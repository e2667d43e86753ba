"""``clickledger cap``: the most an offer takes within a period."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.network import CAPS

COLUMNS = ("id", "offer_id", "kind", "period", "amount", "hard", "partner_id", "each_partner", "goal", "timezone")
KIND = Kind(CAPS, COLUMNS, "Caps are the most an offer takes within a period.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
