"""Validate: a parsed query becomes one whose every name, number and value is known to be good."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernel.settings import Settings
from reports.compare import Before, before
from reports.errors import (
    ASKED_TWICE,
    CURRENCY_INVALID,
    FILL_INVALID,
    FILTER_INCOMPLETE,
    LIMIT_OUT_OF_RANGE,
    NO_METRICS,
    OFFSET_OUT_OF_RANGE,
    PIVOT_INVALID,
    SORT_INVALID,
    TOO_MANY_DIMENSIONS,
    TOO_MANY_FILTERS,
    UNKNOWN_DIMENSION,
    UNKNOWN_METRIC,
    unknown,
)
from reports.exchange import Exchange, exchange
from reports.filters import DimensionFilter, MetricFilter, on_dimension, on_metric
from reports.measures import Range, measure, measures
from reports.names import Names
from reports.query import MoneyView, Query
from reports.registry import DIMENSIONS, PARTS, Dimension, Metric
from reports.shaping.sql import BUCKET_SECONDS
from reports.span import Span, span

MAX_DIMENSIONS = 10
MAX_FILTERS = 50
MAX_OFFSET = 1_000_000_000
DEFAULT_LIMIT = 10_000
"""Rows of a report that names no limit: more than a person reads, less than a mistake costs."""

MAX_COLUMNS = 50
"""Columns of a pivot, the one of all other values not counted: more than a table on a screen shows."""
MAX_BUCKETS = 20_000
"""Values of a filled dimension: two weeks of minutes, two years of hours."""

_CURRENCY = re.compile(r"[A-Z]{3}\Z", re.ASCII)
_ID_NAMES = {f"{d.name}_id": d for d in DIMENSIONS.values() if d.kind == "id"}
"""A named dimension's ids stand in rows under these names, so filters and sorts know them too."""


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key. ``by_id``: a named dimension by its id instead of its name."""

    by: Dimension | Metric
    desc: bool
    by_id: bool = False
    of: Range = "now"
    """Which of a metric's values, where the report is compared with another range."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report whose every part is valid."""

    span: Span
    dimensions: tuple[Dimension, ...]
    metrics: tuple[Metric, ...]
    where: tuple[DimensionFilter, ...]
    having: tuple[MetricFilter, ...]
    order: tuple[Order, ...]
    limit: int
    offset: int
    totals: bool
    currency: str
    exchange: Exchange | None = None
    """How amounts in other currencies are converted; None: nothing is."""
    money: MoneyView = "expected"
    before: Before | None = None
    fill: Dimension | None = None
    """The time dimension without gaps."""
    pivot: Dimension | None = None
    pivot_limit: int = 0

    @property
    def spans(self) -> tuple[Span, ...]:
        """The ranges it reads."""
        return (self.span,) if self.before is None else (self.span, self.before.span)

    @property
    def computed(self) -> tuple[Metric, ...]:
        """The metrics asked for and those only filtered or sorted by, each once."""
        sorted_by = (o.by for o in self.order if isinstance(o.by, Metric))
        return tuple(dict.fromkeys((*self.metrics, *(f.metric for f in self.having), *sorted_by)))

    @property
    def computed_before(self) -> tuple[Metric, ...]:
        """The metrics of which the range compared with is shown, filtered or sorted by, each once."""
        if self.before is None:
            return ()
        filtered = (f.metric for f in self.having if f.of != "now")
        sorted_by = (o.by for o in self.order if isinstance(o.by, Metric) and o.of != "now")
        return tuple(dict.fromkeys((*self.metrics, *filtered, *sorted_by)))

    @property
    def sliced(self) -> tuple[Dimension, ...]:
        """The dimensions of rows and columns and those only filtered by, each once."""
        columns = () if self.pivot is None else (self.pivot,)
        return tuple(dict.fromkeys((*self.dimensions, *columns, *(f.dimension for f in self.where))))


def validate(query: Query, names: Names, chosen: Settings) -> Asked:
    """Check everything a query says.

    Raises:
        ClickledgerError: one of the codes of ``reports.errors``, with the valid names nearest to a wrong one.

    """
    dimensions = _dimensions(query.dimensions)
    known = measures(query.formulas, query.money)
    metrics = _metrics(query.metrics, known)
    where, having = _filters(query, known, names)
    limit = _limit(query.limit, chosen.report_max_rows)
    if not 0 <= query.offset <= MAX_OFFSET:
        raise OFFSET_OUT_OF_RANGE.error()
    currency = chosen.currency if query.currency is None else query.currency
    if not _CURRENCY.match(currency):
        raise CURRENCY_INVALID.error()
    now = span(query.from_, query.to, query.timezone)
    asked = Asked(
        span=now,
        dimensions=dimensions,
        metrics=metrics,
        where=where,
        having=having,
        order=_order(query, dimensions, metrics, known),
        limit=limit,
        offset=query.offset,
        totals=query.totals,
        currency=currency,
        money=query.money,
        before=None if query.compare is None else before(query.compare, now),
        fill=_filled(dimensions, now) if query.fill else None,
        pivot=_pivot(query, dimensions),
        pivot_limit=query.pivot_limit,
    )
    return replace(asked, exchange=_exchange(asked, names, chosen)) if query.convert else asked


def _exchange(asked: Asked, names: Names, chosen: Settings) -> Exchange | None:
    """Return how amounts are converted, if the report shows any and there are rates."""
    if not any(PARTS[name].currency for metric in asked.computed for name in metric.parts):
        return None
    base, rates = names.rates()
    return exchange(asked.currency, base or chosen.currency, rates, asked.spans)


def _filled(dimensions: tuple[Dimension, ...], now: Span) -> Dimension:
    """Return the one time dimension whose gaps are filled."""
    times = [d for d in dimensions if d.group == "time"]
    if len(times) != 1:
        raise FILL_INVALID.error(f"Gaps are filled in exactly one time dimension; this report has {len(times)}.")
    (one,) = times
    if (now.end - now.start).total_seconds() > MAX_BUCKETS * BUCKET_SECONDS[one.name]:
        raise FILL_INVALID.error(
            f"The range has more than {MAX_BUCKETS} values of '{one.name}'; ask for a shorter range, "
            "a longer step or without filling.",
            limit=MAX_BUCKETS,
        )
    return one


def _pivot(query: Query, dimensions: tuple[Dimension, ...]) -> Dimension | None:
    if not 1 <= query.pivot_limit <= MAX_COLUMNS:
        raise PIVOT_INVALID.error(f"Give a pivot_limit from 1 to {MAX_COLUMNS}.", limit=MAX_COLUMNS)
    if query.pivot is None:
        return None
    pivot = _dimension(query.pivot)
    if pivot in dimensions:
        raise PIVOT_INVALID.error(f"'{pivot.name}' is among the rows' dimensions already; pivot by another one.")
    if len(dimensions) == MAX_DIMENSIONS:
        raise TOO_MANY_DIMENSIONS.error(limit=MAX_DIMENSIONS, asked=MAX_DIMENSIONS + 1)
    return pivot


def _dimensions(asked: list[str]) -> tuple[Dimension, ...]:
    if len(asked) > MAX_DIMENSIONS:
        raise TOO_MANY_DIMENSIONS.error(limit=MAX_DIMENSIONS, asked=len(asked))
    _each_once(asked)
    return tuple(_dimension(name) for name in asked)


def _dimension(name: str) -> Dimension:
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    raise unknown(UNKNOWN_DIMENSION, "dimension", name, DIMENSIONS)


def _metrics(asked: list[str], known: Mapping[str, Metric]) -> tuple[Metric, ...]:
    if not asked:
        raise NO_METRICS.error()
    _each_once(asked)
    for name in asked:
        if name not in known:
            raise unknown(UNKNOWN_METRIC, "metric", name, known)
    return tuple(known[name] for name in asked)


def _each_once(asked: list[str]) -> None:
    if len(set(asked)) != len(asked):
        twice = next(name for name in asked if asked.count(name) > 1)
        raise ASKED_TWICE.error(f"'{twice[:64]}' is named twice; name each dimension and each metric once.")


def _filters(
    query: Query, known: Mapping[str, Metric], names: Names
) -> tuple[tuple[DimensionFilter, ...], tuple[MetricFilter, ...]]:
    if len(query.filters) > MAX_FILTERS:
        raise TOO_MANY_FILTERS.error(f"A report has at most {MAX_FILTERS} filters.", limit=MAX_FILTERS)
    where: list[DimensionFilter] = []
    having: list[MetricFilter] = []
    for one in query.filters:
        if (one.dimension is None) == (one.metric is None):
            raise FILTER_INCOMPLETE.error()
        if one.dimension is not None:
            where.append(on_dimension(one, _ID_NAMES.get(one.dimension) or _dimension(one.dimension), names))
        else:
            having.append(on_metric(one, known, is_compared=query.compare is not None))
    return tuple(where), tuple(having)


def _limit(asked: int | None, most: int) -> int:
    if asked is None:
        return min(DEFAULT_LIMIT, most)
    if not 1 <= asked <= most:
        raise LIMIT_OUT_OF_RANGE.error(f"Give a limit from 1 to {most}.", limit=most)
    return asked


def _order(
    query: Query,
    dimensions: tuple[Dimension, ...],
    metrics: tuple[Metric, ...],
    known: Mapping[str, Metric],
) -> tuple[Order, ...]:
    """Return the sort keys; unasked, time runs forward, else the first metric's largest come first.

    All dimensions follow, so that pages never overlap.
    """
    keys: list[Order] = []
    for one in query.sort:
        dimension = DIMENSIONS.get(one.by) or _ID_NAMES.get(one.by)
        if dimension is None:
            metric, of = measure(
                one.by,
                known,
                SORT_INVALID,
                is_compared=query.compare is not None,
                what="dimension or metric",
                others=query.dimensions,
            )
            keys.append(Order(metric, one.desc, of=of))
        elif dimension not in dimensions:
            raise SORT_INVALID.error(f"'{one.by}' can't be sorted by, as it is not among the dimensions.")
        else:
            keys.append(Order(dimension, one.desc, by_id=one.by in _ID_NAMES))
    if not keys:
        times = [d for d in dimensions if d.group == "time"]
        keys = [Order(d, desc=False) for d in times] or [Order(metrics[0], desc=True)]
    for dimension in dimensions:
        keys.append(Order(dimension, desc=False))
        # Two of one name, or of names that differ by case alone, need an order too.
        keys += [Order(dimension, desc=False, by_id=True)] if dimension.kind == "id" else []
    first: dict[tuple[str, bool, str], Order] = {}
    for key in keys:
        first.setdefault((key.by.name, key.by_id, key.of), key)
    return tuple(first.values())
