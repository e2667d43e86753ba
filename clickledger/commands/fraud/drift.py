"""``clickledger fraud drift``: how far the last day's clicks have moved from what the model learnt."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from clickledger.service import Service

_BAR = 20
"""Characters of a bar that reaches twice the threshold."""


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(drift)


def drift(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False
) -> None:
    """Compare the clicks scored in the last day with the model's training window, feature by feature.

    The exit code is 1 when a feature, or the share flagged, has drifted.
    """
    found = Service.find().get("/api/v1/fraud/models/drift")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        if found["why"]:
            typer.echo(found["why"], err=True)
        if found["flagged"] is not None:
            typer.echo(f"model {found['version']}, {found['clicks']:,} clicks scored in the last day")
            before = found["flagged_trained"]
            typer.echo(f"flagged: {100 * found['flagged']:.2f} % now, {100 * before:.2f} % in training")
            table = Table("feature", "PSI", "", "usual", "what it is", box=None)
            for feature in sorted(found["features"], key=lambda feature: -feature["psi"]):
                length = min(_BAR, round(_BAR / 2 * feature["psi"] / found["threshold"]))
                mark = "drifted" if feature["name"] in found["drifted"] else ""
                bar = f"{'█' * length} {mark}"
                table.add_row(feature["name"], f"{feature['psi']:.3f}", bar, feature["usual"], feature["label"])
            Console().print(table)
            typer.echo(f"from {found['threshold']} on a feature has drifted: look at what changed, and train anew")
    if found["drifted"] or found["flags_differ"]:
        raise typer.Exit(1)
