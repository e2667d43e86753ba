"""``clickledger fraud evaluate``: judge the rankers of partner risk on a labelled table. Needs no service."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from fraud.ranking.errors import EVALUATION_UNFIT
from fraud.ranking.evaluation import FOLDS, Evaluation
from fraud.ranking.tables import read_table


def register(commands: typer.Typer) -> None:
    """Add the command."""
    commands.command()(evaluate)


def evaluate(
    table: Annotated[Path, typer.Option(help="CSV file: a line per partner, features as numbers.")],
    labels: Annotated[str, typer.Option(help="Column with the labels.")],
    positive: Annotated[str, typer.Option(help="The label that means fraud; every other counts as not fraud.")],
    identity: Annotated[str, typer.Option("--id", help="Column with the partners' ids.")],
    train: Annotated[
        Path | None, typer.Option(help="Learn from this table first; it has the same columns.", show_default=False)
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Learn from parts of the table, and rank the rest.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, max=100, help="Parts of a cross-validation.")] = FOLDS,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Repetitions with other seeds.")] = 10,
    clicks: Annotated[
        str, typer.Option(help="Column that counts clicks; default: found by name or shape.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge the rankers of partner risk on a labelled table, beside simple baselines.

    Without --train and --cross-validate the labels only judge: nothing is learnt from them.
    """
    if train is not None and cross_validate:
        raise EVALUATION_UNFIT.error(
            "--train learns from another table and --cross-validate from this one; give one of them."
        )
    progress = _Progress(seeds)
    found = Evaluation(
        read_table(table, identity=identity, label=labels),
        positive,
        seeds,
        None if train is None else read_table(train, identity=identity, label=labels),
        folds if cross_validate else 0,
        clicks or None,
        workers=_processors(),
    ).run(progress.step)
    known = found.get("rows_in_train", 0)
    if known * 2 > found["partners"]:
        typer.echo(
            f"Beware: {known:,} of {found['partners']:,} partners stand in {train} just as they stand in {table},"
            " so what is measured is memory. To judge by one table give --cross-validate.",
            err=True,
        )
    if as_json:
        sys.stdout.write(f"{msgspec.json.format(msgspec.json.encode(found), indent=2).decode()}\n")
        return
    for line in _lines(found):
        typer.echo(line)


class _Progress:
    """Says on a terminal how far it is."""

    def __init__(self, seeds: int) -> None:
        self._seeds, self._done, self._turn = seeds, 0, threading.Lock()

    def step(self) -> None:
        """Count a seed that is done."""
        with self._turn:
            self._done += 1
            if sys.stderr.isatty():
                ended = "\n" if self._done == self._seeds else ""
                sys.stderr.write(f"\r{self._done} of {self._seeds} seeds {ended}")


def _processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


WAYS = {
    "without_labels": "ranked without labels",
    "trained": "learnt from {train}",
    "cross_validated": "cross-validated in {folds} parts",
}


def _lines(found: dict[str, Any]) -> list[str]:
    """Return what a person reads: the ranker first, then the baselines, the best first."""
    head = (
        f"{found['table']}: {found['partners']:,} partners, {found['positives']:,} of them positive, "
        f"{WAYS[found['way']].format(**found)}, {found['seeds']} seeds"
    )
    flagged = "precision, recall and false positives when 1%, 3%, 5% are flagged"
    columns = f"{'':36} {'AP':>6} {'±':>6} {'AUC':>6}   {flagged}"
    ranked = sorted(found["baselines"].items(), key=lambda one: -one[1]["ap"])
    return [
        head,
        columns,
        _line("this ranker", found),
        *(_line(_called(name, one), one) for name, one in ranked),
        f"{'chance':36} {found['chance']:6.3f}",
        f"With other partners of the same kind, AP would vary by about ±{found['ap_sd_partners']:.3f}.",
    ]


def _called(name: str, one: dict[str, Any]) -> str:
    return f"{name.replace('_', ' ')} ({one['column']})" if "column" in one else name.replace("_", " ")


def _line(name: str, one: dict[str, Any]) -> str:
    flagged = "   ".join(
        f"{one['precision_at'][rate]:.2f} {one['recall_at'][rate]:.2f} {one['false_positives_at'][rate]:.0f}"
        for rate in one["flagged_at"]
    )
    return f"{name:36} {one['ap']:6.3f} {one['ap_sd']:6.3f} {one['auc']:6.3f}   {flagged}"
