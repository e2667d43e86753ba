"""``clickledger report``: a report from the running service, as a table, JSON or CSV."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from clickledger.service import Service
from reports import shell
from reports.printing import notes, print_table, write_csv

PATH = "/api/v1/reports/query"

DEFAULT_METRICS = "clicks,unique_clicks,conversions,cr,payout,revenue"


class OutputFormat(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    start: Annotated[
        str, typer.Option("--from", help="First day or moment; default: 7 days ago.", show_default=False)
    ] = "",
    end: Annotated[
        str,
        typer.Option("--to", help="Day or moment after the last one; default: tomorrow.", show_default=False),
    ] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of days and hours.")] = "UTC",
    by: Annotated[str, typer.Option(help="Dimensions, comma separated (docs/dimensions.md).")] = "",
    metrics: Annotated[str, typer.Option(help="Metrics, comma separated (docs/metrics.md).")] = DEFAULT_METRICS,
    condition: Annotated[list[str] | None, typer.Option("--filter", help=shell.CONDITION_HELP)] = None,
    sort: Annotated[str, typer.Option(help="Names to sort by, comma separated; -name sorts downwards.")] = "",
    limit: Annotated[int | None, typer.Option(help="Most rows.")] = None,
    offset: Annotated[int, typer.Option(help="Rows to skip.")] = 0,
    currency: Annotated[str, typer.Option(help="Currency of money metrics; default: the service's.")] = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print it.")] = OutputFormat.TABLE,
    *,
    totals: Annotated[bool, typer.Option("--totals", help="Add the totals.")] = False,
) -> None:
    """Report clicks and conversions by any dimensions."""
    first, last = shell.days(start, end, timezone, datetime.now(UTC))
    query: dict[str, Any] = {
        "from": first,
        "to": last,
        "timezone": timezone,
        "dimensions": shell.names(by),
        "metrics": shell.names(metrics),
        "sort": shell.sorting(sort),
        "offset": offset,
        "totals": totals,
    }
    try:
        query["filters"] = shell.conditions(condition or [])
    except shell.ConditionError as why:
        raise typer.BadParameter(str(why), param_hint="--filter") from why
    if limit is not None:
        query["limit"] = limit
    if currency:
        query["currency"] = currency

    answer = Service.find().post(PATH, query)
    match output:
        case OutputFormat.JSON:
            print(json.dumps(answer, ensure_ascii=False, indent=2))
        case OutputFormat.CSV:
            write_csv(answer, sys.stdout)
        case OutputFormat.TABLE:
            print_table(answer, sys.stdout)
    if output is not OutputFormat.JSON:
        for note in notes(answer):
            typer.echo(note, err=True)
