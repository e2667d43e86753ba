"""Markdown tables whose cells can't break them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Return a text as the content of one table cell: one line, no end of cell, no HTML outside code."""
    pieces = " ".join(text.split()).replace("|", "\\|").split("`")
    # Every second piece stands between backticks.
    return "`".join(piece if place % 2 else piece.replace("<", "\\<") for place, piece in enumerate(pieces))


def code(text: str) -> str:
    """Return a text in the type of code, '' when it is empty."""
    return f"`{text}`" if text else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table's lines."""
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(cell(text) for text in row)} |" for row in rows),
    ]
