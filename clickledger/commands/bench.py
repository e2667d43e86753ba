"""``clickledger bench``: the tracked redirect on this machine, beside a bare one and any other service."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console

from clickledger.bench import redirect
from clickledger.bench.lines import table
from clickledger.bench.wrk import WrkMissingError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    target: Annotated[
        list[str] | None,
        typer.Option(help="URL of another redirect service to put beside ours; repeatable.", show_default=False),
    ] = None,
    connections: Annotated[
        int, typer.Option(min=1, max=1000, help="Connections of the load, each with one request under way.")
    ] = redirect.CONNECTIONS,
    rounds: Annotated[
        int, typer.Option(min=1, max=100, help="How often each server is loaded.")
    ] = redirect.ROUNDS,
    seconds: Annotated[
        float, typer.Option(min=1, max=60, help="How long each time; whole seconds.")
    ] = redirect.SECONDS,
) -> None:
    """Measure redirects per second: ours with and without rules, a bare one, nginx's, and others you name.

    All are loaded in turn with the same requests, in one run; a running service isn't touched. Needs wrk. A table
    goes to stderr, JSON to stdout; exit code 1 when a target doesn't hold.
    """
    console = Console(stderr=True)
    try:
        with console.status("measuring the redirect …"):
            found = redirect.measure(
                rounds=rounds, seconds=seconds, connections=connections, targets=tuple(target or ())
            )
    except (OSError, RuntimeError, WrkMissingError, subprocess.SubprocessError) as why:
        sys.stderr.write(f"{why}\n")
        raise typer.Exit(1) from why
    console.print(table(redirect.lines(found)))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if not found["holds"]:
        raise typer.Exit(1)
