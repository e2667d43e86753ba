"""``clickledger fraud marks``: what analysts thought of partners."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.commands.fraud.mark import PATH
from clickledger.program_entries import Limit, OnlyJson, given, identify, show_list
from clickledger.service import Service

COLUMNS = ("id", "created_at", "partner_id", "mark", "actor", "note")


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("marks")(marks)


def marks(
    partner: Annotated[
        str | None, typer.Option("--partner", help="Only of this one: name or id.", show_default=False)
    ] = None,
    word: Annotated[str | None, typer.Option("--mark", help="Only fraud or fine.", show_default=False)] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List marks, the newest first; of a partner's marks the newest counts."""
    partner_id = None if partner is None else identify(Service.find(), "/api/v1/partners", "partner", partner)
    filters = given(partner_id=partner_id, mark=word) | {"sort": "-id"}
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)
