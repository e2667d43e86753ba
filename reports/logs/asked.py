"""A page of a log as asked for, with its every part checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from kernel.auth import Principal
from kernel.clickhouse.columns import Column
from kernel.errors import FORBIDDEN, QUERY_INVALID
from kernel.http import read_query
from reports import shell
from reports.errors import (
    FILTER_INCOMPLETE,
    LIMIT_OUT_OF_RANGE,
    MAX_ECHOED,
    TOO_MANY_FILTERS,
    UNKNOWN_DIMENSION,
    unknown,
)
from reports.filters import DimensionFilter, on_dimension
from reports.logs.log import Log
from reports.logs.places import Place, place_of
from reports.logs.schemas import MAX_LIMIT, LogQuery
from reports.names import Names
from reports.query import MAX_TEXT, Filter
from reports.registry import DIMENSIONS
from reports.scope import is_unlimited
from reports.span import Span, span
from reports.validate import MAX_FILTERS
from reports.visibility import refuse_hidden

Filtered = TypeVar("Filtered", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter and its key, as an expression over the log's rows."""

    filter: DimensionFilter
    key: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A page whose every part is valid."""

    log: Log
    columns: tuple[Column, ...]
    span: Span
    where: tuple[Condition, ...]
    limit: int
    before: Place | None
    """The row behind which the page begins; None: the newest row."""


def read_log_query(request: Request) -> LogQuery:
    """Read the query parameters, of which ``filter`` may be there any number of times.

    Raises:
        ClickledgerError: ``query_invalid``.

    """
    return read_filtered(request, LogQuery)


def read_filtered(request: Request, model: type[Filtered]) -> Filtered:
    """Read query parameters of which ``filter`` may be there any number of times.

    Args:
        request: Of which.
        model: With a field ``filter``, a list of texts.

    Raises:
        ClickledgerError: ``query_invalid``.

    """
    given = request.query_params.multi_items()
    filters = [value for name, value in given if name == "filter"]
    if any("\x00" in text for text in filters):
        raise QUERY_INVALID.error("filter can't hold a NUL character.")
    others = urlencode([(name, value) for name, value in given if name != "filter"])
    query = read_query(Request({**request.scope, "query_string": others.encode()}), model)
    return query.model_copy(update={"filter": filters})


def asked(log: Log, query: LogQuery, who: Principal, names: Names) -> Asked:
    """Check everything a request for a page says.

    Args:
        log: The log.
        query: The request.
        who: The caller.
        names: The directory as the caller may know it.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors`` and ``reports.logs.errors``; ``forbidden`` when
            the rows belong to nobody and the caller may see only somebody's.

    """
    if log.belongs_to_nobody and not is_unlimited(who):
        raise FORBIDDEN.error("What was refused belongs to nobody; only the network's own people read it.")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise LIMIT_OUT_OF_RANGE.error(f"Give a limit from 1 to {MAX_LIMIT}.", limit=MAX_LIMIT)
    first, last = shell.days(query.from_, query.to, query.timezone, datetime.now(UTC))
    return Asked(
        log,
        log.columns(query.columns, who),
        span(first, last, query.timezone),
        conditions_of(log, query.filter, who, names),
        query.limit,
        place_of(query.cursor) if query.cursor else None,
    )


def conditions_of(log: Log, texts: Sequence[str], who: Principal, names: Names) -> tuple[Condition, ...]:
    """Return filters, written as JSON or as a person types them, as conditions on a log's rows.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors`` about filters.

    """
    return tuple(_condition(log, one, who, names) for one in _filters(texts))


def _filters(texts: Sequence[str]) -> list[Filter]:
    """Return the filters written as JSON or as a person types them."""
    if len(texts) > MAX_FILTERS:
        raise TOO_MANY_FILTERS.error(f"A log has at most {MAX_FILTERS} filters.", limit=MAX_FILTERS)
    found: list[Filter] = []
    typed: list[str] = []
    for text in texts:
        try:
            if text.lstrip().startswith("{"):
                found.append(Filter.model_validate_json(text))
            else:
                shell.conditions([text[:MAX_TEXT]])
                typed.append(text)
        except (ValidationError, shell.ConditionError) as why:
            raise FILTER_INCOMPLETE.error(
                f"'{text[:MAX_ECHOED]}' is no filter; write for example country=DE, sub1~shoes or asn>=100."
            ) from why
    try:
        # All at once, so that the same dimension twice means either.
        found += [Filter.model_validate(one) for one in shell.conditions(typed)]
    except ValidationError as why:
        raise FILTER_INCOMPLETE.error(f"A filter's value has at most {MAX_TEXT} characters.") from why
    return found


def _condition(log: Log, one: Filter, who: Principal, names: Names) -> Condition:
    name = one.dimension or ""
    if one.metric is not None or not name:
        raise FILTER_INCOMPLETE.error("A log is filtered by dimensions only; rows have no metrics.")
    known = log.filters.get(name) or log.filters.get(name.removesuffix("_id"))
    if known is None or (name not in log.filters and known[0].kind != "id"):
        if name in DIMENSIONS:
            raise UNKNOWN_DIMENSION.error(
                f"The log of {log.table} doesn't know '{name}'; leave it out.", name=name
            )
        raise unknown(UNKNOWN_DIMENSION, "dimension", name, log.filters)
    dimension, key = known
    refuse_hidden(who, (), [dimension])
    return Condition(on_dimension(one, dimension, names), key)
