"""``clickledger smart-link``: several offers behind one link."""

from __future__ import annotations

import typer

from clickledger.entries import Kind, group_of
from partners.resources.promotion import SMART_LINKS

COLUMNS = ("id", "name", "strategy", "status", "members", "fallback_url")
KIND = Kind(SMART_LINKS, COLUMNS, "Smart links choose the offer for each click.", argument="name", found_by="name")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group_of(KIND), name=KIND.name)
