"""``clickledger access``: which partners may promote an offer."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.promotion import OFFER_ACCESS

COLUMNS = ("id", "offer_id", "partner_id", "status", "note")
KIND = Kind(
    OFFER_ACCESS,
    COLUMNS,
    "Access says which partners may promote an offer that isn't open to all, or may not.",
    command="access",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
