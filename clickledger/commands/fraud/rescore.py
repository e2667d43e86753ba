"""``clickledger fraud rescore``: judge a range again, see what it moves, and have it written."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from clickledger.past_runs import await_end, parse_day, print_difference
from clickledger.program_entries import identify
from clickledger.service import Service
from fraud.past.span import DAY
from kernel.errors import ErrorKind

NOT_ASKED = ErrorKind(
    "rescoring_not_asked",
    400,
    "info",
    "There is no terminal to ask on whether to write this: give --yes to write it, or --json to only see it.",
)
DAYS_REVERSED = ErrorKind("days_reversed", 400, "info", "The last day is before the first.")
ERRORS = {kind.code: kind for kind in (NOT_ASKED, DAYS_REVERSED)}

PATH = "/api/v1/fraud/rescorings"


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(rescore)


def rescore(
    first: Annotated[str, typer.Option("--from", help="First UTC day.", show_default=False)],
    last: Annotated[str, typer.Option("--to", help="Last UTC day, included.", show_default=False)],
    partner: Annotated[str, typer.Option(help="Only this partner's events: name or id.", show_default=False)] = "",
    offer: Annotated[str, typer.Option(help="Only this offer's events: name or id.", show_default=False)] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Write the new verdicts without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Judge events again under the rules and the model in force, and write their new verdicts.

    Shows first what would change, verdicts and money, and asks. Where there is no terminal to ask on, nothing is
    written without --yes, and the exit code is 1 if there was something to write; with --json it only shows.
    """
    begin, end = parse_day(first), parse_day(last)
    if end < begin:
        raise DAYS_REVERSED.error(f"--to {end} is before --from {begin}.")
    service = Service.find()
    asked = {
        "from": begin.isoformat(),
        "to": (end + DAY).isoformat(),
        "partner_id": identify(service, "/api/v1/partners", "partner", partner) if partner else 0,
        "offer_id": identify(service, "/api/v1/offers", "offer", offer) if offer else 0,
    }
    record = await_end(service, service.post(PATH, asked), "judged")
    if not as_json:
        print_difference(record)
    is_unasked = False
    if sum(record["changed"].values()) and (yes or _wanted(as_json=as_json)):
        record = await_end(service, service.post(f"{PATH}/{record['id']}/apply", {}), "written")
        if not as_json:
            typer.echo(f"Written as {record['id']}; what was before is in verdict_history.")
    elif record["state"] == "proposed":
        is_unasked = bool(sum(record["changed"].values())) and not (yes or as_json or sys.stdin.isatty())
        record = service.post(f"{PATH}/{record['id']}/cancel", {})
        if not as_json:
            typer.echo("Nothing was written.")
    if as_json:
        typer.echo(json.dumps(record))
    if is_unasked:
        raise NOT_ASKED.error()


def _wanted(*, as_json: bool) -> bool:
    return not as_json and sys.stdin.isatty() and typer.confirm("Write these verdicts?")
