"""``clickledger log``: events one by one, newest first, and the whole road of one click."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from clickledger.program_entries import OnlyJson
from clickledger.service import Service
from reports.logs.log import LOGS, LogName
from reports.logs.places import clicked_at
from reports.logs.printing import print_road, print_rows
from reports.logs.schemas import MAX_LIMIT

PATH = "/api/v1/logs/{log}"
ROAD = "/api/v1/clicks/{click_id}"
DEFAULT_ROWS = 50

_SHORT: dict[LogName, str] = {
    "clicks": "ts,click_id,partner_id,offer_id,sub1,country,device_type,verdict,fraud_reasons,trafficback_reason",
    "impressions": "ts,click_id,partner_id,offer_id,sub1,country,device_type,verdict,fraud_reasons",
    "conversions": "ts,conversion_id,click_id,partner_id,offer_id,goal,status,reject_reason,payout,currency",
    "rejected": "ts,kind,reason,detail,click_id,ip,raw",
}
"""Columns that fit a terminal; those the key doesn't see are left out."""

Start = Annotated[
    str, typer.Option("--from", help="First day or moment; default: 7 days ago.", show_default=False)
]
End = Annotated[
    str, typer.Option("--to", help="Day or moment after the last one; default: tomorrow.", show_default=False)
]
Zone = Annotated[str, typer.Option("--timezone", help="IANA time zone of days and times.")]
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="NAME=VALUE, on a dimension; also !=, >=, <=, >, < and ~ (contains). The same dimension twice "
        "with = means either. Repeatable.",
    ),
]
Columns = Annotated[
    str, typer.Option(help="Columns, comma separated, or * for all; default: a few.", show_default=False)
]
Rows = Annotated[int, typer.Option("--limit", min=1, help="Most rows.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="log", help="Look at events one by one, newest first.", no_args_is_help=True)
    group.command("clicks")(clicks)
    group.command("impressions")(impressions)
    group.command("conversions")(conversions)
    group.command("rejected")(rejected)
    group.command("click")(click)
    app.add_typer(group)


def clicks(
    start: Start = "",
    end: End = "",
    timezone: Zone = "UTC",
    condition: Conditions = None,
    columns: Columns = "",
    limit: Rows = DEFAULT_ROWS,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List clicks."""
    _list("clicks", _asked(start, end, timezone, condition), columns, limit, only_json=only_json)


def impressions(
    start: Start = "",
    end: End = "",
    timezone: Zone = "UTC",
    condition: Conditions = None,
    columns: Columns = "",
    limit: Rows = DEFAULT_ROWS,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List impressions."""
    _list("impressions", _asked(start, end, timezone, condition), columns, limit, only_json=only_json)


def conversions(
    start: Start = "",
    end: End = "",
    timezone: Zone = "UTC",
    condition: Conditions = None,
    columns: Columns = "",
    limit: Rows = DEFAULT_ROWS,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List conversions as they are now."""
    _list("conversions", _asked(start, end, timezone, condition), columns, limit, only_json=only_json)


def rejected(
    start: Start = "",
    end: End = "",
    timezone: Zone = "UTC",
    condition: Conditions = None,
    columns: Columns = "",
    limit: Rows = DEFAULT_ROWS,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List what was refused, with its reason; filter by kind, reason, method, ip or click_id."""
    _list("rejected", _asked(start, end, timezone, condition), columns, limit, only_json=only_json)


def click(
    click_id: Annotated[str, typer.Argument(help="Id of a click or an impression.")],
    timezone: Zone = "UTC",
    *,
    only_json: OnlyJson = False,
) -> None:
    """Show the whole road of one click: where it was sent and why, its verdict, conversions and postbacks."""
    clicked_at(click_id)  # what is no id could be another address
    road = Service.find().get(ROAD.format(click_id=click_id), {"timezone": timezone})
    if only_json:
        typer.echo(json.dumps(road, ensure_ascii=False, indent=2))
        return
    print_road(road, sys.stdout)


def _asked(start: str, end: str, timezone: str, condition: list[str] | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"timezone": timezone, "filter": condition or []}
    return asked | {name: value for name, value in {"from": start, "to": end}.items() if value}


def _list(log: LogName, asked: dict[str, Any], columns: str, limit: int, *, only_json: bool) -> None:
    """Print the newest rows, however many pages they take."""
    service = Service.find()
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    names: list[str] = []
    # JSON has the service's own choice of columns, which no terminal has to fit.
    asked |= {"columns": columns} if columns or only_json else {}
    while cursor is not None and len(found) < limit:
        page = service.get(
            PATH.format(log=LOGS[log].table),
            asked | {"limit": min(MAX_LIMIT, limit - len(found)), "cursor": cursor},
        )
        found += page["items"]
        cursor, names = page["next_cursor"], page["meta"]["columns"]
    if only_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    few = _SHORT[log].split(",")
    print_rows(found, names if columns else [name for name in names if name in few], sys.stdout)
    if cursor is not None:
        typer.echo(f"There are more than these {len(found)} rows; raise --limit or filter.", err=True)
