"""``clickledger fraud dry-run``: what rules set otherwise would have done to past days; nothing is written."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from clickledger.past_runs import await_end, print_difference
from clickledger.program_entries import identify
from clickledger.service import Service
from kernel.errors import ErrorKind

SETTING_UNREADABLE = ErrorKind(
    "setting_unreadable", 400, "info", "Write a setting as name=value, such as per_minute=30."
)
ERRORS = {SETTING_UNREADABLE.code: SETTING_UNREADABLE}


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command("dry-run")(dry_run)


def dry_run(
    rule: Annotated[
        str, typer.Option(help="Rule that would be set, by its reason; without: the rules as they are.")
    ] = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Setting as name=value; may be given several times.")
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Whether the rule would be looked at.")
    ] = None,
    action: Annotated[
        str, typer.Option(help="What would follow: mark, hold, reject, fallback or block.", show_default=False)
    ] = "",
    for_partner: Annotated[
        str, typer.Option(help="Set it for this partner only: name or id.", show_default=False)
    ] = "",
    for_offer: Annotated[
        str, typer.Option(help="Set it for this offer only: name or id.", show_default=False)
    ] = "",
    days: Annotated[int, typer.Option(min=1, help="UTC days up to today.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> None:
    """Judge past days under rules as they would be set, and show what would have happened; nothing is written."""
    entry: dict[str, Any] = {"code": rule, "settings": dict(_setting(text) for text in settings or ())}
    if enabled is not None:
        entry["enabled"] = enabled
    if action:
        entry["action"] = action
    if not rule and (entry["settings"] or action or enabled is not None):
        raise SETTING_UNREADABLE.error("Name the rule that these settings are of: --rule ip_velocity.")
    service = Service.find()
    for field, kind, named in (("partner_id", "partner", for_partner), ("offer_id", "offer", for_offer)):
        entry[field] = identify(service, f"/api/v1/{kind}s", kind, named) if named else 0
    asked = {"days": days, "entries": [entry] if rule else []}
    record = await_end(service, service.post("/api/v1/fraud/dry-runs", asked), "judged")
    if as_json:
        typer.echo(json.dumps(record))
        return
    print_difference(record)
    for one in record["difference"]["sample"]:
        reasons = ", ".join(one["after"]["reasons"]) or "no reason"
        typer.echo(f"{one['id']}: {one['before']['verdict']} -> {one['after']['verdict']} ({reasons})")
    typer.echo("Nothing was written.")


def _setting(text: str) -> tuple[str, Any]:
    """Return name and value: what JSON reads in it (a number, true, false, a list), else the text."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise SETTING_UNREADABLE.error()
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
