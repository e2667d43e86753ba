"""``clickledger landing-page``: pages an offer's clicks are spread over."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.promotion import LANDING_PAGES

COLUMNS = ("id", "offer_id", "name", "url", "weight", "status")
KIND = Kind(LANDING_PAGES, COLUMNS, "Landing pages are pages an offer's clicks are spread over.", argument="name")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
