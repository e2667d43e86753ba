"""``clickledger offer``: what partners promote, where its clicks go and what its conversions are worth."""

from __future__ import annotations

from typing import Annotated

import typer

from clickledger.commands import advertiser as advertisers
from clickledger.program_entries import Limit, ListName, OnlyJson, create, given, identify, show_list
from clickledger.service import Service

PATH = "/api/v1/offers"
COLUMNS = ("id", "name", "advertiser", "status", "payout", "revenue", "currency", "destination")
STATUSES = "active, paused or ended"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Offers are what partners promote.", no_args_is_help=True)
    group.command("create")(create_offer)
    group.command("list")(list_offers)
    app.add_typer(group, name="offer")


def create_offer(
    name: Annotated[str, typer.Argument(help="Its name, unlike any other offer's.")],
    advertiser: Annotated[str, typer.Option(help="Name or id of the advertiser.")],
    url: Annotated[
        str, typer.Option(help="Where its clicks go; may hold macros: https://shop.example/?cid={click_id}")
    ],
    payout: Annotated[
        str | None, typer.Option(help="What the partner gets for a conversion, such as 1.50.", show_default=False)
    ] = None,
    revenue: Annotated[
        str | None, typer.Option(help="What the advertiser pays for a conversion.", show_default=False)
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="ISO 4217 code; default: the service's.", show_default=False)
    ] = None,
    payout_percent: Annotated[
        str | None, typer.Option(help="Partner's share of the amount, in percent.", show_default=False)
    ] = None,
    revenue_percent: Annotated[
        str | None, typer.Option(help="Our share of the amount, in percent.", show_default=False)
    ] = None,
    status: Annotated[str | None, typer.Option(help=f"{STATUSES}; default: active.", show_default=False)] = None,
    default_status: Annotated[
        str | None,
        typer.Option(
            help="Of a conversion whose postback names none: approved, pending or hold; default: approved.",
            show_default=False,
        ),
    ] = None,
    deep_link_host: Annotated[
        list[str] | None,
        typer.Option(help="Host a deep link may lead to, or *.host; may be repeated.", show_default=False),
    ] = None,
    attribution_window_days: Annotated[
        int | None,
        typer.Option(help="Days after its click in which a conversion counts.", show_default=False),
    ] = None,
    fallback_url: Annotated[
        str | None, typer.Option(help="Where clicks go while the offer takes none.", show_default=False)
    ] = None,
    *,
    allow_override: Annotated[
        bool, typer.Option("--allow-override", help="Let postbacks set payout and revenue.")
    ] = False,
    only_json: OnlyJson = False,
) -> None:
    """Create an offer; prints its postback URL."""
    entry = given(
        name=name,
        advertiser_id=identify(Service.find(), advertisers.PATH, "advertiser", advertiser),
        destination=url,
        payout=payout,
        revenue=revenue,
        currency=currency,
        payout_percent=payout_percent,
        revenue_percent=revenue_percent,
        status=status,
        default_status=default_status,
        deep_link_hosts=deep_link_host or None,
        attribution_window_days=attribution_window_days,
        fallback_url=fallback_url,
        allow_override=allow_override,
    )
    create(PATH, entry, only_json=only_json)


def list_offers(
    name: ListName = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only those that are {STATUSES}.", show_default=False)
    ] = None,
    advertiser: Annotated[
        str | None, typer.Option(help="Only those of this advertiser: name or id.", show_default=False)
    ] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List offers."""
    owner = identify(Service.find(), advertisers.PATH, "advertiser", advertiser) if advertiser else None
    filters = given(name=name, status=status, advertiser_id=owner)
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)
