"""What a script says becomes the body that the API takes; meaning and spelling are checked by the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import msgspec

from clickledger.client.filters import Condition

When: TypeAlias = str | date | datetime
"""A day or a moment; without an offset it is one of the report's zone."""

Filters: TypeAlias = Iterable[Condition | Mapping[str, Any]]
"""Conditions, all of which must hold: made with ``F``, or as the API has them."""

Period: TypeAlias = Literal["previous_period", "previous_year"]
MoneyView: TypeAlias = Literal["expected", "earned"]
Unit: TypeAlias = Literal["count", "ratio", "money", "score", "seconds", "number"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A metric of one query, made of others."""

    name: str
    formula: str
    unit: Unit = "number"
    label: str = ""


Formulas: TypeAlias = Mapping[str, str] | Iterable[Formula]
"""Formulas by name, or with their units."""


def query(
    *,
    from_: When,
    to: When,
    metrics: Sequence[str],
    dimensions: Sequence[str] = (),
    filters: Filters = (),
    timezone: str = "UTC",
    sort: Sequence[str] = (),
    limit: int | None = None,
    offset: int = 0,
    totals: bool = False,
    compare: Period | tuple[When, When] | None = None,
    fill: bool = False,
    pivot: str | None = None,
    pivot_limit: int | None = None,
    money: MoneyView = "expected",
    currency: str | None = None,
    convert: bool = True,
    formulas: Formulas = (),
    id: str | None = None,  # noqa: A002 - the API's own name
) -> dict[str, Any]:
    """Return the body of a report's query; see ``Client.query`` for what each part means."""
    asked: dict[str, Any] = {
        "from": when(from_),
        "to": when(to),
        "timezone": timezone,
        "dimensions": names(dimensions),
        "metrics": names(metrics),
        "filters": conditions(filters),
        "sort": [{"by": name.removeprefix("-"), "desc": name.startswith("-")} for name in names(sort)],
        "offset": offset,
        "totals": totals,
        "fill": fill,
        "money": money,
        "convert": convert,
        "formulas": _formulas(formulas),
    }
    if isinstance(compare, tuple):
        asked["compare"] = {"from": when(compare[0]), "to": when(compare[1])}
    elif compare is not None:
        asked["compare"] = compare
    others = {"limit": limit, "pivot": pivot, "pivot_limit": pivot_limit, "currency": currency, "id": id}
    return asked | {name: value for name, value in others.items() if value is not None}


def log(
    *,
    from_: When | None,
    to: When | None,
    timezone: str,
    filters: Filters,
    columns: Sequence[str],
) -> dict[str, Any]:
    """Return the parameters of a log's pages, but for the cursor and the limit."""
    asked: dict[str, Any] = {
        "timezone": timezone,
        "filter": [msgspec.json.encode(one).decode() for one in conditions(filters)],
        "columns": ",".join(names(columns)),
    }
    return asked | {name: when(value) for name, value in (("from", from_), ("to", to)) if value is not None}


def conditions(filters: Filters) -> list[dict[str, Any]]:
    """Return conditions as the API takes them."""
    if isinstance(filters, Condition | Mapping):
        raise TypeError("Give filters as a list, also when it is one.")
    return [one.as_json() if isinstance(one, Condition) else dict(one) for one in filters]


def when(moment: When) -> str:
    """Return a day or a moment as the API takes it."""
    return moment if isinstance(moment, str) else moment.isoformat()


def names(given: Sequence[str]) -> list[str]:
    """Return names as a list; one text would be taken for its letters."""
    if isinstance(given, str):
        raise TypeError(f"Give a list of names, not one text: [{given!r}].")
    return list(given)


def _formulas(given: Formulas) -> list[dict[str, str]]:
    if isinstance(given, Mapping):
        return [{"name": name, "formula": formula} for name, formula in given.items()]
    return [{"name": one.name, "formula": one.formula, "unit": one.unit, "label": one.label} for one in given]
