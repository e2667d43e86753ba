"""``clickledger audit``: who changed what."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.program_entries import OnlyJson, given, show_list

PATH = "/api/v1/audit"
COLUMNS = ("at", "actor", "address", "action", "kind", "entry_id", "changes")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    kind: Annotated[str | None, typer.Option(help="Only this kind, such as offer.", show_default=False)] = None,
    entry_id: Annotated[int | None, typer.Option(help="Only the entry of this id.", show_default=False)] = None,
    actor: Annotated[
        str | None, typer.Option(help="Only what this one did, such as user:3.", show_default=False)
    ] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this action, such as create.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most entries to list; the newest come first.")] = 50,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List who changed what, the newest first."""
    filters = given(kind=kind, entry_id=entry_id, actor=actor, action=action, sort="-id")
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)
