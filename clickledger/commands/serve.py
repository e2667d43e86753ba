"""``clickledger serve``: one role in this process, for servers where a service manager runs the roles."""

from __future__ import annotations

from typing import Annotated

import typer

from kernel.settings import settings

serve_app = typer.Typer(
    help="Run one role in the foreground; stores come from CLICKLEDGER_CLICKHOUSE_URL, _REDIS_URL and _SQL_URL.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(serve_app, name="serve")


@serve_app.command()
def edge(
    worker: Annotated[
        str, typer.Option(help="Name of this worker, unique on its host; workers share the port.")
    ] = "edge0",
) -> None:
    """Answer clicks and postbacks; needs only its data directory."""
    from clickledger.roles.edge import run_edge

    run_edge(settings(), worker)


@serve_app.command()
def pipeline() -> None:
    """Ship this host's journals into ClickHouse."""
    from clickledger.roles.pipeline import run_pipeline

    run_pipeline(settings())


@serve_app.command()
def web() -> None:
    """Serve the admin API, reports and pages."""
    from clickledger.roles.web import run_web

    run_web(settings())
