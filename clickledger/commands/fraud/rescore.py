"""``clickledger fraud rescore``: judge a range again, see what it moves, and have it written."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from clickledger.past_runs import await_end, parse_day, print_difference
from clickledger.service import Service
from fraud.past.span import DAY

PATH = "/api/v1/fraud/rescorings"


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(rescore)


def rescore(
    first: Annotated[str, typer.Option("--from", help="First UTC day.", show_default=False)],
    last: Annotated[str, typer.Option("--to", help="Last UTC day, included.", show_default=False)],
    partner: Annotated[
        int, typer.Option(min=0, help="Only this partner's events, by id.", show_default=False)
    ] = 0,
    offer: Annotated[int, typer.Option(min=0, help="Only this offer's events, by id.", show_default=False)] = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Write the new verdicts without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Judge events again under the rules and the model in force, and write their new verdicts.

    Shows first what would change, verdicts and money, and asks; without a terminal and --yes it only shows.
    """
    service = Service.find()
    end = parse_day(last) + DAY
    asked = {"from": parse_day(first).isoformat(), "to": end.isoformat(), "partner_id": partner, "offer_id": offer}
    record = await_end(service, service.post(PATH, asked), "judged")
    if not as_json:
        print_difference(record)
    if sum(record["changed"].values()) and (yes or _wanted(as_json=as_json)):
        record = await_end(service, service.post(f"{PATH}/{record['id']}/apply", {}), "written")
        if not as_json:
            typer.echo(f"Written as {record['id']}; what was before is in verdict_history.")
    elif record["state"] == "proposed":
        record = service.post(f"{PATH}/{record['id']}/cancel", {})
        if not as_json:
            typer.echo("Nothing was written.")
    if as_json:
        typer.echo(json.dumps(record))


def _wanted(*, as_json: bool) -> bool:
    return not as_json and sys.stdin.isatty() and typer.confirm("Write these verdicts?")
