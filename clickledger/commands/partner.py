"""``clickledger partner``: who sends traffic and is paid for it."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.program_entries import Limit, ListName, OnlyJson, create, given, show_list

PATH = "/api/v1/partners"
COLUMNS = ("id", "name", "status", "fallback_url")
STATUSES = "active, pending or suspended"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Partners send traffic and are paid for it.", no_args_is_help=True)
    group.command("create")(create_partner)
    group.command("list")(list_partners)
    app.add_typer(group, name="partner")


def create_partner(
    name: Annotated[str, typer.Argument(help="Its name, unlike any other partner's.")],
    status: Annotated[str | None, typer.Option(help=f"{STATUSES}; default: active.", show_default=False)] = None,
    fallback_url: Annotated[
        str | None, typer.Option(help="Where its clicks go that no offer takes.", show_default=False)
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Create a partner."""
    create(PATH, given(name=name, status=status, fallback_url=fallback_url), only_json=only_json)


def list_partners(
    name: ListName = None,
    status: Annotated[str | None, typer.Option(help=f"Only those who are {STATUSES}.", show_default=False)] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List partners."""
    show_list(PATH, given(name=name, status=status), COLUMNS, limit, only_json=only_json)
