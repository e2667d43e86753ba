"""Lists: narrowed by equality and by a part of the name, sorted, and read page by page with a cursor.

Invariants: a cursor says after which values the next page begins, never how many rows to skip, so rows that are
added or deleted meanwhile neither shift nor repeat others; what a query asks for and this list doesn't have is
refused with a sentence, never ignored.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from sqlalchemy import ColumnElement, Date, Integer, Select, and_, or_, select
from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from kernel.errors import QUERY_INVALID
from kernel.sql_types import Moment, Money
from partners.errors import FILTER_INVALID
from partners.fields import MAX_ID, MAX_NOTE_LENGTH, check_line, check_money, saying
from partners.resources.resource import Caller, Resource

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
"""Most entries in one list answer."""

MAX_SEARCH_LENGTH = 200
MAX_VALUES_A_FILTER = 500
PAGING = ("sort", "limit", "cursor")


def check_query_id(text: Any) -> int:
    """Return an id out of a query."""
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)):
        number = int(text)
        if 1 <= number <= MAX_ID:
            return number
    raise ValueError(f"write a whole number from 1 to {MAX_ID}")


def check_query_text(text: Any) -> str:
    """Return a text out of a query."""
    return check_line(str(text), MAX_NOTE_LENGTH)


QueryId: TypeAlias = Annotated[int, BeforeValidator(saying(check_query_id)), Field(ge=1, le=MAX_ID)]
QueryText: TypeAlias = Annotated[str, BeforeValidator(saying(check_query_text))]


@dataclass(frozen=True, slots=True)
class Order:
    """One column to sort by."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list's query asks for."""

    filters: dict[str, list[Any]]
    search: str
    order: tuple[Order, ...]
    """The last is the id, so that no two entries are equal."""
    limit: int
    after: tuple[Any, ...] | None
    """Values of ``order`` of the last entry of the page before."""


def query_model(resource: Resource) -> type[BaseModel]:
    """Return the list's query parameters, for the documentation."""
    fields: dict[str, Any] = {
        name: (_several(kind) | None, Field(None, description="Equal to this, or to one of these."))
        for name, kind in resource.filters.items()
    }
    if resource.named_by:
        fields["q"] = (str | None, Field(None, description=f"A part of the {resource.named_by}, in any case."))
    sorts = ", ".join(resource.sorts)
    fields["sort"] = (str, Field("id", description=f"Out of {sorts}; several with commas, - before one descends."))
    fields["limit"] = (int, Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Most entries of the answer."))
    fields["cursor"] = (str | None, Field(None, description="The next_cursor of the page before."))
    name = "".join(part.capitalize() for part in resource.word.split())
    return create_model(f"{name}Query", __config__=ConfigDict(extra="forbid"), **fields)


def page_model(resource: Resource) -> type[BaseModel]:
    """Return what the list answers, for the documentation."""
    name = "".join(part.capitalize() for part in resource.word.split())
    return create_model(
        f"{name}Page",
        items=(_several(resource.answering), ...),
        next_cursor=(str | None, Field(description="For the next page; null: this was the last.")),
    )


def read(resource: Resource, given: QueryParams, caller: Caller) -> Wanted:
    """Read a list's query.

    Raises:
        ClickledgerError: ``filter_invalid`` or ``query_invalid``.

    """
    hidden = resource.hidden_from(caller.who)
    filters = [name for name in resource.filters if name not in hidden]
    searched = ["q"] if resource.named_by and resource.named_by not in hidden else []
    known = (*filters, *searched, *PAGING)
    for name, value in given.multi_items():
        if name not in known:
            raise FILTER_INVALID.error(
                f"{name[:40]!r} isn't a filter of this list; these are: {', '.join(known)}."
            )
        if "\x00" in value:
            raise FILTER_INVALID.error(f"{name} can't hold a NUL character.")
        if name not in filters and len(given.getlist(name)) > 1:
            raise QUERY_INVALID.error(f"{name} is given twice.")
    search = given.get("q", "").strip()
    if len(search) > MAX_SEARCH_LENGTH:
        raise FILTER_INVALID.error(f"q has at most {MAX_SEARCH_LENGTH} characters.")
    sort = given.get("sort", "id")
    order = _read_order(sort, [name for name in resource.sorts if name not in hidden])
    cursor = given.get("cursor")
    return Wanted(
        {name: _read_filter(resource, name, given.getlist(name)) for name in filters if name in given},
        search,
        order,
        _read_limit(given.get("limit")),
        None if cursor is None else _read_cursor(resource, cursor, sort, order),
    )


def page(session: Session, resource: Resource, wanted: Wanted, caller: Caller) -> tuple[list[Any], str | None]:
    """Return one page of entries, and the cursor of the next one."""
    kind = resource.kind
    query: Select[Any] = select(kind).where(resource.visible(caller.who)).options(*resource.loads)
    for name, values in wanted.filters.items():
        query = query.where(getattr(kind, name).in_(values))
    if wanted.search:
        query = query.where(getattr(kind, resource.named_by).icontains(wanted.search, autoescape=True))
    columns = [getattr(kind, order.name) for order in wanted.order]
    if wanted.after is not None:
        query = query.where(_beyond(columns, wanted.order, wanted.after))
    for column, order in zip(columns, wanted.order, strict=True):
        query = query.order_by(column.desc() if order.descending else column)
    found = list(session.scalars(query.limit(wanted.limit + 1)))
    shown = found[: wanted.limit]
    if len(found) <= wanted.limit:
        return shown, None
    sort = ",".join(f"{'-' if order.descending else ''}{order.name}" for order in wanted.order)
    return shown, _write_cursor(sort, [getattr(shown[-1], order.name) for order in wanted.order])


def _beyond(columns: list[Any], orders: tuple[Order, ...], after: tuple[Any, ...]) -> ColumnElement[bool]:
    """Return the condition of what stands after these values: the first column that differs decides."""
    ways = []
    for n, (column, order, value) in enumerate(zip(columns, orders, after, strict=True)):
        same = [columns[m] == after[m] for m in range(n)]
        ways.append(and_(*same, column < value if order.descending else column > value))
    return or_(*ways)


def _read_order(text: str, sorts: list[str]) -> tuple[Order, ...]:
    order: list[Order] = []
    for part in text.split(","):
        name = part.strip().removeprefix("-")
        if name not in sorts:
            raise QUERY_INVALID.error(
                f"{part[:40]!r} isn't a sort of this list; these are: {', '.join(sorts)}; - descends."
            )
        if name in {before.name for before in order}:
            raise QUERY_INVALID.error(f"sort names {name} twice.")
        order.append(Order(name, part.strip().startswith("-")))
        if name == "id":
            return tuple(order)  # no two entries have one id, so nothing after it decides anything
    return (*order, Order("id", descending=False))


def _several(kind: Any) -> Any:
    """Return the type of a list of these, for pydantic."""
    return list.__class_getitem__(kind)


@cache
def _values_of(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(_several(kind))


def _read_filter(resource: Resource, name: str, texts: list[str]) -> list[Any]:
    if len(texts) > MAX_VALUES_A_FILTER:
        raise FILTER_INVALID.error(f"{name} is given more than {MAX_VALUES_A_FILTER} times.")
    try:
        values: list[Any] = _values_of(resource.filters[name]).validate_python(texts)
    except ValidationError as why:
        raise FILTER_INVALID.error(f"{name}: {why.errors()[0]['msg']}.") from why
    return values


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise QUERY_INVALID.error(f"limit is a whole number from 1 to {MAX_LIMIT}.")


def _write_cursor(sort: str, values: list[Any]) -> str:
    told = [value if isinstance(value, int | str) else _told(value) for value in values]
    body = json.dumps([sort, *told], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _told(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value.isoformat())


def _read_cursor(resource: Resource, cursor: str, sort: str, order: tuple[Order, ...]) -> tuple[Any, ...]:
    unknown = QUERY_INVALID.error("cursor: send the next_cursor of the page before as it is, or none.")
    try:
        body = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        known_sort, *values = body
        if known_sort != ",".join(f"{'-' if o.descending else ''}{o.name}" for o in order):
            raise QUERY_INVALID.error(f"cursor: it belongs to another sort than {sort[:80]!r}; begin anew.")
        columns = resource.columns()
        return tuple(_reader(columns[by.name].type)(value) for by, value in zip(order, values, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as why:
        raise unknown from why


def _reader(kind: object) -> Callable[[Any], Any]:
    if isinstance(kind, Moment):
        return _moment
    if isinstance(kind, Money):
        return lambda text: check_money(_text(text))
    if isinstance(kind, Date):
        return lambda text: date.fromisoformat(_text(text))
    if isinstance(kind, Integer):
        return _number
    return _text


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(_text(text))
    if moment.tzinfo is None:
        raise ValueError("a cursor's moment has a zone")
    return moment.astimezone(UTC)


def _number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID:
        return value
    raise ValueError("a cursor's number is one of a column")


def _text(value: Any) -> str:
    if isinstance(value, str) and "\x00" not in value and value.isprintable():
        return value
    raise ValueError("a cursor's text is one of a column")
