"""``clickledger fraud risk``: how risky partners are and why, and scoring a day, in the running service."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from clickledger.commands.rollup import DAY_UNREADABLE
from clickledger.service import Service

PATH = "/api/v1/fraud/risk"


class Sort(StrEnum):
    """Orders of the ranking."""

    SCORE = "score"
    CHANGE = "change"
    CLICKS = "clicks"
    PARTNER = "partner"


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(risk)
    group.command()(run)
    commands.add_typer(group, name="risk")


_Day = Annotated[str, typer.Option(help="UTC day; default: the latest that was scored.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print the API's answer.")]


def risk(
    context: typer.Context,
    day: Annotated[
        str, typer.Option(help="UTC day; default: the latest that was scored.", show_default=False)
    ] = "",
    partner: Annotated[
        int, typer.Option(min=0, help="One partner's days, and all that was measured of it; by its id.")
    ] = 0,
    sort: Annotated[
        Sort, typer.Option(help="score: the riskiest first; change: what rose most in a week first.")
    ] = Sort.SCORE,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Partners at most.")] = 20,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days of one partner's history.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer.")] = False,
) -> None:
    """Show a day's partners, the riskiest first, with what sets each apart from its peers.

    --day: UTC day, by default the latest that was scored. --partner: one partner's days, and all that was measured
    of it. --sort: score, change (what rose most in a week first), clicks or partner. --limit: partners at most.
    --days: how much history of one partner. --json: the API's answer.
    """
    if context.invoked_subcommand:
        return
    asked: dict[str, Any] = {"day": _read(day).isoformat()} if day else {}
    if partner:
        found = Service.find().get(f"{PATH}/{partner}", asked | {"days": days})
    else:
        found = Service.find().get(PATH, asked | {"sort": sort.value, "limit": limit})
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for table in _of_partner(found) if partner else [_ranking(found["items"])]:
        Console().print(table)
    typer.echo(f"{found['day']}, scored {found['scored_at'][:19]}Z. {found['note']}", err=True)


def run(
    day: Annotated[str, typer.Option(help="UTC day; default: yesterday.", show_default=False)] = "",
    to: Annotated[str, typer.Option(help="Last UTC day, included; default: the same.", show_default=False)] = "",
) -> None:
    """Score a day, or days, again; what was said of them before is replaced."""
    service = Service.find()
    first = _read(day) if day else None
    last = _read(to) if to else first
    if to and first is None:
        raise DAY_UNREADABLE.error("--to is the last of several days; give the first of them as --day.")
    if first is not None and last is not None and last < first:
        raise DAY_UNREADABLE.error()
    wanted: list[dict[str, str]] = [{}]
    if first is not None and last is not None:
        numbers = range(first.toordinal(), last.toordinal() + 1)
        wanted = [{"day": date.fromordinal(number).isoformat()} for number in numbers]
    for asked in wanted:
        made = service.post(f"{PATH}/runs", asked)
        typer.echo(
            f"{made['day']}: {made['judged']:,} partners judged on {made['clicks']:,} clicks. {made['note']}"
        )


def _ranking(items: list[dict[str, Any]]) -> Table:
    table = _table("place", "partner", "score", "change", "clicks", "what sets it apart")
    for item in items:
        judged = item["method"] != "too_few"
        table.add_row(
            str(item["place"]) if judged else "-",
            _named(item),
            str(item["score"]) if judged else "-",
            "" if item["change"] is None else f"{item['change']:+d}",
            f"{item['clicks']:,}",
            "\n".join(reason["sentence"] for reason in item["reasons"]),
        )
    return table


def _of_partner(found: dict[str, Any]) -> list[Table]:
    history = _table("day", "score", "place", "clicks", "method")
    for one in found["history"]:
        judged = one["method"] != "too_few"
        place = f"{one['place']} of {one['judged']}" if judged else "-"
        history.add_row(
            one["day"], str(one["score"]) if judged else "-", place, f"{one['clicks']:,}", one["method"]
        )
    measured = _table("behaviour", "value", "peers' median")
    for one in found["behaviour"]:
        if one["value"] is not None:
            usual = "" if one["peers_median"] is None else f"{one['peers_median']:.4g}"
            measured.add_row(one["name"], f"{one['value']:.4g}", usual)
    items = [found["risk"]] if found["risk"] is not None else []
    return [_ranking(items), history, measured]


def _read(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as why:
        raise DAY_UNREADABLE.error() from why


def _named(item: dict[str, Any]) -> str:
    return f"{item['partner']} ({item['partner_id']})" if item["partner"] else str(item["partner_id"])


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        number = heading in {"place", "score", "change", "clicks", "value", "peers' median"}
        table.add_column(heading, justify="right" if number else "left", no_wrap=number)
    return table
