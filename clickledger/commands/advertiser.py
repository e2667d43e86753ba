"""``clickledger advertiser``: who owns offers and fires postbacks."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.entries import Kind, group_of
from clickledger.program_entries import OnlyJson, show
from clickledger.service import Service
from partners.resources.people import ADVERTISERS
from partners.schemas.people import MAX_OVERLAP_HOURS

COLUMNS = ("id", "name", "status", "require_token")
KIND = Kind(ADVERTISERS, COLUMNS, "Advertisers own offers and fire postbacks.", argument="name", found_by="name")
PATH = KIND.path


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = group_of(KIND)
    group.command("rotate-token")(rotate_token)
    app.add_typer(group, name=KIND.name)


def rotate_token(
    advertiser: Annotated[str, typer.Argument(help="Name or id of the advertiser.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=MAX_OVERLAP_HOURS, help="Hours in which the old token is still accepted.")
    ] = 24,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Give an advertiser a new postback token; prints the new postback URL."""
    service = Service.find()
    path = f"{PATH}/{KIND.find(service, advertiser)}/rotate-token"
    show(service.post(path, {"overlap_hours": overlap_hours}), only_json=only_json)
