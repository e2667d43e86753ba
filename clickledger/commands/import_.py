"""``clickledger import``: a real log, taken in with the times it recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clickledger.commands.replay import FORMAT_HELP
from clickledger.service import Service
from kernel.settings import settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_log)


def import_log(
    file: Annotated[Path, typer.Argument(help="The log, gzipped or not.")],
    log_format: Annotated[str, typer.Option("--format", help=FORMAT_HELP)],
    *,
    again: Annotated[bool, typer.Option("--again", help="Import a file that was imported before.")] = False,
    only_json: Annotated[bool, typer.Option("--json", help="Show nothing but the final JSON object.")] = False,
) -> None:
    """Feed a log's rows through the pipeline with their recorded times.

    Runs on the service's machine, with its data directory. Ends with one JSON object on stdout when
    everything is stored.
    """
    from clickledger.replay.importing import run_import
    from clickledger.replay.showing import Screen, print_result

    screen = Screen(quiet=only_json)
    print_result(run_import(file, log_format, settings(), Service.find(), screen, again=again))
