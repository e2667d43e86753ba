"""``clickledger rate``: what currencies are worth, from a day on."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.network import CURRENCY_RATES

COLUMNS = ("id", "currency", "valid_from", "rate")
KIND = Kind(
    CURRENCY_RATES,
    COLUMNS,
    "Rates say what currencies are worth, from a day on.",
    argument="currency",
    command="rate",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
