"""``clickledger fraud dispute``: open disputes, read them, and settle them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from clickledger.program_entries import Limit, OnlyJson, console, given, identify, show, show_list
from clickledger.service import Service

PATH = "/api/v1/fraud/disputes"
COLUMNS = (
    *("id", "created_at", "partner_id", "conversion_id", "offer_id", "first_day", "last_day"),
    *("state", "outcome"),
)
_HISTORY = ("at", "by", "actor", "state", "internal", "text")

DisputeId = Annotated[int, typer.Argument(metavar="DISPUTE", help="Its id.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the partner reads it.")]


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Disputes: partners' objections and what becomes of them.")
    group.command("open")(open_dispute)
    group.command("list")(list_disputes)
    group.command("show")(show_dispute)
    group.command("say")(say)
    group.command("review")(_moving("under_review", "Take a dispute under review.", needs_reason=False))
    group.command("uphold")(_moving("upheld", "Let the verdict stand.", needs_reason=True))
    group.command("overturn")(overturn)
    group.command("withdraw")(_moving("withdrawn", "Withdraw a dispute.", needs_reason=False))
    commands.add_typer(group, name="dispute")


def open_dispute(
    reason: Annotated[str, typer.Option(help="Why the verdict is wrong.")],
    conversion: Annotated[str | None, typer.Option(help="Id of the conversion.", show_default=False)] = None,
    partner: Annotated[
        str | None, typer.Option(help="Whose traffic, when days are named: name or id.", show_default=False)
    ] = None,
    offer: Annotated[
        str | None, typer.Option(help="Only this offer's traffic of those days: name or id.", show_default=False)
    ] = None,
    first_day: Annotated[
        str | None, typer.Option("--from", help="First UTC day: YYYY-MM-DD.", show_default=False)
    ] = None,
    last_day: Annotated[
        str | None, typer.Option("--to", help="Last UTC day, included.", show_default=False)
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Dispute what became of a conversion, or of some days' traffic."""
    service = Service.find()
    body: dict[str, Any] = given(conversion_id=conversion, first_day=first_day, last_day=last_day)
    if partner is not None:
        body["partner_id"] = identify(service, "/api/v1/partners", "partner", partner)
    if offer is not None:
        body["offer_id"] = identify(service, "/api/v1/offers", "offer", offer)
    _tell(service.post(PATH, {"reason": reason, **body}), only_json=only_json)


def list_disputes(
    state: Annotated[
        str | None,
        typer.Option(help="Only open, under_review, upheld, overturned or withdrawn.", show_default=False),
    ] = None,
    partner: Annotated[str | None, typer.Option(help="Only of this one: name or id.", show_default=False)] = None,
    conversion: Annotated[str | None, typer.Option(help="Only of this conversion.", show_default=False)] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List disputes, the newest first."""
    partner_id = None if partner is None else identify(Service.find(), "/api/v1/partners", "partner", partner)
    filters = given(state=state, partner_id=partner_id, conversion_id=conversion) | {"sort": "-id"}
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)


def show_dispute(dispute: DisputeId, *, only_json: OnlyJson = False) -> None:
    """Show a dispute with everything that was said and done."""
    _tell(Service.find().get(f"{PATH}/{dispute}"), only_json=only_json)


def say(
    dispute: DisputeId,
    text: Annotated[str, typer.Argument(help="What to say.")],
    *,
    internal: Annotated[bool, typer.Option("--internal", help="For the network's people only.")] = False,
    only_json: OnlyJson = False,
) -> None:
    """Say something about a dispute."""
    told = Service.find().post(f"{PATH}/{dispute}/messages", {"text": text, "internal": internal})
    _tell(told, only_json=only_json)


def overturn(
    dispute: DisputeId,
    reason: Why,
    *,
    leave_money: Annotated[
        bool, typer.Option("--leave-money", help="Don't approve the conversion again, nor pay for it.")
    ] = False,
    only_json: OnlyJson = False,
) -> None:
    """Decide that the partner was right: its conversion is approved again, or what it was worth is paid."""
    body = {"state": "overturned", "reason": reason, "approve": not leave_money}
    _tell(Service.find().post(f"{PATH}/{dispute}/state", body), only_json=only_json)


def _moving(state: str, summary: str, *, needs_reason: bool) -> Callable[..., None]:
    """Return the command that brings a dispute to a state."""

    def move(dispute: DisputeId, reason: Why, *, only_json: OnlyJson = False) -> None:
        told = Service.find().post(f"{PATH}/{dispute}/state", {"state": state, "reason": reason})
        _tell(told, only_json=only_json)

    def move_without(dispute: DisputeId, reason: Why = "", *, only_json: OnlyJson = False) -> None:
        move(dispute, reason, only_json=only_json)

    command = move if needs_reason else move_without
    command.__doc__ = summary
    return command


def _tell(dispute: dict[str, Any], *, only_json: bool) -> None:
    if only_json:
        typer.echo(json.dumps(dispute, ensure_ascii=False, indent=2))
        return
    show(
        {name: value for name, value in dispute.items() if name != "history" and value not in ("", None)},
        only_json=False,
    )
    typer.echo("")
    table = Table(box=None, pad_edge=False, header_style="bold", title="History", title_justify="left")
    for column in _HISTORY:
        table.add_column(column, overflow="fold")
    for event in dispute["history"]:
        table.add_row(*(Text("yes" if event[column] is True else str(event[column] or "")) for column in _HISTORY))
    console().print(table)
