"""``clickledger fraud train``: train a model on the recent clicks, in the running service, and use it."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from clickledger.service import Service
from kernel.errors import ErrorKind

NOT_TRAINED = ErrorKind("model_not_trained", 409, "info", "No model came of the training; the message says why.")
ERRORS = {NOT_TRAINED.code: NOT_TRAINED}

ASK_SECONDS = 0.3

_STEPS = {
    "reading": "reading and replaying clicks",
    "frequencies": "learning frequencies",
    "features": "computing features",
    "trees": "growing trees",
    "quality": "measuring quality",
    "writing": "writing the model",
}


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(train)


def train(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print the model's card as one JSON object.")] = False
) -> None:
    """Train a model on the recent clicks and use it at once; Ctrl-C ends the waiting, not the training."""
    service = Service.find()
    service.post("/api/v1/fraud/models/train", {})
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as shown:
        task = shown.add_task("beginning", total=1.0)
        while (training := service.get("/api/v1/fraud/models/training"))["state"] == "running":
            shown.update(task, completed=training["done"], description=_STEPS.get(training["step"], "training"))
            time.sleep(ASK_SECONDS)
        if training["state"] == "done":
            shown.update(task, completed=1.0, description="done")
    if training["state"] != "done":
        raise NOT_TRAINED.error(training["why"] or NOT_TRAINED.advice)
    card = service.get(f"/api/v1/fraud/models/{training['version']}")
    typer.echo(json.dumps(card) if as_json else _told(card))


def _told(card: dict[str, Any]) -> str:
    quality = card["quality"]
    agreement = quality["rule_agreement"]
    flagged = ", ".join(f"{100 * share:.1f} % of {verdict}" for verdict, share in quality["flagged"].items())
    lines = [
        f"Model {card['version']} is in use.",
        f"  learnt from    {card['clicks_learnt']:,} clicks",
        f"  between        {card['trained_from'][:16]} and {card['trained_to'][:16]} UTC",
        f"  flags          {flagged}",
        f"  rules agree    {'nothing to compare' if agreement is None else f'{agreement:.2f}'}",
        f"  halves differ  by {quality['instability']:.1f} percentiles",
        f"  took           {card['seconds']:.0f} s",
    ]
    return "\n".join(lines)
