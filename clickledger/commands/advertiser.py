"""``clickledger advertiser``: who owns offers and fires postbacks."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.program_entries import Limit, ListName, OnlyJson, create, given, show_list

PATH = "/api/v1/advertisers"
COLUMNS = ("id", "name", "require_token")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Advertisers own offers and fire postbacks.", no_args_is_help=True)
    group.command("create")(create_advertiser)
    group.command("list")(list_advertisers)
    app.add_typer(group, name="advertiser")


def create_advertiser(
    name: Annotated[str, typer.Argument(help="Its name, unlike any other advertiser's.")],
    *,
    require_token: Annotated[
        bool, typer.Option("--require-token", help="Refuse its postbacks without token or signature.")
    ] = False,
    only_json: OnlyJson = False,
) -> None:
    """Create an advertiser; prints its postback URL with its token in it."""
    create(PATH, given(name=name, require_token=require_token), only_json=only_json)


def list_advertisers(name: ListName = None, limit: Limit = None, *, only_json: OnlyJson = False) -> None:
    """List advertisers."""
    show_list(PATH, given(name=name), COLUMNS, limit, only_json=only_json)
