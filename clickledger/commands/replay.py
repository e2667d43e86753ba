"""``clickledger replay``: a real log, sent through the HTTP edge as if it happened now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clickledger.service import Service
from kernel.settings import settings
from tracker.intake import FORMATS

INTERRUPTED = 130
"""What shells expect of a command that ended with Ctrl-C."""

FORMAT_HELP = "; ".join(f"{known.name}: {known.help}" for known in FORMATS.values())


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="The log, gzipped or not.")],
    log_format: Annotated[str, typer.Option("--format", help=FORMAT_HELP)],
    rate: Annotated[str, typer.Option(help="Clicks per second, evenly apart, or max.")] = "max",
    *,
    only_json: Annotated[bool, typer.Option("--json", help="Show nothing but the final JSON object.")] = False,
) -> None:
    """Send a log's clicks through the edge and fire its conversions' postbacks.

    Makes a partner for every channel and an offer for every app of the log first. Ends with one JSON
    object on stdout; the exit code is 0 when everything that was sent was answered.
    """
    # The HTTP client takes a quarter of a second to import, which the other commands need not pay.
    from clickledger.replay.edge_address import edge_url
    from clickledger.replay.replaying import Replay
    from clickledger.replay.showing import Screen, print_result

    run = Replay(file, log_format, rate, Screen(quiet=only_json))
    service = Service.find()
    try:
        run.run(service, edge_url(settings(), service.url))
    finally:
        print_result(run.result())
    if run.tally.interrupted:
        raise typer.Exit(INTERRUPTED)
    if run.tally.unanswered:
        raise typer.Exit(1)
