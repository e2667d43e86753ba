"""``clickledger creative``: material for partners' pages."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.promotion import CREATIVES

COLUMNS = ("id", "offer_id", "name", "kind", "url", "width", "height", "status")
KIND = Kind(CREATIVES, COLUMNS, "Creatives are material for partners' pages.", argument="name")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
