"""``clickledger fraud models`` and ``rollback``: which models there are, and which is used."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from clickledger.service import Service


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    commands.command()(models)
    commands.command()(rollback)


def models(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False
) -> None:
    """List the models, newest first, and say which is in use; the exit code is 1 when it can't be used."""
    found = Service.find().get("/api/v1/fraud/models")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        named = ("version", "learnt from", "up to", "flags valid", "rules agree", "halves differ")
        table = Table("", *(Column(name, no_wrap=name in {"version", "up to"}) for name in named), box=None)
        for card in found["models"]:
            quality = card["quality"]
            agreement = quality["rule_agreement"]
            table.add_row(
                "*" if card["in_use"] else "",
                card["version"],
                f"{card['clicks_learnt']:,}",
                card["trained_to"][:16],
                f"{100 * quality['flagged'].get('valid', 0):.1f} %",
                "" if agreement is None else f"{agreement:.2f}",
                f"{quality['instability']:.1f}",
            )
        if found["models"]:
            Console().print(table)
        if found["why"]:
            typer.echo(found["why"], err=True)
        training = found["training"]
        if training["state"] == "running":
            typer.echo(f"A training is under way: {training['step']}, {100 * training['done']:.0f} %", err=True)
        elif training["state"] == "failed":
            typer.echo(f"The latest training came to nothing: {training['why']}", err=True)
    if found["state"] == "broken":
        raise typer.Exit(1)


def rollback(
    version: Annotated[str, typer.Argument(help="Version to use; without: the one before the one in use.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False,
) -> None:
    """Use an earlier model again, at once; the next training replaces it as usual."""
    card = Service.find().post("/api/v1/fraud/models/rollback", {"version": version})
    typer.echo(json.dumps(card) if as_json else f"Model {card['version']} is in use, of {card['made_at'][:16]}.")
