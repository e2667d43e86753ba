"""``clickledger tier``: classes of partners that offers can pay differently."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.people import TIERS

COLUMNS = ("id", "name", "description")
KIND = Kind(
    TIERS,
    COLUMNS,
    "Tiers are classes of partners that offers can pay differently.",
    argument="name",
    found_by="name",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
