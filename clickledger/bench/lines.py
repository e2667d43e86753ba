"""Results as people read them: what was measured, its target, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.table import Table


class Line(NamedTuple):
    """One line of the table; ``holds`` None: there is no target."""

    what: str
    measured: str
    target: str = ""
    holds: bool | None = None


def table(lines: Iterable[Line]) -> Table:
    """Return the table of a run."""
    made = Table("what", "measured", "target", "holds", title="clickledger bench")
    for line in lines:
        made.add_row(
            line.what, line.measured, line.target, "" if line.holds is None else "yes" if line.holds else "NO"
        )
    return made
