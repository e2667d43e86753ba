"""``clickledger report``: a report from the running service, as tables and charts, JSON or CSV."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text
from typer.core import TyperCommand

from clickledger.service import Service
from clickledger.watch import interruptible, repeat
from reports import shell
from reports.drawing import Look, is_series
from reports.printing import about, console_of, notes, print_table, write_csv
from reports.tables import drawn

PATH = "/api/v1/reports/query"

DEFAULT_METRICS = "clicks,unique_clicks,conversions,cr,payout,revenue"
DEFAULT_SECONDS = 5
SHORTEST_SECONDS = 0.2
NO_CHART = "none"

_AROUND = 8
"""Lines of a screen that a watched table's frame, header, totals and notes take."""
_CHART_LINES = 12
_FEWEST_ROWS = 3


Read = TypeVar("Read")


class OutputFormat(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class MoneyView(StrEnum):
    """Which money counts."""

    EXPECTED = "expected"
    EARNED = "earned"


class Watching(TyperCommand):
    """A command whose ``--watch`` may stand without its seconds."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        for place, word in enumerate(args):
            if word == "--watch" and not _is_number(next(iter(args[place + 1 :]), "")):
                args = [*args[: place + 1], str(DEFAULT_SECONDS), *args[place + 1 :]]
                break
        return super().parse_args(ctx, args)


def _is_number(word: str) -> bool:
    # What begins like a number is meant as one, and refused by the option where it isn't.
    return word[:1].isdigit() or word[:1] == "."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Watching)(report)


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
    money: Annotated[
        MoneyView, typer.Option(help="Money of what is approved and pending, or of what is approved alone.")
    ] = MoneyView.EXPECTED,
    compare: Annotated[
        str,
        typer.Option(help="Compare with previous_period, previous_year or a range, FROM..TO.", show_default=False),
    ] = "",
    pivot: Annotated[str, typer.Option(help="A dimension whose values become columns.", show_default=False)] = "",
    pivot_limit: Annotated[
        int | None, typer.Option(help="Most columns of a pivot; default: 10.", show_default=False)
    ] = None,
    formula: Annotated[
        list[str] | None,
        typer.Option(
            help="A metric of this report, NAME=FORMULA or NAME:UNIT=FORMULA, such as "
            "per_sale:money=payout/approved. Repeatable."
        ),
    ] = None,
    chart: Annotated[
        str,
        typer.Option(
            help=f"Metric to draw, or {NO_CHART}; default: on a terminal the first one.", show_default=False
        ),
    ] = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print it.")] = OutputFormat.TABLE,
    watch: Annotated[
        float | None,
        typer.Option(
            min=SHORTEST_SECONDS,
            help=f"Show it again every so many seconds, {DEFAULT_SECONDS} if none are given; Ctrl-C ends it.",
            show_default=False,
        ),
    ] = None,
    *,
    fill: Annotated[bool, typer.Option("--fill", help="Rows also for times in which nothing happened.")] = False,
    totals: Annotated[bool, typer.Option("--totals", help="Add the totals.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Leave texts in CSV that a spreadsheet would run as a formula.")
    ] = False,
) -> None:
    """Report clicks and conversions by any dimensions."""
    own = _read("--formula", lambda: shell.formulas(formula or []))
    measured = shell.names(metrics)
    # A formula is meant to be seen, whether it is named among the metrics or not.
    measured += [one["name"] for one in own if one["name"] not in measured]
    query: dict[str, Any] = {
        "timezone": timezone,
        "dimensions": shell.names(by),
        "metrics": measured,
        "filters": _read("--filter", lambda: shell.conditions(condition or [], measured)),
        "sort": shell.sorting(sort),
        "offset": offset,
        "totals": totals,
        "fill": fill,
        "money": money.value,
        "formulas": own,
    }
    others = {"limit": limit, "pivot_limit": pivot_limit, "pivot": pivot or None, "currency": currency or None}
    query |= {name: value for name, value in others.items() if value is not None}
    if compare:
        query["compare"] = _read("--compare", lambda: shell.comparison(compare))
    if watch is not None and not math.isfinite(watch):
        raise typer.BadParameter("give a number of seconds.", param_hint="--watch")
    if watch is not None and output is OutputFormat.CSV:
        raise typer.BadParameter("goes with tables and JSON; CSV has one header.", param_hint="--watch")

    service = Service.find()

    def ask() -> dict[str, Any]:
        # Days that were not given are those of the moment it is asked.
        first, last = shell.days(start, end, timezone, datetime.now(UTC))
        answer: dict[str, Any] = service.post(PATH, {"from": first, "to": last, **query})
        return answer

    if watch is None:
        print_answer(ask(), output, chart, raw=raw)
        return
    console = console_of(sys.stdout)
    with interruptible():
        if console.is_terminal and output is OutputFormat.TABLE:
            with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
                for answer, trouble in repeat(ask, watch):
                    live.update(_screen(answer, trouble, watch, chart, console), refresh=True)
        else:
            for answer, trouble in repeat(ask, watch):
                _print_again(answer, trouble, output, chart)


def _print_again(answer: dict[str, Any], trouble: str, output: OutputFormat, chart: str) -> None:
    """Print one of many answers below the one before; JSON has one a line, for programs that read on."""
    if trouble:
        typer.echo(trouble, err=True)
    elif output is OutputFormat.JSON:
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    else:
        print_answer(answer, output, chart)
        print(flush=True)


def _read(option: str, read: Callable[[], Read]) -> Read:
    """Read what was typed; what can't be read is a wrong option."""
    try:
        return read()
    except shell.ConditionError as why:
        raise typer.BadParameter(str(why), param_hint=option) from why


def print_answer(answer: dict[str, Any], output: OutputFormat, chart: str = "", *, raw: bool = False) -> None:
    """Print an answer once, and what a person is told beside it on standard error.

    Args:
        answer: A report's.
        output: How.
        chart: The metric to draw; empty: the first one where a person looks.
        raw: Leave texts in CSV as they are.

    """
    match output:
        case OutputFormat.JSON:
            print(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        case OutputFormat.CSV:
            write_csv(answer, sys.stdout, raw=raw)
        case OutputFormat.TABLE:
            print_table(answer, sys.stdout, _drawn_metric(answer, chart, unasked=sys.stdout.isatty()))
    for note in (about(answer), *notes(answer)):
        typer.echo(note, err=True)


def _screen(answer: dict[str, Any], trouble: str, seconds: float, chart: str, console: Console) -> RenderableType:
    """Return what fits a screen: when it was asked, what it is about, the first rows and a chart."""
    look = Look(console.width, _drawn_metric(answer, chart, unasked=True), plain=console.options.ascii_only)
    lines = console.height - _AROUND - (_CHART_LINES if is_series(answer, look) else 0)
    told = Text(f"{datetime.now().astimezone():%H:%M:%S}, every {seconds:g} s, Ctrl-C ends. ", style="dim")
    told.append(trouble, style="red")
    return Group(
        told,
        Text(" ".join((about(answer), *notes(answer))), style="dim"),
        drawn(answer, replace(look, most_rows=max(_FEWEST_ROWS, lines))),
    )


def _drawn_metric(answer: dict[str, Any], chart: str, *, unasked: bool) -> str:
    """Return the metric that is drawn, '' for none: the one that was named, or the first if nobody said.

    Raises:
        typer.BadParameter: the one that was named isn't part of the report.

    """
    metrics = answer["meta"]["metrics"]
    if chart == NO_CHART or not (chart or unasked):
        return ""
    if chart and chart not in metrics:
        raise typer.BadParameter(
            f"draw one of the metrics of the report: {', '.join(metrics)}.", param_hint="--chart"
        )
    return chart or str(metrics[0])
