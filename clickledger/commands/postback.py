"""``clickledger postback``: fire one in test mode, and list those that came lately."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from clickledger.commands import advertiser as advertisers
from clickledger.commands import offer as offers
from clickledger.program_entries import OnlyJson, console, given, show
from clickledger.service import Service

PATH = "/api/v1/postbacks"
_COLUMNS = (
    "at",
    "outcome",
    "kind",
    "is_test",
    "offer_id",
    "txn_id",
    "amount",
    "conversion_id",
    "reason",
    "explained",
)


class Proof(StrEnum):
    """What shows that a postback is its advertiser's."""

    token = "token"  # noqa: S105 - a choice, no secret
    signature = "signature"
    none = "none"


class Outcome(StrEnum):
    """Which postbacks to list."""

    taken = "taken"
    refused = "refused"


Sent = Annotated[
    str | None, typer.Option(help="Sent as it is, so that the edge can refuse it.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Postbacks: fire a test, see what came.", no_args_is_help=True)
    group.command("test")(fire)
    group.command("received")(received)
    app.add_typer(group, name="postback")


def fire(
    offer: Annotated[str, typer.Argument(help="Name or id of the offer.")],
    goal: Sent = None,
    amount: Sent = None,
    currency: Sent = None,
    status: Sent = None,
    txn_id: Sent = None,
    proof: Annotated[Proof, typer.Option(help="What shows that it is the advertiser's.")] = Proof.token,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Fire a postback for an offer in test mode; shows the edge's answer and what it made, and counts nothing."""
    service = Service.find()
    asked = given(goal=goal, amount=amount, currency=currency, status=status, txn_id=txn_id)
    told = service.post(
        f"{PATH}/test", asked | {"offer_id": offers.KIND.find(service, offer), "proof": proof.value}
    )
    show(
        {name: value for name, value in told.items() if only_json or value not in ("", None)}, only_json=only_json
    )
    if not told["ok"]:
        raise typer.Exit(1)


def received(
    advertiser: Annotated[
        str | None, typer.Option(help="Only this advertiser's, by name or id.", show_default=False)
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most lines.")] = 50,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List postbacks and pixels of the last seven days, newest first: taken, or refused with the reason."""
    service = Service.find()
    wanted = given(
        advertiser_id=advertisers.KIND.find(service, advertiser) if advertiser else None,
        outcome=outcome.value if outcome else None,
        limit=limit,
    )
    items = service.get(f"{PATH}/received", wanted)["items"]
    if only_json:
        typer.echo(json.dumps(items, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for one in items:
        table.add_row(*(Text("" if one[name] is None else str(one[name])) for name in _COLUMNS))
    console().print(table)
