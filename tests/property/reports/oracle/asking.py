"""Random questions: any dimensions, metrics, filters, sorts, zones, currencies and shapes that go together.

Filters take most of their values from the events, so that most reports aren't empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from reports.registry import DIMENSIONS, METRICS
from tests.property.reports.oracle import clocks, program
from tests.property.reports.oracle.clocks import EVERYTHING, RANGES, TIMES, ZONES
from tests.property.reports.oracle.conditions import ALLOWED
from tests.property.reports.oracle.facts import Caller
from tests.property.reports.oracle.figures import measure
from tests.property.reports.oracle.oracle import Oracle
from tests.property.reports.oracle.values import LABELS, NAMED, kind, shown

Query = dict[str, Any]

FORMULAS = (
    {"name": "my_rate", "formula": "(conversions + 2 * held) / total_conversions", "unit": "ratio"},
    {"name": "my_money", "formula": "payout / clicks - 0.001 * gross_clicks", "unit": "money"},
    {"name": "my_profit", "formula": "-profit / 3 + approved_revenue", "unit": "money"},
    {"name": "my_count", "formula": "approved_sales - sales + approved_payouts - -payouts", "unit": "count"},
)

CURRENCIES = ("USD", "EUR", "INR", "JPY", "CHF", "BAM", "XAU")

_MOMENTS = frozenset({"first_click_at", "last_click_at"})
_TEXTS = ("", "a", "e", "O'", "\\", "#", "%", "ü", "zz", "no such value", "2013-10-2")
_PATTERNS = ("^$", "^[a-mA-M]", "o.$", r"\d+", "(?i)^ann|shoes$", "^#", "-2[67]( 0[0-3])?", r"\\")
_LIMITS = (-1, 0, 1, 2, 3, 7, 0.5, 0.31, 12.34, 250)
_SLICE_SIZES = (0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 10)
_FIGURES = (1, 1, 2, 3, 4, 12)


class Asking:
    """What a role can ask about some events, ``earlier`` by so many days than ``clocks.RANGES``."""

    def __init__(self, oracle: Oracle, role: str, zones: Sequence[str] = ZONES, earlier: int = 0) -> None:
        self.oracle, self.role, self.zones = oracle, role, zones
        self.ranges = [(_before(start, earlier), _before(end, earlier)) for start, end in RANGES]
        self.everything = _before(EVERYTHING[0], earlier), _before(EVERYTHING[1], earlier)
        self.dimensions = sorted(set(DIMENSIONS) - program.HIDDEN_DIMENSIONS[role])
        self.metrics = [name for name in sorted(METRICS) if self._sees(name)]
        self.formulas = [one for one in FORMULAS if self._sees(one["name"])]

    def _sees(self, name: str) -> bool:
        own = tuple((one["name"], one["formula"]) for one in FORMULAS)
        return not {*measure(name, "expected", own).parts} & program.HIDDEN_MONEY[self.role]

    def callers(self) -> st.SearchStrategy[Caller]:
        """Anybody of the role."""
        match self.role:
            case "partner":
                return st.sampled_from(program.PARTNERS[:3]).map(
                    lambda one: Caller("partner", (("partner_id", one),))
                )
            case "advertiser":
                ids = st.sampled_from(program.ADVERTISERS)
                return ids.map(lambda one: Caller("advertiser", (("advertiser_id", one),)))
            case _:
                return st.just(Caller("admin"))

    def queries(self, dimensions: Sequence[str] = (), metrics: Sequence[str] = ()) -> st.SearchStrategy[Query]:
        """Any question, over these dimensions and metrics if some are given."""
        return _queries(self, tuple(dimensions or self.dimensions), tuple(metrics or self.metrics))

    def present(self, name: str, zone: str) -> list[Any]:
        """Return values of a dimension that events have, the same in every process."""
        span = clocks.asked("2000-01-01", "2015-01-01", zone)
        found: dict[Any, None] = {}
        for table in ("conversions", "clicks"):
            if table == "clicks" and DIMENSIONS[name].on_conversions_only:
                continue
            for value in self.oracle.values(table, name, span)[:400]:
                found.update(dict.fromkeys(value if name in LABELS else [value]))
        return list(found)


@st.composite
def _queries(draw: st.DrawFn, asking: Asking, dimensions: Sequence[str], metrics: Sequence[str]) -> Query:
    start, end = draw(st.sampled_from(asking.ranges))
    zone = draw(st.sampled_from(asking.zones))
    size = min(draw(st.sampled_from(_SLICE_SIZES)), len(dimensions))
    # Every third is a time: they are few among a hundred, and the ones that go wrong.
    any_of = st.one_of(*[st.sampled_from(dimensions)] * 2, st.sampled_from([d for d in dimensions if d in TIMES]))
    sliced = draw(st.lists(any_of, min_size=size, max_size=size, unique=True))
    count = min(draw(st.sampled_from(_FIGURES)), len(metrics))
    shown_ = draw(st.lists(st.sampled_from(metrics), min_size=count, max_size=count, unique=True))
    query: Query = {"from": start, "to": end, "timezone": zone, "dimensions": sliced, "metrics": shown_}
    if asking.formulas and set(metrics) == set(asking.metrics) and draw(st.integers(0, 4)) == 0:
        query["formulas"] = asking.formulas
        query["metrics"] = [*shown_, *(one["name"] for one in asking.formulas)]
    if draw(st.integers(0, 3)) == 0:
        own = st.sampled_from(asking.ranges).map(lambda one: {"from": one[0], "to": one[1]})
        query["compare"] = draw(st.one_of(st.sampled_from(["previous_period", "previous_year"]), own))
    endings = ["", "", "_before", "_change"] if "compare" in query else [""]
    filters = [
        draw(_on_dimension(asking, draw(any_of), zone))
        for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2))))
    ]
    if draw(st.integers(0, 4)) == 0:
        filters.append(draw(_on_metric(metrics, endings)))
    if filters:
        query["filters"] = filters
    if draw(st.booleans()):
        query["currency"] = draw(st.sampled_from(CURRENCIES))
    if draw(st.booleans()):
        query["totals"] = True
    if draw(st.integers(0, 3)) == 0:
        query["money"] = "earned"
    if draw(st.booleans()):
        by = [*sliced, *(f"{name}_id" for name in sliced if name in NAMED)]
        by += [f"{name}{ending}" for name in metrics for ending in endings[-3:] if _is_number(name, ending)]
        chosen = draw(st.lists(st.sampled_from(by), min_size=1, max_size=2, unique=True))
        query["sort"] = [{"by": name, "desc": draw(st.booleans())} for name in chosen]
    if draw(st.integers(0, 3)) == 0:
        query["limit"], query["offset"] = draw(st.integers(1, 12)), draw(st.integers(0, 6))
    pivots = [name for name in dimensions if name not in sliced]
    if pivots and size < 10 and draw(st.integers(0, 5)) == 0:
        query["pivot"], query["pivot_limit"] = draw(st.sampled_from(pivots)), draw(st.integers(1, 5))
    if _can_be_filled(query) and draw(st.booleans()):
        query["fill"] = True
    return query


def _before(text: str, days: int) -> str:
    return f"{date.fromisoformat(text[:10]) - timedelta(days=days)}{text[10:]}"


def _can_be_filled(query: Query) -> bool:
    """Tell whether the series is small enough to be looked at row by row, in a test."""
    times = [name for name in query["dimensions"] if name in TIMES]
    if len(times) != 1 or len(query["dimensions"]) > 2:
        return False
    span = clocks.asked(query["from"], query["to"], query["timezone"])
    hours = (span.end - span.start).total_seconds() / 3600
    if times[0] == "minute":
        return hours <= 36 and len(query["dimensions"]) == 1
    return hours <= {"hour": 24 * 10}.get(times[0], 24 * 800)


@st.composite
def _on_dimension(draw: st.DrawFn, asking: Asking, name: str, zone: str) -> dict[str, Any]:
    what = kind(name)
    op = draw(st.sampled_from(sorted(op for op, kinds in ALLOWED.items() if what in kinds)))
    present = asking.present(name, zone)
    as_text = [str(shown(name, value, asking.role)) for value in present]
    if op in {"is_set", "is_not_set"}:
        return {"dimension": name, "op": op}
    if op == "matches":
        values = st.one_of(st.sampled_from(_PATTERNS), st.sampled_from(as_text).map(re.escape))
    elif op in {"contains", "not_contains", "starts_with", "ends_with"}:
        cut = {"starts_with": slice(0, 2), "ends_with": slice(-2, None)}.get(op, slice(1, 3))
        values = st.one_of(st.sampled_from(as_text), st.sampled_from(as_text).map(lambda t: t[cut]), st.sampled_from(_TEXTS))  # fmt: skip
    elif what == "id":
        ids = st.sampled_from(present)
        values = st.one_of(ids, st.sampled_from(as_text), ids.map(lambda one: f"#{one}"), st.just("(none)"))
    elif what in {"number", "bool"}:
        values = st.sampled_from(present)
    else:
        values = st.one_of(*[st.sampled_from(present)] * 3, st.sampled_from(_TEXTS))
    if op in {"in", "not_in"}:
        return {"dimension": name, "op": op, "values": draw(st.lists(values, min_size=1, max_size=4))}
    if op == "between":
        return {"dimension": name, "op": op, "values": sorted([draw(values), draw(values)])}
    return {"dimension": name, "op": op, "value": draw(values)}


def _is_number(name: str, ending: str) -> bool:
    """Tell whether a metric has such a value: moments have no change."""
    return name not in _MOMENTS or ending != "_change"


@st.composite
def _on_metric(draw: st.DrawFn, metrics: Sequence[str], endings: Sequence[str]) -> dict[str, Any]:
    name = draw(st.sampled_from(metrics))
    ending = draw(st.sampled_from([one for one in endings if _is_number(name, one)]))
    op = draw(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"]))
    if name in _MOMENTS or op in {"is_set", "is_not_set"}:
        return {"metric": f"{name}{ending}", "op": draw(st.sampled_from(["is_set", "is_not_set"]))}
    if op == "between":
        both = draw(st.tuples(st.sampled_from(_LIMITS), st.sampled_from(_LIMITS)))
        return {"metric": f"{name}{ending}", "op": op, "values": sorted(both)}
    return {"metric": f"{name}{ending}", "op": op, "value": draw(st.sampled_from(_LIMITS))}
