"""``clickledger hook``: outgoing postbacks and webhooks, made, tried, looked into and sent again."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from clickledger.commands import partner as partners
from clickledger.entries import Kind, group_of
from clickledger.program_entries import OnlyJson, console, create, given
from clickledger.service import Service
from partners.resources.network import HOOKS
from partners.schemas.people import MAX_OVERLAP_HOURS

ATTEMPTS = "/api/v1/outbound/attempts"
MESSAGES = "/api/v1/outbound/messages"
COLUMNS = ("id", "name", "kind", "enabled", "partner_id", "offer_id", "goal", "statuses", "method", "url")
KIND = Kind(
    HOOKS,
    COLUMNS,
    "Hooks tell partners and other systems of conversions: postbacks and signed webhooks.",
    argument="name",
)
SHOWN = ("ts", "hook_id", "message_id", "attempt", "outcome", "response_status", "duration_ms", "url", "error")
"""Columns of the table of tries; ``--json`` has all."""
PAGE = 1_000
DEFAULT_ATTEMPTS = 50

MessageId = Annotated[str, typer.Argument(help="Id of the message, as 'clickledger hook attempts' shows it.")]
HookId = Annotated[int, typer.Argument(min=1, help="Id of the hook.")]


class Outcome(StrEnum):
    """What a try can come to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"
    GIVEN_UP = "given_up"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = group_of(KIND)
    group.command("rotate-secret")(rotate_secret)
    group.command("test")(try_hook)
    group.command("attempts")(attempts)
    group.command("message")(message)
    group.command("resend")(resend)
    app.add_typer(group, name=KIND.name)


def rotate_secret(
    hook: HookId,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=MAX_OVERLAP_HOURS, help="Hours in which the old secret signs, too.")
    ] = 24,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Give a webhook a new secret; it is shown this once."""
    create(f"{KIND.path}/{hook}/rotate-secret", {"overlap_hours": overlap_hours}, only_json=only_json)


def try_hook(hook: HookId, *, only_json: OnlyJson = False) -> None:
    """Send a made-up conversion to a hook now, and show what came of it; exit code 1 unless it was taken."""
    tried = Service.find().post(f"{KIND.path}/{hook}/test", {})
    _show([tried], only_json=only_json)
    if tried["outcome"] != Outcome.DELIVERED:
        raise typer.Exit(1)


def attempts(
    hook: Annotated[
        int | None, typer.Option(help="Only tries of the hook with this id.", show_default=False)
    ] = None,
    conversion: Annotated[
        str | None, typer.Option(help="Only those about the conversion with this id.", show_default=False)
    ] = None,
    partner: Annotated[
        str | None,
        typer.Option(help="Only those about this partner's conversions: name or id.", show_default=False),
    ] = None,
    outcome: Annotated[
        Outcome | None, typer.Option(help="Only those that came to this.", show_default=False)
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="First moment, UTC; default: seven days ago.", show_default=False)
    ] = "",
    end: Annotated[
        str, typer.Option("--to", help="Moment after the last one, UTC; default: now.", show_default=False)
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="Most tries to list.")] = DEFAULT_ATTEMPTS,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List tries to send outgoing messages, newest first."""
    service = Service.find()
    filters = given(
        hook_id=hook,
        conversion_id=conversion,
        partner_id=partners.KIND.find(service, partner) if partner else None,
        outcome=outcome.value if outcome else None,
    )
    filters |= {name: value for name, value in {"from": start, "to": end}.items() if value}
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        page = service.get(ATTEMPTS, filters | {"limit": min(PAGE, limit - len(found)), "cursor": cursor})
        found += page["items"]
        cursor = page["next_cursor"]
    _show(found, only_json=only_json)


def message(message_id: MessageId, *, only_json: OnlyJson = False) -> None:
    """Show an outgoing message with every try, oldest first."""
    found = Service.find().get(f"{MESSAGES}/{message_id}")
    if only_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    _show(found["attempts"], only_json=False)


def resend(message_id: MessageId) -> None:
    """Send an outgoing message again, whether it was delivered or not."""
    done = Service.find().post(f"{MESSAGES}/{message_id}/resend", {})
    typer.echo(f"{done['message_id']} {done['status']}")


def _show(tries: list[dict[str, Any]], *, only_json: bool) -> None:
    if only_json:
        typer.echo(json.dumps(tries, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in SHOWN:
        table.add_column(column, overflow="fold")
    for one in tries:
        table.add_row(*(Text(str(one[column])) for column in SHOWN))
    console().print(table)
