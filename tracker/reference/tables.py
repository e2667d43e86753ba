"""Markdown tables of names and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells hold no line break and no bar."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def codes(names: Iterable[str]) -> str:
    """Return names in the type of code, separated by spaces."""
    return " ".join(f"`{name}`" for name in names)


def parameters(aliases: Mapping[str, Sequence[str]], meanings: Mapping[str, str]) -> str:
    """Return the table of parameters with their aliases.

    Raises:
        ValueError: a parameter without a meaning, or a meaning without a parameter.

    """
    check(aliases, meanings)
    return table(
        ("parameter", "also read as", "meaning"),
        ((f"`{name}`", codes(aliases[name]), meanings[name]) for name in aliases),
    )


def check(names: Iterable[str], meanings: Iterable[str]) -> None:
    """Refuse names and meanings that are not the same set.

    Raises:
        ValueError: naming what is missing or too much.

    """
    if differing := set(names) ^ set(meanings):
        raise ValueError(f"documented and real names differ: {', '.join(sorted(differing))}")
