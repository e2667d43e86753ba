"""``clickledger simulate``: labelled traffic through the service, and what of it is caught and whom that harms."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clickledger.service import Service
from kernel.settings import settings


class Through(StrEnum):
    """Which way events take."""

    EDGE = "edge"
    PIPELINE = "pipeline"


DEFAULT_OVER = {Through.EDGE: "60s", Through.PIPELINE: "5d"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    scenario: Annotated[
        str, typer.Option(help="Names separated by commas, 'ordinary' for nobody but ordinary visitors, or all.")
    ] = "all",
    seed: Annotated[int, typer.Option(help="The same seed makes the same events.")] = 1,
    clicks: Annotated[int, typer.Option(help="Clicks, or conversions, of each scenario.")] = 200,
    visitors: Annotated[int, typer.Option(help="Ordinary visitors.")] = 10_000,
    over: Annotated[
        str,
        typer.Option(
            help="Time the clicks are spread over, such as 30m or 3d; default: 60s through the edge, else 5d.",
            show_default=False,
        ),
    ] = "",
    through: Annotated[
        Through,
        typer.Option(help="edge: real requests that happen now; pipeline: journalled with times in the past."),
    ] = Through.PIPELINE,
    from_day: Annotated[
        str,
        typer.Option(
            "--from",
            help="Day the past begins on; default: the latest for which all of it is past.",
            show_default=False,
        ),
    ] = "",
    slices: Annotated[
        int, typer.Option(min=1, max=48, help="Parts that the past is stored in, one after the other.")
    ] = 4,
    user_agents: Annotated[
        Path | None,
        typer.Option(
            help="Draw ordinary visitors' user agents from this file instead of writing them.", show_default=False
        ),
    ] = None,
    *,
    learn: Annotated[
        bool,
        typer.Option(
            help="Between two parts of the past wait some seconds until the service has counted what is usual.",
        ),
    ] = True,
    only_json: Annotated[bool, typer.Option("--json", help="Print nothing but one JSON object.")] = False,
    only_list: Annotated[bool, typer.Option("--list", help="List the scenarios and end.")] = False,
) -> None:
    """Make labelled traffic and print what of it is caught, why, and which ordinary visitors that harms.

    Makes an advertiser, offers and partners called "simulated …" first. Through the pipeline it runs on the
    service's machine, with its data directory. The events stay: use a service of its own to try rules on.
    """
    from fraud.simulation import SCENARIOS, FileBrowsers, TemplateBrowsers, Wanted, scenario_names

    if only_list:
        for known in SCENARIOS.values():
            print(f"{known.name:18} {known.help}")
        return
    from rich.console import Console

    from clickledger.replay.edge_address import edge_url
    from clickledger.replay.showing import Screen, print_result
    from clickledger.simulation.learning import wait_until_counted
    from clickledger.simulation.running import seconds_of
    from clickledger.simulation.running import simulate as run
    from clickledger.simulation.showing import show

    chosen = settings()
    wanted = Wanted(
        scenario_names(scenario),
        seed,
        clicks,
        visitors,
        seconds_of(over or DEFAULT_OVER[through]),
        FileBrowsers.read(user_agents) if user_agents else TemplateBrowsers(),
    )
    service = Service.find()
    result = run(
        wanted,
        through.value,
        service,
        chosen,
        Screen(quiet=only_json),
        edge_url=lambda: edge_url(chosen, service.url),
        from_day=from_day,
        slices=slices,
        between=(lambda: wait_until_counted(service)) if learn else (lambda: None),
    )
    if only_json:
        print_result(result.as_json())
    else:
        show(result, Console())
