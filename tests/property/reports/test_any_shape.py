"""Whatever is asked, comparing, filling and pivoting only arrange what the plain reports say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.registry import DIMENSIONS, METRICS
from tests.integration.reports.conftest import Store
from tests.property.reports.test_any_query import NAMES, _events, good_filter, queries
from tests.property.reports.test_any_query import P as PARTNER

__all__ = ["_events"]

COUNTS = ["gross_clicks", "total_conversions", "unique_ips"]
ADDED = COUNTS[:2]
"""What rows of single-valued dimensions add up to the whole."""
NUMBERS = sorted(name for name, one in METRICS.items() if one.unit != "time")
TIMES = ["minute", "hour", "day", "week", "month", "quarter", "year", "hour_of_day", "day_of_week"]
OTHERS = sorted(name for name, d in DIMENSIONS.items() if d.group != "time" and not d.on_conversions_only)
SINGLE = [name for name in OTHERS if DIMENSIONS[name].kind != "labels"]
ZONES = ["UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]
RANGE = {"from": "2026-11-01", "to": "2026-11-08"}
dimension_filters = st.lists(
    good_filter().filter(lambda one: "dimension" in one and one["op"] != "matches"), max_size=2
)


def total(answer: dict, metric: str) -> int:
    return sum(row[metric] or 0 for row in answer["rows"])


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(TIMES), st.lists(st.sampled_from(SINGLE), max_size=2, unique=True), st.sampled_from(ZONES))
def test_filling_adds_nothing_but_empty_rows(store: Store, time: str, others: list[str], zone: str):
    # A minute of two days, so that it stays small.
    asked = {**RANGE, "dimensions": [*others, time], "metrics": COUNTS, "timezone": zone, "limit": 20_000}
    asked |= {"from": "2026-11-02", "to": "2026-11-03"} if time == "minute" else {}
    plain, filled = store.ask(PARTNER, NAMES, **asked), store.ask(PARTNER, NAMES, **asked, fill=True)
    found = [row for row in filled["rows"] if any(row[metric] for metric in COUNTS)]
    assert found == [row for row in plain["rows"] if any(row[metric] for metric in COUNTS)]
    values = {row[time] for row in filled["rows"]}
    combinations = {tuple(row[name] for name in others) for row in filled["rows"]}
    assert len(filled["rows"]) == min(20_000, len(values) * len(combinations))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from([*OTHERS, *TIMES[1:]]), max_size=2, unique=True),
    st.sampled_from(SINGLE),
    st.integers(1, 4),
    dimension_filters,
)
def test_a_pivot_s_columns_add_up_to_the_rows(
    store: Store, rows: list[str], pivot: str, columns: int, filters: list
):
    rows = [name for name in rows if name != pivot]
    asked = {**RANGE, "dimensions": rows, "metrics": ADDED, "filters": filters, "totals": True}
    plain = store.ask(PARTNER, NAMES, **asked)
    pivoted = store.ask(PARTNER, NAMES, **asked, pivot=pivot, pivot_limit=columns)
    keys = [column["key"] for column in pivoted["meta"]["pivot"]["columns"]]
    assert len(keys) <= columns + 1
    for whole, row in zip([*plain["rows"], plain["totals"]], [*pivoted["rows"], pivoted["totals"]], strict=False):
        for metric in ADDED:
            assert list(row[metric]) == keys
            if whole[metric] is not None:
                assert sum(row[metric].values()) == whole[metric]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from([*SINGLE, *TIMES]), max_size=2, unique=True),
    dimension_filters.map(lambda found: [one for one in found if one["dimension"] not in TIMES]),
    st.sampled_from(ZONES),
)
def test_what_is_compared_with_is_what_the_other_range_says(
    store: Store, rows: list[str], filters: list, zone: str
):
    asked = {
        "dimensions": rows,
        "metrics": COUNTS,
        "filters": filters,
        "timezone": zone,
        "totals": True,
        "limit": 9999,
    }
    other = {"from": "2026-11-01", "to": "2026-11-04"}
    alone = store.ask(PARTNER, NAMES, **other, **asked)
    compared = store.ask(
        PARTNER, NAMES, **{"from": "2026-11-04", "to": "2026-11-07"}, **asked, compare="previous_period"
    )
    plain = store.ask(PARTNER, NAMES, **{"from": "2026-11-04", "to": "2026-11-07"}, **asked)
    for metric in COUNTS:
        assert compared["totals"][f"{metric}_before"] == alone["totals"][metric]
        assert compared["totals"][metric] == plain["totals"][metric]
    for metric in ADDED:
        assert total(compared, f"{metric}_before") == total(alone, metric)
        assert total(compared, metric) == total(plain, metric)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([*SINGLE, "day"]), min_size=1, max_size=2, unique=True),
    st.sampled_from(NUMBERS),
    st.sampled_from(["_before", "_change"]),
    st.sampled_from(["gt", "gte", "lt", "eq", "ne", "is_set", "is_not_set"]),
    st.fixed_dictionaries({}, optional={"pivot": st.just("verdict"), "fill": st.just(value=True)}),
    st.data(),
)
def test_rows_are_filtered_and_sorted_by_the_comparison_they_show(
    store: Store, rows: list[str], metric: str, ending: str, op: str, shape: dict, data: st.DataObject
):
    if "pivot" in shape:
        rows = [name for name in rows if name != "verdict"]
    if "fill" in shape and "day" not in rows:
        rows = [*rows, "day"]
    asked = {"from": "2026-11-04", "to": "2026-11-07", "compare": "previous_period", "dimensions": rows}
    asked |= {"metrics": [metric], "limit": 9999, "totals": True}
    name, by_row = f"{metric}{ending}", {}
    for row in store.ask(PARTNER, NAMES, **asked)["rows"]:
        by_row[tuple(row[one] for one in rows)] = row[name]
    value = data.draw(st.sampled_from([0, *(v for v in by_row.values() if v is not None)]))
    one = {"metric": name, "op": op} | ({} if op.startswith("is_") else {"value": value})
    descending = data.draw(st.booleans())
    answer = store.ask(PARTNER, NAMES, **asked | shape, filters=[one], sort=[{"by": name, "desc": descending}])
    shown = [tuple(row[one] for one in rows) for row in answer["rows"]]
    found = {row: by_row.get(row) for row in shown}
    assert len(found) == len(shown)
    assert set(by_row.items()) & set(found.items()) == {
        (row, one) for row, one in by_row.items() if _passes(one, op, value)
    }
    ordered = [found[row] for row in shown if row in by_row]
    numbers = [one for one in ordered if one is not None]
    assert numbers == sorted(numbers, reverse=descending)
    assert ordered[len(numbers) :] == [None] * (len(ordered) - len(numbers))
    if metric in ADDED and "pivot" not in shape:
        assert answer["totals"][f"{metric}_before"] == total(answer, f"{metric}_before")


def _passes(shown: float | None, op: str, value: float) -> bool:
    """Say whether what a row shows passes a filter; nothing passes only as nothing."""
    if shown is None or op.startswith("is_"):
        return op == ("is_not_set" if shown is None else "is_set")
    return {"gt": shown > value, "gte": shown >= value, "lt": shown < value}.get(
        op, (shown == value) == (op == "eq")
    )


@settings(max_examples=20, deadline=None)
@given(
    queries(good_filter().filter(lambda one: one["op"] != "matches")),
    st.fixed_dictionaries(
        {
            "compare": st.sampled_from(
                ["previous_period", "previous_year", {"from": "2026-10-30", "to": "2026-11-03"}]
            )
        },
        optional={"fill": st.just(value=True), "pivot": st.sampled_from(OTHERS), "money": st.just("earned")},
    ),
)
def test_any_shape_is_answered(store: Store, fields: dict, shape: dict):
    fields |= shape
    fields["dimensions"] = [
        name for name in fields["dimensions"] if name != fields.get("pivot") and name not in TIMES
    ]
    if fields.get("fill"):
        fields["dimensions"].append("hour")
    answer = store.ask(PARTNER, NAMES, **fields)
    assert len(answer["rows"]) <= fields.get("limit", 10_000)
    shown = [f"{name}{suffix}" for name in fields["metrics"] for suffix in ("", "_before", "_change")]
    for row in [*answer["rows"], *([answer["totals"]] if "totals" in answer else [])]:
        assert [name for name in row if name in shown] == shown
        if "pivot" in fields:
            keys = [column["key"] for column in answer["meta"]["pivot"]["columns"]]
            assert all(list(row[name]) == keys for name in shown)


def test_these_tests_see_the_events(store: Store):
    assert store.ask(PARTNER, NAMES, **RANGE, metrics=["gross_clicks"])["rows"][0][
        "gross_clicks"
    ] == pytest.approx(60, abs=1)
