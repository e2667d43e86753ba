"""``clickledger demo``: whether the demo of ``up --demo`` is there, and its end."""

from __future__ import annotations

from typing import Annotated

import typer

_PATH = "/api/v1/demo"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The demo of 'clickledger up --demo': its state, and its end.")
    group.command()(status)
    group.command()(remove)
    app.add_typer(group, name="demo")


def status() -> None:
    """Say whether there is a demo, and how far it is made."""
    from clickledger.service import Service

    found = Service.find().get(_PATH)
    if found["state"] == "there":
        done = "complete" if found["is_complete"] else f"{found['days']} of {found['of_days']} days are stored"
        print(f"The demo is there: {done}. 'clickledger demo remove' takes it away.")
    elif found["state"] == "removed":
        print("The demo was removed.")
    else:
        print("There is no demo.")


def remove(*, yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False) -> None:
    """Take the demo away for good: its partners, offers, links, clicks, conversions and risk, and nothing else."""
    from clickledger.service import Service

    service = Service.find()
    if service.get(_PATH)["state"] == "none":
        print("There is no demo.")
        return
    if not yes and not typer.confirm("Take the demo's program and all of its traffic away for good?"):
        raise typer.Exit(1)
    done = service.delete(_PATH)
    print(f"The demo is gone, with {done['clicks']:,} clicks and what came of them.")
    for kind, ids in done["kept"].items():
        print(f"Kept, because entries of yours name them: {kind} {', '.join(map(str, ids))}")
