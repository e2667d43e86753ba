"""``clickledger conversion``: look at conversions, enter, change and upload them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from clickledger.program_entries import OnlyJson, console, given, show
from clickledger.service import Service

PATH = "/api/v1/conversions"
_HISTORY = ("changed_at", "outcome", "status", "payout", "currency", "reject_reason", "conversion_source", "actor")

ConversionId = Annotated[str, typer.Argument(metavar="CONVERSION", help="Id of the conversion.")]
Reason = Annotated[str, typer.Option(help="Why; kept in its history.")]
Status = Annotated[str | None, typer.Option(help="approved, pending, rejected or hold.", show_default=False)]
Amount = Annotated[str | None, typer.Option(help="Sale amount, such as 49.90.", show_default=False)]
Payout = Annotated[str | None, typer.Option(help="Instead of the tariff's.", show_default=False)]
Revenue = Annotated[str | None, typer.Option(help="Instead of the tariff's.", show_default=False)]
Currency = Annotated[str | None, typer.Option(help="Of these amounts.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Conversions: look at one, enter, change, upload.", no_args_is_help=True)
    group.command("show")(show_conversion)
    group.command("create")(create_conversion)
    group.command("change")(change_conversion)
    group.command("upload")(upload)
    app.add_typer(group, name="conversion")


def show_conversion(conversion: ConversionId, *, only_json: OnlyJson = False) -> None:
    """Show a conversion and every state it had."""
    told = Service.find().get(f"{PATH}/{conversion}")
    if only_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    show({name: value for name, value in told["conversion"].items() if value not in ("", None)}, only_json=False)
    table = Table(box=None, pad_edge=False, header_style="bold", title="History", title_justify="left")
    columns = [name for name in _HISTORY if told["history"] and name in told["history"][0]]
    for name in columns:
        table.add_column(name, overflow="fold")
    for state in told["history"]:
        table.add_row(*(Text(str(state[name])) for name in columns))
    console().print(table)


def create_conversion(
    reason: Reason,
    click_id: Annotated[str | None, typer.Option(help="Click it belongs to.", show_default=False)] = None,
    offer_id: Annotated[
        int | None, typer.Option(help="Offer, when a coupon takes the click's place.", show_default=False)
    ] = None,
    coupon: Annotated[str | None, typer.Option(help="Coupon code.", show_default=False)] = None,
    txn_id: Annotated[
        str | None, typer.Option(help="The advertiser's transaction id.", show_default=False)
    ] = None,
    goal: Annotated[str | None, typer.Option(help="Goal; default: the base goal.", show_default=False)] = None,
    status: Status = None,
    amount: Amount = None,
    payout: Payout = None,
    revenue: Revenue = None,
    currency: Currency = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Enter a conversion by hand."""
    wanted = given(
        reason=reason,
        click_id=click_id,
        offer_id=offer_id,
        coupon=coupon,
        txn_id=txn_id,
        goal=goal,
        status=status,
        amount=amount,
        payout=payout,
        revenue=revenue,
        currency=currency,
    )
    show(Service.find().post(PATH, wanted), only_json=only_json)


def change_conversion(
    conversion: ConversionId,
    reason: Reason,
    status: Status = None,
    amount: Amount = None,
    payout: Payout = None,
    revenue: Revenue = None,
    currency: Currency = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Approve, reject, hold or correct a conversion."""
    wanted = given(reason=reason, status=status, amount=amount, payout=payout, revenue=revenue, currency=currency)
    show(Service.find().patch(f"{PATH}/{conversion}", wanted), only_json=only_json)


def upload(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV; its first line names the columns.")
    ],
    reason: Annotated[str, typer.Option(help="Why; kept in the conversions' history.")] = "upload",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and change nothing.")] = False,
    only_json: OnlyJson = False,
) -> None:
    """Upload conversions, or changes of them; bad rows are shown with their line, the others land."""
    params = {"reason": reason, "dry_run": str(dry_run).lower()}
    told = Service.find().upload(f"{PATH}/upload", file.read_bytes(), "text/csv", params)
    bad = [row for row in told["results"] if row["status"] == "rejected"]
    if only_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(told["counts"].items()))
        typer.echo(f"{told['rows']} rows: {counts or 'none'}")
        for row in bad:
            typer.echo(f"line {row['line']}: {row['code']}: {row['message']}")
    if bad:
        raise typer.Exit(1)
