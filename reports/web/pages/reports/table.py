"""A report's answer as a table: headings that sort, rows of cells, totals, and what a row is made of.

Invariants: there is a cell for each value of the answer and none besides; ``raw`` is that value as the answer
has it, ``shown`` is for reading alone; of a named dimension the id stands beside its name, in the same cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from reports.drilling import row_filters
from reports.web.pages.reports import cells, conditions
from reports.web.pages.reports.asked import Asked
from reports.web.pages.reports.conditions import Condition
from reports.web.viewer import Viewer

_PLACES: Final = {"partner": "/partners", "advertiser": "/advertisers", "offer": "/offers", "link": "/links"}
"""Pages of what a name stands for."""
_HIDDEN_PLACES: Final = {
    "": frozenset(_PLACES),
    "partner": frozenset({"partner", "advertiser"}),
    "advertiser": frozenset({"partner", "link", "advertiser"}),
}
"""By role: names without a page of theirs."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading."""

    name: str
    label: str
    help: str = ""
    is_number: bool = False
    sorts: str = ""
    """What to sort by when it is clicked."""
    sorted: str = ""
    """ascending, descending or ''."""
    spans: int = 1


@dataclass(frozen=True, slots=True)
class Key:
    """A column of a pivot."""

    shown: str
    where: tuple[str, ...] | None
    """Filters that keep what it is made of, as an address has them; None where none do."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value."""

    shown: str
    raw: str
    is_number: bool = True
    id: str = ""
    link: str = ""
    kind: str = ""
    """up or down, of a change."""
    key: int = -1
    """Which column of the pivot."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row."""

    cells: tuple[Cell, ...]
    where: tuple[Condition, ...] = ()
    """What keeps what it is made of."""
    said: str = ""
    """What it is, in words."""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole report."""

    headings: tuple[Heading, ...]
    keys: tuple[Key, ...]
    """Columns of the pivot, under each metric."""
    rows: tuple[Row, ...]
    totals: tuple[Cell, ...] = ()
    dimensions: int = 0
    """How many of the headings are dimensions."""


def table(answer: Mapping[str, Any], asked: Asked, told: Mapping[str, str], show: Viewer, role: str) -> Table:
    """Return an answer as a table.

    Args:
        answer: Of POST /api/v1/reports/query.
        asked: What it answers.
        told: Help texts by name.
        show: Who reads it.
        role: Of the reader; '' for one who has only a link.

    """
    meta = answer["meta"]
    show = cells.in_zone(show, meta["timezone"])
    columns = [one for one in meta["columns"] if one["role"] != "id"]
    pivot = meta.get("pivot", {"columns": []})
    keys = tuple(_key(one, pivot, show) for one in pivot["columns"])
    headings = tuple(_heading(one, asked, told, len(keys) or 1) for one in columns)
    metrics = [one for one in columns if one["role"] != "dimension"]

    def measured(row: Mapping[str, Any]) -> list[Cell]:
        if "pivot" not in meta:
            return [_measure(one, row, meta["currency"], show) for one in metrics]
        of_keys = [{one["name"]: row[one["name"]][key["key"]] for one in metrics} for key in pivot["columns"]]
        return [
            replace(_measure(one, of_key, meta["currency"], show), key=place)
            for one in metrics
            for place, of_key in enumerate(of_keys)
        ]

    rows = []
    for row in answer["rows"]:
        firsts = [_place(one, row, show, role) for one in columns if one["role"] == "dimension"]
        where = conditions.of_query([dict(one) for one in row_filters(meta, row)])
        said = ", ".join(cell.shown for cell in firsts)
        rows.append(Row((*firsts, *measured(row)), tuple(where), said))
    totals = tuple(measured(answer["totals"])) if "totals" in answer and meta["dimensions"] else ()
    return Table(headings, keys, tuple(rows), totals, len(meta["dimensions"]))


def _heading(column: Mapping[str, Any], asked: Asked, told: Mapping[str, str], spans: int) -> Heading:
    name, is_dimension = column["name"], column["role"] == "dimension"
    key = asked.sort[0] if asked.sort else ""
    at = {name: "ascending", f"-{name}": "descending"}.get(key, "")
    first, second = (name, f"-{name}") if is_dimension else (f"-{name}", name)
    return Heading(
        name,
        column["label"],
        told.get(name, ""),
        is_number=not is_dimension,
        sorts=second if key == first else first,
        sorted=at,
        spans=1 if is_dimension else spans,
    )


def _key(column: Mapping[str, Any], pivot: Mapping[str, Any], show: Viewer) -> Key:
    filters = column.get("filters")
    where = None if filters is None else tuple(conditions.written(conditions.of_query(filters)))
    text = str(column["key"])
    is_time = pivot["dimension"] in {"day", "week", "month", "hour", "minute"} and not column.get("is_other")
    return Key(
        cells.dimension(text, pivot["dimension"], "time" if is_time else "text", show)
        if is_time
        else text or cells.UNKNOWN,
        where,
    )


def _place(column: Mapping[str, Any], row: Mapping[str, Any], show: Viewer, role: str) -> Cell:
    """Return the cell of a dimension."""
    name, value = column["name"], row[column["name"]]
    shown = cells.dimension(value, name, column.get("kind", "text"), show)
    number = row.get(f"{name}_id")
    link = (
        f"{_PLACES[name]}/{number}"
        if number and name in _PLACES and name not in _HIDDEN_PLACES.get(role, ())
        else ""
    )
    return Cell(shown, _raw(value), is_number=False, id=_raw(number), link=link)


def _measure(column: Mapping[str, Any], row: Mapping[str, Any], currency: str, show: Viewer) -> Cell:
    """Return the cell of a metric, of what it was before, or of how it changed."""
    value = row[column["name"]]
    if column["role"] == "change":
        kind = "" if not value else ("up" if value > 0 else "down")
        return Cell(cells.change(value, row[column["name"].removesuffix("_change")], show), _raw(value), kind=kind)
    return Cell(cells.metric(value, column["unit"], currency, show), _raw(value))


def _raw(value: Any) -> str:
    return "" if value is None else conditions.text_of(value)
