"""``clickledger saved``: reports that are kept, run again, shared by link and scheduled."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from clickledger.commands.report import DEFAULT_METRICS, OutputFormat, print_answer
from clickledger.program_entries import Limit, OnlyJson, given, identify, show, show_list
from clickledger.service import Service
from reports import shell
from reports.saved.ranges import RANGES

PATH = "/api/v1/saved-reports"
SCHEDULES = "/api/v1/report-schedules"
COLUMNS = ("id", "name", "owner", "shared_roles", "shared_users", "query")
DEFAULT_RANGE = "last_7_days"
DEFAULT_LIFE_DAYS = 30

Named = Annotated[str, typer.Argument(help="Name or id of the saved report.", metavar="REPORT")]
RangeOption = Annotated[
    str, typer.Option("--range", help=f"Relative range: {', '.join(RANGES)}.", show_default=False)
]
Start = Annotated[str, typer.Option("--from", help="First day or moment.", show_default=False)]
End = Annotated[str, typer.Option("--to", help="Day or moment after the last one.", show_default=False)]
Role = Annotated[list[str] | None, typer.Option("--share-role", help="A role whose people see it; repeatable.")]
UserId = Annotated[list[int] | None, typer.Option("--share-user", help="Id of a user who sees it; repeatable.")]


class Every(StrEnum):
    """How often a schedule runs."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class FileFormat(StrEnum):
    """How a schedule's report is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Saved reports are run again, shared and scheduled.", no_args_is_help=True)
    group.command("list")(list_reports)
    group.command("create")(create)
    group.command("show")(show_report)
    group.command("run")(run)
    group.command("delete")(delete)
    group.command("share")(share)
    group.command("schedule")(schedule)
    app.add_typer(group, name="saved")


def list_reports(limit: Limit = None, *, only_json: OnlyJson = False) -> None:
    """List the saved reports that are yours or shared with you."""
    show_list(PATH, {}, COLUMNS, limit, only_json=only_json)


def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    description: Annotated[str | None, typer.Option(help="What it is for.", show_default=False)] = None,
    relative: RangeOption = "",
    start: Start = "",
    end: End = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of days and hours.")] = "UTC",
    by: Annotated[str, typer.Option(help="Dimensions, comma separated (docs/dimensions.md).")] = "",
    metrics: Annotated[str, typer.Option(help="Metrics, comma separated (docs/metrics.md).")] = DEFAULT_METRICS,
    condition: Annotated[list[str] | None, typer.Option("--filter", help=shell.CONDITION_HELP)] = None,
    sort: Annotated[str, typer.Option(help="Names to sort by, comma separated; -name sorts downwards.")] = "",
    rows: Annotated[int | None, typer.Option("--limit", help="Most rows.", show_default=False)] = None,
    currency: Annotated[str, typer.Option(help="Currency of money metrics; default: the service's.")] = "",
    query: Annotated[
        str, typer.Option(help="The whole query as JSON, - reads it from standard input; instead of the others.")
    ] = "",
    roles: Role = None,
    users: UserId = None,
    *,
    totals: Annotated[bool, typer.Option("--totals", help="Add the totals.")] = False,
    only_json: OnlyJson = False,
) -> None:
    """Save a report; without a range it is about the last seven days whenever it runs."""
    if query:
        asked = _read_json(query)
    else:
        asked = _range(relative, start, end, default=DEFAULT_RANGE) | {
            "timezone": timezone,
            "dimensions": shell.names(by),
            "metrics": shell.names(metrics),
            "sort": shell.sorting(sort),
            "totals": totals,
            **given(limit=rows, currency=currency or None),
        }
        try:
            asked["filters"] = shell.conditions(condition or [], shell.names(metrics))
        except shell.ConditionError as why:
            raise typer.BadParameter(str(why), param_hint="--filter") from why
    body = {"name": name, "query": asked, **given(description=description)}
    body |= {"shared_roles": roles or [], "shared_users": users or []}
    show(Service.find().post(PATH, body), only_json=only_json)


def show_report(report: Named, *, only_json: OnlyJson = False) -> None:
    """Show a saved report, its links and its schedules."""
    service = Service.find()
    path = f"{PATH}/{_identify(service, report)}"
    found = service.get(path)
    found["links"] = service.get(f"{path}/shares")["items"]
    found["schedules"] = service.get(SCHEDULES, {"report_id": found["id"]})["items"]
    show(found, only_json=only_json)


def run(
    report: Named,
    relative: RangeOption = "",
    start: Start = "",
    end: End = "",
    output: Annotated[OutputFormat, typer.Option("--format", help="How to print it.")] = OutputFormat.TABLE,
) -> None:
    """Run a saved report, over its own range or another."""
    service = Service.find()
    answer = service.post(f"{PATH}/{_identify(service, report)}/run", _range(relative, start, end))
    print_answer(answer, output)


def delete(report: Named, *, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Delete a saved report, its links and its schedules."""
    service = Service.find()
    report_id = _identify(service, report)
    if not yes:
        typer.confirm(f"Delete saved report {report_id} with its links and schedules?", abort=True, err=True)
    service.delete(f"{PATH}/{report_id}")


def share(
    report: Named,
    days: Annotated[int, typer.Option(min=1, help="How long the link works.")] = DEFAULT_LIFE_DAYS,
    note: Annotated[str, typer.Option(help="For whom it is.")] = "",
    revoke: Annotated[
        int | None, typer.Option(help="End the link with this id instead.", show_default=False)
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Make a link that shows a report, with your rows, to whoever has it; it is shown this once."""
    service = Service.find()
    path = f"{PATH}/{_identify(service, report)}/shares"
    if revoke is not None:
        show(service.delete(f"{path}/{revoke}"), only_json=only_json)
        return
    expires_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    show(service.post(path, {"expires_at": expires_at, "note": note}), only_json=only_json)


def schedule(
    report: Named,
    every: Annotated[Every, typer.Option(help="How often it runs.")] = Every.DAY,
    at: Annotated[str, typer.Option(help="Local time, HH:MM.")] = "06:00",
    weekday: Annotated[
        int | None, typer.Option(min=1, max=7, help="1 Monday … 7 Sunday, of weekly ones.", show_default=False)
    ] = None,
    day: Annotated[
        int | None, typer.Option(min=1, max=31, help="Day of the month, of monthly ones.", show_default=False)
    ] = None,
    timezone: Annotated[str, typer.Option(help="IANA time zone of the local time.")] = "UTC",
    output: Annotated[FileFormat, typer.Option("--format", help="How it is written.")] = FileFormat.CSV,
    file: Annotated[
        str | None, typer.Option(help="Write files whose names begin so, below DATA/reports.", show_default=False)
    ] = None,
    url: Annotated[str | None, typer.Option(help="Call this webhook.", show_default=False)] = None,
    remove: Annotated[
        int | None, typer.Option(help="Delete the schedule with this id instead.", show_default=False)
    ] = None,
    history: Annotated[
        int | None, typer.Option(help="List the runs of the schedule with this id instead.", show_default=False)
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Run a saved report every day, week or month, into a file or to a webhook."""
    service = Service.find()
    if remove is not None:
        service.delete(f"{SCHEDULES}/{remove}")
        return
    if history is not None:
        columns = ("due_at", "attempt", "outcome", "started_at", "ended_at", "rows", "result", "error")
        show_list(f"{SCHEDULES}/{history}/runs", {}, columns, None, only_json=only_json)
        return
    if (file is None) == (url is None):
        raise typer.BadParameter("Give --file or --url, one of them.")
    body = {
        "report_id": _identify(service, report),
        "every": every.value,
        "at": at,
        "timezone": timezone,
        "format": output.value,
        "target": "webhook" if file is None else "file",
        **given(weekday=weekday, day=day, file_name=file, url=url),
    }
    show(service.post(SCHEDULES, body), only_json=only_json)


def _identify(service: Service, text: str) -> int:
    return identify(service, PATH, "saved report", text, command="saved")


def _range(relative: str, start: str, end: str, default: str = "") -> dict[str, Any]:
    """Return a query's range as it was typed; the service says what is wrong with it."""
    typed = {name: value for name, value in {"range": relative, "from": start, "to": end}.items() if value}
    return typed or ({"range": default} if default else {})


def _read_json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as why:
        raise typer.BadParameter(f"this is no JSON: {why}.", param_hint="--query") from why
    if not isinstance(read, dict):
        raise typer.BadParameter("a query is a JSON object.", param_hint="--query")
    return read
