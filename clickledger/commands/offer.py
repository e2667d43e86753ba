"""``clickledger offer``: what partners promote, where its clicks go and what its conversions are worth."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.offers import OFFERS

COLUMNS = ("id", "name", "advertiser", "status", "payout", "revenue", "currency", "destination")
KIND = Kind(OFFERS, COLUMNS, "Offers are what partners promote.", argument="name", found_by="name")
PATH = KIND.path


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
