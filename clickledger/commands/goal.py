"""``clickledger goal``: what an offer's customers do beside the base goal."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.offers import GOALS

COLUMNS = (
    "id",
    "offer_id",
    "code",
    "name",
    "status",
    "model",
    "payout",
    "payout_percent",
    "revenue",
    "revenue_percent",
)
KIND = Kind(
    GOALS,
    COLUMNS,
    "Goals are what an offer's customers do beside the base goal, each paid in its own way.",
    argument="code",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
