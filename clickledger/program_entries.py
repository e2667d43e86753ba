"""What the commands partner, offer, advertiser and link share: ask for entries, find them, show them.

Invariants: with ``--json`` stdout holds JSON and nothing else; a list is whole, however many pages it
takes; what was just made is shown unwrapped, so that URLs and tokens can be copied.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clickledger.service import Service
from kernel.errors import ErrorKind

PAGE = 1000
"""Entries asked for at once: the most that the admin API gives."""

UNLIMITED_WIDTH = 10_000
"""Columns of a table that goes into a file or a pipe, so that nothing is cut."""

ENTRY_UNKNOWN = ErrorKind("entry_unknown", 404, "error", "There is nobody of that name or id.")

OnlyJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ListName = Annotated[
    str | None, typer.Option("--name", help="Only the one of exactly this name.", show_default=False)
]
Limit = Annotated[int | None, typer.Option(min=1, help="Most entries to list; default: all.", show_default=False)]


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; the service knows the defaults of the others."""
    return {name: value for name, value in options.items() if value is not None}


def create(path: str, entry: dict[str, Any], *, only_json: bool) -> None:
    """Create an entry and show it."""
    show(Service.find().post(path, entry), only_json=only_json)


def show(entry: dict[str, Any], *, only_json: bool) -> None:
    """Show one entry whole."""
    if only_json:
        typer.echo(json.dumps(entry, ensure_ascii=False, indent=2))
        return
    grid = Table.grid(padding=(0, 2))
    for name, value in entry.items():
        grid.add_row(name, _cell(value))
    console(wrap=False).print(grid)


def show_list(
    path: str, filters: dict[str, Any], columns: Sequence[str], limit: int | None, *, only_json: bool
) -> None:
    """List entries: as a JSON array, or as a table of some of their columns."""
    entries = everything(Service.find(), path, filters, limit)
    if only_json:
        typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for entry in entries:
        table.add_row(*(_cell(entry[column]) for column in columns))
    console().print(table)


def everything(
    service: Service, path: str, filters: dict[str, Any], limit: int | None = None
) -> list[dict[str, Any]]:
    """Return the entries of all pages, or the first ``limit`` of them."""
    entries: list[dict[str, Any]] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None and (limit is None or len(entries) < limit):
        wanted = PAGE if limit is None else min(PAGE, limit - len(entries))
        page = service.get(path, filters | {"limit": wanted} | cursor)
        entries += page["items"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    return entries


def identify(service: Service, path: str, word: str, text: str, *, by: str = "name", command: str = "") -> int:
    """Return the id of the entry of this name, or of this id when nobody has the name.

    Args:
        service: Whom to ask.
        path: Where the kind is.
        word: What messages call it.
        text: Name or id.
        by: Filter that finds the name; '' when the kind has ids only.
        command: Its group of commands; default: the word.

    Raises:
        ClickledgerError: ``entry_unknown``.

    """
    named = service.get(path, {by: text})["items"] if by else []
    if named:
        return int(named[0]["id"])
    if text.isascii() and text.isdigit():
        # The service says itself, in its own words, when there is no such id.
        return int(service.get(f"{path}/{text}")["id"])
    command = command or word.replace(" ", "-")
    raise ENTRY_UNKNOWN.error(
        f"There is no {word} named {text!r}; see 'clickledger {command} list', or create it with "
        f"'clickledger {command} create'."
    )


def parameters(texts: Sequence[str] | None) -> dict[str, str] | None:
    """Read NAME=VALUE options."""
    if not texts:
        return None
    read = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text!r} isn't NAME=VALUE, such as sub1=summer.", param_hint="--param")
        read[name] = value
    return read


def _cell(value: Any) -> Text:
    """Return a value as a cell; a name with brackets in it is no markup."""
    return Text(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={_text(held)}" for name, held in value.items())
    return str(value)


def console(*, wrap: bool = True) -> Console:
    """Return where tables are printed: as wide as the terminal, or as they need in a file, a pipe or unwrapped."""
    fits = wrap and sys.stdout.isatty()
    return Console(file=sys.stdout, width=None if fits else UNLIMITED_WIDTH)
