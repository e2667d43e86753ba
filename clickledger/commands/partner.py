"""``clickledger partner``: who sends traffic and is paid for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from clickledger.entries import Kind, group_of
from clickledger.program_entries import OnlyJson, show
from clickledger.service import Service
from partners.resources.people import PARTNERS

COLUMNS = ("id", "name", "status", "email", "tier_id", "fallback_url")
KIND = Kind(PARTNERS, COLUMNS, "Partners send traffic and are paid for it.", argument="name", found_by="name")
PATH = KIND.path

STATUSES = {
    "approve": "approved",
    "reject": "rejected",
    "suspend": "suspended",
    "ban": "banned",
    "reopen": "pending",
}
"""Command -> the status it gives."""

Who = Annotated[str, typer.Argument(metavar="PARTNER", help="Name or id of the partner.")]
Reason = Annotated[str, typer.Option(help="Why; the partner can read it. A rejection and a ban need one.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = group_of(KIND)
    for command, status in STATUSES.items():
        group.command(command)(_becoming(status))
    app.add_typer(group, name=KIND.name)


def _becoming(status: str) -> Callable[..., None]:
    def command(partner: Who, reason: Reason = "", *, only_json: OnlyJson = False) -> None:
        service = Service.find()
        path = f"{PATH}/{KIND.find(service, partner)}/status"
        show(service.post(path, {"status": status, "reason": reason}), only_json=only_json)

    command.__doc__ = f"Make a partner {status}."
    return command
