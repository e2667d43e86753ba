"""``clickledger link``: a partner's saved tracking link, to an offer or a smart link, and its self-test."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from clickledger.entries import Kind, group_of
from clickledger.program_entries import OnlyJson, console, given
from clickledger.service import Service
from partners.resources.promotion import LINKS

COLUMNS = ("id", "code", "partner", "offer", "tracking_url", "parameters")
KIND = Kind(LINKS, COLUMNS, "Links are what partners embed.", found_by="code")

_SIGNS = {"ok": ("✓", "green"), "failed": ("✗", "red"), "warning": ("!", "yellow"), "skipped": ("·", "dim")}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = group_of(KIND)
    group.command("test")(walk)
    app.add_typer(group, name=KIND.name)


def walk(
    link: Annotated[str, typer.Argument(help="Code or id of the link.")],
    ip: Annotated[
        str | None,
        typer.Option(help="Visitor's address, for offers that are not for everywhere.", show_default=False),
    ] = None,
    user_agent: Annotated[
        str | None, typer.Option(help="Visitor's user agent; default: an ordinary browser.", show_default=False)
    ] = None,
    language: Annotated[str | None, typer.Option(help="Accept-Language header.", show_default=False)] = None,
    goal: Annotated[str | None, typer.Option(help="Goal of the postback.", show_default=False)] = None,
    amount: Annotated[str | None, typer.Option(help="Sale amount of the postback.", show_default=False)] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Walk a link from click to report in test mode; shows expected and actual at each hop, and counts nothing."""
    service = Service.find()
    asked = given(ip=ip, user_agent=user_agent, language=language, goal=goal, amount=amount)
    told = service.post(f"{KIND.path}/{KIND.find(service, link)}/test", asked)
    if only_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show(told)
    if not told["ok"]:
        raise typer.Exit(1)


def _show(told: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "hop", "expected", "actual", "ms"):
        table.add_column(column, overflow="fold", justify="right" if column == "ms" else "left")
    for hop in told["hops"]:
        sign, style = _SIGNS[hop["state"]]
        table.add_row(
            Text(sign, style), hop["hop"], Text(hop["expected"]), Text(hop["actual"]), str(hop["elapsed_ms"] or "")
        )
        if hop["advice"]:
            table.add_row("", "", "", Text(hop["advice"], "italic"), "")
    console().print(Text(told["tracking_url"]), table, sep="\n")
