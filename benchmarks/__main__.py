"""``python -m benchmarks``: everything that ``make bench`` measures, as a table and as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import memory, pipeline, redirect
from benchmarks.wrk import WrkMissingError

RESULTS = Path("bench-results.json")


def main(
    target: Annotated[
        list[str] | None, typer.Option(help="URL of another redirect service to put beside ours; repeatable.")
    ] = None,
    only: Annotated[str, typer.Option(help="redirect, pipeline or memory; default: all.")] = "",
    connections: Annotated[int, typer.Option(help="Connections of the redirect's load.")] = redirect.CONNECTIONS,
    rounds: Annotated[int, typer.Option(help="Rounds of the redirect's load.")] = redirect.ROUNDS,
) -> None:
    """Measure, print a table on stderr and JSON on stdout, and keep the JSON in bench-results.json.

    Exit status 1 when a target doesn't hold.
    """
    console = Console(stderr=True)
    results: dict[str, Any] = {}
    for name, measure in {
        "redirect": lambda: redirect.measure(rounds=rounds, connections=connections, targets=tuple(target or ())),
        "pipeline": pipeline.measure,
        "memory": memory.measure,
    }.items():
        if only in {"", name}:
            with console.status(f"measuring {name} …"):
                try:
                    results[name] = measure()
                except (OSError, RuntimeError, WrkMissingError, subprocess.SubprocessError) as why:
                    results[name] = {"failed": str(why), "holds": False}
    console.print(_table(results))
    text = json.dumps(results, indent=2)
    RESULTS.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    if not all(result.get("holds") for result in results.values()):
        raise typer.Exit(1)


def _table(results: dict[str, Any]) -> Table:
    table = Table("what", "measured", "target", "holds", title="clickledger bench")
    for what, measured, target, holds in _lines(results):
        table.add_row(what, measured, target, "" if holds is None else "yes" if holds else "NO")
    return table


def _lines(results: dict[str, Any]) -> list[tuple[str, str, str, bool | None]]:
    lines: list[tuple[str, str, str, bool | None]] = []
    for name, result in results.items():
        if "failed" in result:
            lines.append((name, result["failed"], "", False))
    if (found := results.get("redirect", {})) and "failed" not in found:
        for each in found["servers"]:
            figures = f"{each['requests_per_second']:,}/s, p50 {each['p50_ms']} ms, p99 {each['p99_ms']} ms"
            lines.append((each["server"], figures, "", None))
        ours = next(each for each in found["servers"] if each["server"] == redirect.OURS)
        memory_used = found["edge_memory"]
        lines += [
            ("durable / bare, redirects", f"{ours['share_of_bare']}", f">= {redirect.TARGET_SHARE}",
             ours["share_of_bare"] >= redirect.TARGET_SHARE),
            ("durable / bare, p99", f"{ours['p99_times_bare']}", f"<= {redirect.TARGET_P99_TIMES}",
             ours["p99_times_bare"] <= redirect.TARGET_P99_TIMES),
            ("clicks answered / in the journal", f"{found['answered']:,} / {found['in_the_journal']:,}", "all",
             found["in_the_journal"] >= found["answered"]),
            ("edge worker under load", f"{memory_used['highest_mib']} MiB", f"<= {memory_used['target_mib']}",
             memory_used["holds"]),
        ]  # fmt: skip
    if (found := results.get("pipeline", {})) and "failed" not in found:
        lines.append(
            (
                "journal to rows",
                f"{found['events_per_second']:,} events/s",
                f">= {found['target']:,}",
                found["holds"],
            )
        )
    if (found := results.get("memory", {})) and "failed" not in found:
        fresh = found["freshness"]
        lines += [
            (f"backend with {found['clicks_stored']:,} clicks", f"{found['backend_mib']} MiB",
             f"<= {found['target_backend_mib']}", found["backend_mib"] <= found["target_backend_mib"]),
            ("edge worker beside it", f"{found['edge_worker_mib']} MiB", f"<= {found['target_edge_worker_mib']}",
             found["edge_worker_mib"] <= found["target_edge_worker_mib"]),
            (f"click to report at {fresh['reached_rate']:,}/s", f"p50 {fresh['p50_s']} s, p99 {fresh['p99_s']} s",
             f"p99 <= {fresh['target_p99_s']} s", fresh["holds"]),
            ("ready after start", f"{found['ready_in_s']} s", "", None),
        ]  # fmt: skip
        lines += [
            (f"report {name} ({report['source']})", f"{report['ms']} ms", "", None)
            for name, report in found["reports"].items()
        ]
    return lines


if __name__ == "__main__":
    typer.run(main)
