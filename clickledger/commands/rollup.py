"""``clickledger rollup``: compare the rollups with the clicks, and make days anew, in the running service."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from clickledger.service import Service
from kernel.errors import ErrorKind

CHECKED_AT_ONCE = 7
"""Days asked for in one request, so that a long check shows how far it is."""
DEFAULT_DAYS = 30

DAY_UNREADABLE = ErrorKind(
    "day_unreadable", 400, "info", "Write a day as YYYY-MM-DD, the last not before the first."
)
ERRORS = {DAY_UNREADABLE.code: DAY_UNREADABLE}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(no_args_is_help=True, help="Check the sums that reports are made of, and repair them.")
    commands.command()(check)
    commands.command()(rebuild)
    app.add_typer(commands, name="rollup")


def check(
    first: Annotated[
        str, typer.Option("--from", help="First UTC day; default: 30 days ago.", show_default=False)
    ] = "",
    last: Annotated[
        str, typer.Option("--to", help="Last UTC day, included; default: today.", show_default=False)
    ] = "",
) -> None:
    """Compare every day's rollups with its clicks, and name the days that differ.

    The exit code is 1 when one does.
    """
    today = datetime.now(UTC).date()
    end = _day(last, today)
    begin = _day(first, end - timedelta(days=DEFAULT_DAYS))
    service = Service.find()
    days = clicks = 0
    differing: list[str] = []
    for start in _each(begin, end, CHECKED_AT_ONCE):
        stop = min(start + timedelta(days=CHECKED_AT_ONCE), end + timedelta(days=1))
        asked = {"from": start.isoformat(), "to": stop.isoformat()}
        for found in service.get("/api/v1/rollups", asked)["days"]:
            days, clicks = days + 1, clicks + found["clicks"]
            if found["differing"]:
                differing.append(found["day"])
                typer.echo(
                    f"{found['day']}: {', '.join(found['differing'])} differ from {found['clicks']:,} clicks"
                )
    typer.echo(f"{days} days with {clicks:,} clicks compared, {len(differing)} differ", err=True)
    if differing:
        typer.echo("Repair them: clickledger rollup rebuild --day YYYY-MM-DD", err=True)
        raise typer.Exit(1)


def rebuild(
    day: Annotated[str, typer.Option(help="UTC day, or the first of several.", show_default=False)],
    to: Annotated[str, typer.Option(help="Last UTC day, included; default: the same.", show_default=False)] = "",
) -> None:
    """Make days' rollups anew from their clicks; reports see each day before or after, never between."""
    first = _day(day, date.min)
    last = _day(to, first)
    service = Service.find()
    for one in _each(first, last, 1):
        made = service.post("/api/v1/rollups/rebuild", {"day": one.isoformat()})
        typer.echo(f"{made['day']}: made anew from {made['clicks']:,} clicks")
        if made["differing"]:
            typer.echo(f"{made['day']}: {', '.join(made['differing'])} differ again", err=True)
            raise typer.Exit(1)


def _day(text: str, default: date) -> date:
    if not text:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError as why:
        raise DAY_UNREADABLE.error() from why


def _each(first: date, last: date, step: int) -> list[date]:
    """Return every ``step``-th day from the first up to the last."""
    if last < first:
        raise DAY_UNREADABLE.error()
    return [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)]
