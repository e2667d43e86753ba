"""A simulation's result as tables a person reads.

Invariants: figures are whole at eighty columns; what explains them, the reasons, is in lines of its own below.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from clickledger.simulation.running import Result
from fraud.simulation import SCENARIOS, Count

REASONS_SHOWN = 4


def show(result: Result, console: Console) -> None:
    """Print what was caught and whom it harmed."""
    caught = _table("Simulated fraud", "scenario", "of", "events", "caught", "invalid", "duplicate", "named")
    reasons = _table("Found by", "scenario", "reasons")
    for name in result.measured.scenarios:
        count = result.measured.of_scenario(name)
        caught.add_row(name, SCENARIOS[name].judged, *_cells(count, count.duplicate, count.named))
        reasons.add_row(name, _reasons(count) or "nothing")
    if result.measured.scenarios:
        console.print(caught, "", reasons, "")
    harmed = _table("Ordinary visitors harmed", "whose", "what", "events", "harmed", "invalid", "reasons")
    for whose, counts in (
        ("ordinary partners'", result.measured.ordinary),
        ("beside fraud", result.measured.beside),
    ):
        for kind, count in sorted(counts.items()):
            harmed.add_row(whose, kind, *_cells(count), _reasons(count))
    if harmed.row_count:
        console.print(harmed, "")
    for name, setting in result.lacking.items():
        console.print(f"{name} can't be found by rules: {setting} names no list.", markup=False)
    if result.left_out:
        console.print(f"{result.left_out:,} conversions would come later than anybody waits and were left out.")
    for what, times in sorted(result.refusals.items()):
        console.print(f"{what}: {times:,} times", markup=False)
    console.print("Simulated traffic proves that a rule works, and never that the model is good.")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        text = name in {"scenario", "of", "whose", "what", "reasons"}
        table.add_column(name, no_wrap=name != "reasons", overflow="fold", justify="left" if text else "right")
    return table


def _cells(count: Count, *more: int) -> tuple[str, ...]:
    shares = (f"{count.share(part):.1%}" for part in (count.invalid, *more))
    return f"{count.events:,}", f"{count.caught:.1%}", *shares


def _reasons(count: Count) -> str:
    return ", ".join(f"{code} {number:,}" for code, number in count.reasons.most_common(REASONS_SHOWN))
