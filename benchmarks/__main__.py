"""``python -m benchmarks``: everything that ``make bench`` measures, as a table and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console

from benchmarks import fraud, memory, overview, partner_risk, pipeline, program, reports
from clickledger.bench import redirect
from clickledger.bench.lines import Line, table
from clickledger.bench.wrk import WrkMissingError

RESULTS = Path("bench-results.json")
Measure: TypeAlias = Callable[[], dict[str, Any]]
Show: TypeAlias = Callable[[dict[str, Any]], list[Line]]


def main(
    target: Annotated[
        list[str] | None, typer.Option(help="URL of another redirect service to put beside ours; repeatable.")
    ] = None,
    only: Annotated[
        str,
        typer.Option(help="redirect, program, pipeline, fraud, risk, memory, reports, overview; default: all."),
    ] = "",
    connections: Annotated[int, typer.Option(help="Connections of the redirect's load.")] = redirect.CONNECTIONS,
    rounds: Annotated[int, typer.Option(help="Rounds of the redirect's load.")] = redirect.ROUNDS,
    data: Annotated[
        Path | None, typer.Option(help="Where the reports' stores are kept for the next run; default: nowhere.")
    ] = None,
    clicks: Annotated[int, typer.Option(help="Clicks of the reports' big store.")] = reports.CLICKS,
) -> None:
    """Measure, print a table on stderr and JSON on stdout, and keep the JSON in bench-results.json.

    Exit status 1 when a target doesn't hold.
    """
    console = Console(stderr=True)
    results: dict[str, Any] = {}
    shown: list[Line] = []
    parts: dict[str, tuple[Measure, Show]] = {
        "redirect": (
            lambda: redirect.measure(rounds=rounds, connections=connections, targets=tuple(target or ())),
            redirect.lines,
        ),
        "program": (program.measure, program.lines),
        "pipeline": (pipeline.measure, pipeline.lines),
        "fraud": (fraud.measure, fraud.lines),
        "risk": (partner_risk.measure, partner_risk.lines),
        "memory": (memory.measure, memory.lines),
        "reports": (lambda: reports.measure(data, clicks), reports.lines),
        "overview": (lambda: overview.measure(data, clicks), overview.lines),
    }
    for name, (measure, lines) in parts.items():
        if only in {"", name}:
            with console.status(f"measuring {name} …"):
                try:
                    results[name] = measure()
                except (OSError, RuntimeError, WrkMissingError, subprocess.SubprocessError) as why:
                    results[name] = {"failed": str(why), "holds": False}
            failed = results[name].get("failed")
            shown += [Line(name, failed, holds=False)] if failed else lines(results[name])
    console.print(table(shown))
    text = json.dumps(results, indent=2)
    RESULTS.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    if not all(result.get("holds") for result in results.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
