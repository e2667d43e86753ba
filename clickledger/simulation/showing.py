"""A simulation's result as a table a person reads."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from clickledger.simulation.running import Result
from fraud.simulation import SCENARIOS, Count

REASONS_SHOWN = 4


def show(result: Result, console: Console) -> None:
    """Print what was caught and whom it harmed."""
    caught = Table(title="Simulated fraud", title_justify="left")
    for name, justify in (
        ("scenario", "left"),
        ("of", "left"),
        ("events", "right"),
        ("caught", "right"),
        ("invalid", "right"),
        ("duplicate", "right"),
        ("named", "right"),
        ("reasons", "left"),
    ):
        caught.add_column(name, no_wrap=name == "scenario", justify=justify)  # type: ignore[arg-type]  # the literals of rich
    for name in result.measured.scenarios:
        count = result.measured.of_scenario(name)
        caught.add_row(name, SCENARIOS[name].judged, *_cells(count, count.duplicate, count.named))
    if result.measured.scenarios:
        console.print(caught)
    harmed = Table(title="Ordinary visitors harmed", title_justify="left")
    for name in ("whose", "what", "events", "harmed", "invalid", "reasons"):
        harmed.add_column(name, justify="left" if name in {"whose", "what", "reasons"} else "right")
    for whose, counts in (
        ("ordinary partners'", result.measured.ordinary),
        ("beside fraud", result.measured.beside),
    ):
        for kind, count in sorted(counts.items()):
            harmed.add_row(whose, kind, *_cells(count))
    if harmed.row_count:
        console.print(harmed)
    if result.left_out:
        console.print(f"{result.left_out:,} conversions would come later than anybody waits and were left out.")
    for what, times in sorted(result.refusals.items()):
        console.print(f"{what}: {times:,} times", markup=False)
    console.print("Simulated traffic proves that a rule works, and never that the model is good.")


def _cells(count: Count, *more: int) -> tuple[str, ...]:
    reasons = ", ".join(f"{code} {number:,}" for code, number in count.reasons.most_common(REASONS_SHOWN))
    shares = (f"{count.share(part):.1%}" for part in (count.invalid, *more))
    return f"{count.events:,}", f"{count.caught:.1%}", *shares, reasons
