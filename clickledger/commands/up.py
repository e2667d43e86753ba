"""``clickledger up``: everything on this machine, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from clickledger import children, supervisor
from clickledger.demo import program, telling
from kernel import logging
from kernel.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    data_dir: Annotated[Path | None, typer.Option(help="Directory for journals, keys and stores.")] = None,
    edge_port: Annotated[int | None, typer.Option(help="Port for clicks and postbacks.")] = None,
    web_port: Annotated[int | None, typer.Option(help="Port for the API and pages.")] = None,
    edge_workers: Annotated[int | None, typer.Option(help="Edge worker processes.")] = None,
    *,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Make a demo program with weeks of traffic at the first start.")
    ] = False,
) -> None:
    """Run the whole service: edge workers, pipeline, reports, and embedded stores where none are configured.

    Every option is also an environment variable, CLICKLEDGER_DATA_DIR and so on.
    """
    given = {
        "data_dir": data_dir,
        "edge_port": edge_port,
        "web_port": web_port,
        "edge_workers": edge_workers,
        "demo": with_demo or None,
    }
    chosen = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # options have the fields' types
    logging.configure(chosen, "supervisor")
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def on_ready() -> list[children.Child]:
        made = program.make(chosen) if chosen.demo else None
        telling.tell(console, chosen, made)
        return [children.demo(chosen)] if made is not None else []

    supervisor.run(chosen, on_ready)
