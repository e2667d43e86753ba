"""``clickledger link``: a partner's saved tracking link to an offer."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.commands import offer as offers
from clickledger.commands import partner as partners
from clickledger.program_entries import Limit, OnlyJson, create, given, identify, parameters, show_list
from clickledger.service import Service

PATH = "/api/v1/links"
COLUMNS = ("id", "code", "partner", "offer", "tracking_url", "parameters")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Links are what partners embed.", no_args_is_help=True)
    group.command("create")(create_link)
    group.command("list")(list_links)
    app.add_typer(group, name="link")


def create_link(
    partner: Annotated[str, typer.Option(help="Name or id of the partner.")],
    offer: Annotated[str, typer.Option(help="Name or id of the offer.")],
    code: Annotated[
        str | None, typer.Option(help="What stands after /c/; default: one is made.", show_default=False)
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(help="Preset parameter such as sub1=summer; may be repeated.", show_default=False),
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Create a link; prints its tracking URL, short and long."""
    preset = parameters(param)
    service = Service.find()
    entry = given(
        partner_id=identify(service, partners.PATH, "partner", partner),
        offer_id=identify(service, offers.PATH, "offer", offer),
        code=code,
        parameters=preset,
    )
    create(PATH, entry, only_json=only_json)


def list_links(
    partner: Annotated[
        str | None, typer.Option(help="Only those of this partner: name or id.", show_default=False)
    ] = None,
    offer: Annotated[
        str | None, typer.Option(help="Only those to this offer: name or id.", show_default=False)
    ] = None,
    code: Annotated[str | None, typer.Option(help="Only the one with this code.", show_default=False)] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List links."""
    service = Service.find()
    filters = given(
        partner_id=identify(service, partners.PATH, "partner", partner) if partner else None,
        offer_id=identify(service, offers.PATH, "offer", offer) if offer else None,
        code=code,
    )
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)
