"""``clickledger adjustment``: money added to or taken from a partner's account by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.commands import offer as offers
from clickledger.commands import partner as partners
from clickledger.program_entries import OnlyJson, given, show
from clickledger.service import Service

PATH = "/api/v1/adjustments"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Adjustments add money to a partner's account, or take it.", no_args_is_help=True)
    group.command("create")(create_adjustment)
    app.add_typer(group, name="adjustment")


def create_adjustment(
    partner: Annotated[str, typer.Option(help="Name or id of the partner.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")],
    reason: Annotated[str, typer.Option(help="Why; kept beside it.")],
    payout: Annotated[
        str | None, typer.Option(help="Added to what the partner earned; may be negative.", show_default=False)
    ] = None,
    revenue: Annotated[
        str | None, typer.Option(help="Added to what the advertiser pays; may be negative.", show_default=False)
    ] = None,
    offer: Annotated[str | None, typer.Option(help="Name or id of the offer.", show_default=False)] = None,
    adjustment_id: Annotated[
        str | None, typer.Option(help="Your own id: the same id again changes nothing.", show_default=False)
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Adjust a partner's account."""
    service = Service.find()
    wanted = given(
        partner_id=partners.KIND.find(service, partner),
        offer_id=offers.KIND.find(service, offer) if offer else None,
        payout=payout,
        revenue=revenue,
        currency=currency,
        reason=reason,
        adjustment_id=adjustment_id,
    )
    show(service.post(PATH, wanted), only_json=only_json)
