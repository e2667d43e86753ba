"""``clickledger fraud mark``: say what an analyst thinks of a partner."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.program_entries import OnlyJson, identify, show
from clickledger.service import Service

PATH = "/api/v1/fraud/marks"


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("mark")(mark)


def mark(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Name or id.")],
    word: Annotated[str, typer.Argument(metavar="MARK", help="fraud or fine.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    *,
    only_json: OnlyJson = False,
) -> None:
    """Mark a partner as fraud or fine; the newest mark counts, and partner risk learns from it."""
    service = Service.find()
    partner_id = identify(service, "/api/v1/partners", "partner", partner)
    show(service.post(PATH, {"partner_id": partner_id, "mark": word, "note": note}), only_json=only_json)
