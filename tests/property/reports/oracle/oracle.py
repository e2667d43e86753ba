"""The oracle: what a report must say, found in frames of events without any SQL, planner or rollup.

It knows the documents and nothing of ``reports``: docs/reports.md for the shape of an answer,
docs/dimensions.md and docs/metrics.md for what is in it. Events are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from functools import cached_property
from itertools import product
from typing import Any

import pandas as pd

from tests.property.reports.oracle import clocks
from tests.property.reports.oracle.clocks import TIMES, Range
from tests.property.reports.oracle.conditions import lets, passes
from tests.property.reports.oracle.facts import Caller, Facts, Group, Key, Place, Row
from tests.property.reports.oracle.figures import EXACT, PARTS, Figure, Measure, measure, worth
from tests.property.reports.oracle.pivots import OTHER, Columns
from tests.property.reports.oracle.program import BASE
from tests.property.reports.oracle.values import LABELS, NAMED, ON_CONVERSIONS, shown

DEFAULT_LIMIT = 10_000
DEFAULT_COLUMNS = 10
BEFORE, CHANGE = "_before", "_change"
CHANGE_DIGITS = 12


class Oracle(Facts):
    """Answers over a fixed set of events."""

    def answer(self, query: dict[str, Any], who: Caller) -> dict[str, Any]:
        """Return the report."""
        return _Question(self, query, who).answer()


class _Question:
    def __init__(self, oracle: Oracle, query: dict[str, Any], who: Caller) -> None:
        self.oracle, self.query, self.who = oracle, query, who
        self.dimensions: list[str] = query.get("dimensions", [])
        self.filters = [one for one in query.get("filters", []) if "dimension" in one]
        self.having = [one for one in query.get("filters", []) if "metric" in one]
        self.into: str = query.get("currency", BASE)
        self.now = clocks.asked(query["from"], query["to"], query.get("timezone", "UTC"))
        compare = query.get("compare")
        self.before = clocks.compared(compare, self.now) if compare else None
        self.spans = [self.now] if self.before is None else [self.now, self.before]

    def _measure(self, name: str) -> Measure:
        own = tuple((one["name"], one["formula"]) for one in self.query.get("formulas", []))
        return measure(name, self.query.get("money", "expected"), own)

    @cached_property
    def measures(self) -> list[Measure]:
        """The metrics shown, and those only filtered or sorted by."""
        names = [*self.query["metrics"], *(one["metric"] for one in self.having)]
        names += [one["by"] for one in self.query.get("sort", []) if not self._is_dimension(one["by"])]
        plain = [name.removesuffix(BEFORE).removesuffix(CHANGE) for name in names]
        return [self._measure(name) for name in dict.fromkeys(plain)]

    def _is_dimension(self, name: str) -> bool:
        return name.removesuffix("_id") in self.dimensions or name in self.dimensions

    @cached_property
    def tables(self) -> list[str]:
        """The tables that the report's metrics come from and that know all it slices and filters by."""
        used = {*self.dimensions, self.query.get("pivot"), *(one["dimension"] for one in self.filters)}
        given = {table for one in self.measures for part in one.parts for table in PARTS[part].tables}
        knowing = ["conversions"] if used & ON_CONVERSIONS else ["clicks", "impressions", "conversions"]
        return [table for table in knowing if table in given] or ["conversions"]

    @cached_property
    def parts(self) -> list[str]:
        """The parts that these tables have something of."""
        names = dict.fromkeys(part for one in self.measures for part in one.parts)
        return [name for name in names if any(table in self.tables for table in PARTS[name].tables)]

    def answer(self) -> dict[str, Any]:
        rows, everything = self.rows()
        first, limit = self.query.get("offset", 0), self.query.get("limit", DEFAULT_LIMIT)
        kept = rows[first : first + limit]
        # What passes metric filters is added up row by row: an event under two labels is in it twice.
        passing = Group.of(group for _, _, group in rows) if self.having else everything
        whole = [passing] if self.query.get("totals") else []
        columns = self._columns([*(group for _, _, group in kept), *whole]) if "pivot" in self.query else None
        answer: dict[str, Any] = {
            "rows": [{**self._named(key), **self._answered(group, columns)} for key, _, group in kept],
            "truncated": len(rows) > first + limit,
            "range": self.now,
            "compare": self.before,
            "other_currencies": self._other_currencies(),
        }
        for group in whole:
            answer["totals"] = self._answered(group, columns)
        return answer

    def rows(self) -> tuple[list[Row], Group]:
        """Return the rows that pass the metric filters, in order, and all events."""
        groups, everything = self._groups()
        if self.query.get("fill"):
            self._fill(groups)
        rows = [(key, self._figures_of(group), group) for key, group in groups.items()]
        kept = [row for row in rows if all(lets(one, row[1][one["metric"]]) for one in self.having)]
        return self._sorted(kept), everything

    def _columns(self, groups: list[Group]) -> Columns:
        """Return a pivot's columns: the values with the most of the first metric."""
        by, most = self.query["pivot"], self.query["metrics"][0]
        named = ("from", "to", "timezone", "currency", "money", "formulas")
        alone = {name: self.query[name] for name in named if name in self.query}
        alone |= {
            "dimensions": [by],
            "metrics": [most],
            "filters": self.filters,
            "sort": [{"by": most, "desc": True}],
        }
        ranked, _ = _Question(self.oracle, alone, self.who).rows()
        columns = Columns(by, [key[0] for key, _, _ in ranked[: self.query.get("pivot_limit", DEFAULT_COLUMNS)]])
        columns.has_other = any(
            cells[OTHER].ranges != ([], []) for cells in (self._cells(g, columns) for g in groups)
        )
        return columns

    def _cells(self, group: Group, columns: Columns) -> dict[Any, Group]:
        """Return a row's events by column; one with two labels of no column is among the others once."""
        cells = {value: Group() for value in (*columns.own, OTHER)}
        for number, (span, places) in enumerate(zip(self.spans, group.ranges, strict=False)):
            for table, row in places:
                value = self.oracle.values(table, columns.name, span)[row]
                several = value if columns.name in LABELS else [value]
                for one in {one if one in columns.own else OTHER for one in several}:
                    cells[one].ranges[number].append((table, row))
        return cells

    def _answered(self, group: Group, columns: Columns | None) -> dict[str, Any]:
        """Return a row's metrics as they are shown; of a pivot by column."""
        endings = [""] if self.before is None else ["", BEFORE, CHANGE]
        names = [f"{name}{ending}" for name in self.query["metrics"] for ending in endings]
        if columns is None:
            figures = self._figures_of(group)
            return {name: self._shown(figures[name]) for name in names}
        cells = {one: self._figures_of(cell) for one, cell in self._cells(group, columns).items()}
        keys = columns.keys(self.who.role)
        return {name: {key: self._shown(cells[one][name]) for one, key in keys} for name in names}

    def _groups(self) -> tuple[dict[Key, Group], Group]:
        """Return the events of every row, and all of them."""
        groups: dict[Key, Group] = {} if self.dimensions else {(): Group()}
        everything = Group()
        for number, span in enumerate(self.spans):
            for table in self.tables:
                sliced = [self.oracle.values(table, name, span) for name in self.dimensions]
                several = [name in LABELS for name in self.dimensions]
                for row in self._kept(table, span):
                    everything.ranges[number].append((table, row))
                    values = [of[row] if many else (of[row],) for of, many in zip(sliced, several, strict=True)]
                    for key in product(*values):
                        groups.setdefault(key, Group()).ranges[number].append((table, row))
        return groups, everything

    def _kept(self, table: str, span: Range) -> Iterable[int]:
        """Return the rows of a table in a range that the caller sees and that pass the filters."""
        frame = self.oracle.frames[table]
        keeps = span.keeps(frame["ts"])
        for column, number in self.who.only:
            keeps &= frame[column] == number
        rows = frame.index[keeps]
        for one in self.filters:
            values = self.oracle.values(table, one["dimension"], span)
            rows = [row for row in rows if passes(one, values[row], self.who.role)]
        return rows

    def _fill(self, groups: dict[Key, Group]) -> None:
        (time,) = (name for name in self.dimensions if name in TIMES)
        place = self.dimensions.index(time)
        moments = self.now.values(time)
        for one in self.filters:
            if one["dimension"] in TIMES:
                values = self.now.shown(one["dimension"], moments).tolist()
                moments = moments[[passes(one, value, self.who.role) for value in values]]
        every = self.now.shown(time, moments).unique().tolist()
        others = [(*key[:place], *key[place + 1 :]) for key in groups] if len(self.dimensions) > 1 else [()]
        for other in dict.fromkeys(others):
            for value in every:
                groups.setdefault((*other[:place], value, *other[place:]), Group())

    def _named(self, key: Key) -> dict[str, Any]:
        """Return a row's dimensions as they are shown."""
        row: dict[str, Any] = {}
        for name, value in zip(self.dimensions, key, strict=True):
            row[name] = shown(name, value, self.who.role)
            if name in NAMED:
                row[f"{name}_id"] = value
        return row

    def _figures_of(self, group: Group) -> dict[str, Figure]:
        """Return the metrics of a row, and what they were before and how they changed."""
        found = self._figures(group.ranges[0])
        if self.before is not None:
            then = self._figures(group.ranges[1])
            changes = {f"{name}{CHANGE}": _change(found[name], then[name]) for name in then}
            found |= {f"{name}{BEFORE}": figure for name, figure in then.items()} | changes
        return found

    @cached_property
    def _of_nothing(self) -> dict[str, Figure]:
        """The metrics of a row in which nothing happened: most of a filled series."""
        parts = {name: PARTS[name].nothing for name in self.parts}
        return {one.name: one.of(parts) for one in self.measures}

    def _figures(self, places: list[Place]) -> dict[str, Figure]:
        if not places:
            return dict(self._of_nothing)
        by_table = {table: [row for of, row in places if of == table] for table in self.tables}
        parts: dict[str, Figure] = {}
        for name in self.parts:
            given = []
            for table in PARTS[name].tables:
                if table in by_table:
                    all_of = self.oracle.given(table, name, self.into)
                    given += [all_of[row] for row in by_table[table]]
            parts[name] = PARTS[name].together(given)
        return {one.name: one.of(parts) for one in self.measures}

    def _shown(self, figure: Figure) -> Any:
        if isinstance(figure, pd.Timestamp):
            return figure.tz_convert(self.now.zone).isoformat(timespec="milliseconds")
        return figure

    def _sorted(self, rows: list[Row]) -> list[Row]:
        """Return rows in order: as asked; else time forward, or the first metric's largest first."""
        order = [(one["by"], one.get("desc", False)) for one in self.query.get("sort", [])]
        if not order:
            times = [name for name in self.dimensions if name in TIMES]
            order = [(name, False) for name in times] or [(self.query["metrics"][0], True)]
        for name in self.dimensions:
            order += [(name, False), *([(f"{name}_id", False)] if name in NAMED else [])]
        for name, desc in reversed(order):
            by = [(self._by(name, row), row) for row in rows]
            known = sorted((one for one in by if one[0] is not None), key=lambda one: one[0], reverse=desc)
            rows = [row for _, row in (*known, *(one for one in by if one[0] is None))]
        return rows

    def _by(self, name: str, row: Row) -> Any:
        key, figures, _ = row
        if not self._is_dimension(name):
            return figures[name]
        by_id = name not in self.dimensions
        value = key[self.dimensions.index(name.removesuffix("_id") if by_id else name)]
        if name == "ctit_bucket":
            return BUCKET_ORDER.index(value)
        return value if by_id or name not in NAMED else shown(name, value, self.who.role).lower()

    def _other_currencies(self) -> dict[str, int] | None:
        """Return how many conversions lack a rate, by currency; None where no money of theirs is shown."""
        columns = {PARTS[part].currency for part in self.parts} - {""}
        if not columns:
            return None
        frame = self.oracle.frames["conversions"]
        found: dict[str, int] = {}
        for row in self._kept("conversions", self.now):
            day = (frame["ts"][row] - pd.Timestamp(0, tz="UTC")).days
            for currency in {frame[column][row] for column in columns}:
                if worth(Decimal(1), currency, day, self.into) is None:
                    found[currency] = found.get(currency, 0) + 1
        return found


BUCKET_ORDER = (
    *("", "under 10 s", "10 s to 1 min", "1 to 10 min", "10 min to 1 h"),
    *("1 to 24 h", "1 to 7 d", "over 7 d"),
)


def _change(now: Figure, before: Figure) -> float | None:
    if now is None or before is None or isinstance(now, pd.Timestamp) or isinstance(before, pd.Timestamp):
        return None
    if not before:
        return None
    with localcontext(EXACT):
        return round(float(Decimal(now) / Decimal(before) - 1), CHANGE_DIGITS)
