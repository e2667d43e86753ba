"""Whatever row or cell is drilled into, by what the answer itself says of it, comes out as it was shown."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reports.drilling import drilled, row_filters
from reports.registry import DIMENSIONS
from tests.integration.reports.conftest import Store
from tests.property.reports.test_any_query import P, _events, good_filter
from tests.property.reports.test_any_shape import OTHERS, SINGLE
from tests.unit.reports.asking import Directory

__all__ = ["_events"]

NAMES = Directory(
    # Two of one name: only their ids tell them apart.
    {"partner": {P: "it's"}, "offer": {1: "One", 2: "One"}, "advertiser": {}, "link": {}},
    {
        "partner_tag": {P: ("blog", "eu")},
        "offer_tag": {1: ("sale", "summer"), 2: ("sale",)},
        "offer_category": {1: ("Shoes",)},
        "offer_payout_model": {1: ("CPA",), 2: ("CPC",)},
    },
)
METRICS = ["gross_clicks", "total_conversions", "unique_ips", "payout", "cr"]
ADDED = METRICS[:2]
"""What rows of single-valued dimensions add up to the whole."""
DAYS = {"from": "2026-11-03", "to": "2026-11-07"}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from([*DIMENSIONS]), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(SINGLE), max_size=2, unique=True),
    # Most filters keep nothing, and then there is nothing to drill into.
    st.one_of(st.just([]), st.lists(good_filter().filter(lambda one: one["op"] != "matches"), max_size=1)),
    st.fixed_dictionaries(
        {"timezone": st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"])},
        optional={
            "compare": st.sampled_from(["previous_period", {"from": "2026-11-01", "to": "2026-11-04"}]),
            "pivot": st.sampled_from(sorted(DIMENSIONS)),
            "pivot_limit": st.integers(1, 3),
            "money": st.just("earned"),
            "fill": st.just(value=True),
        },
    ),
    st.data(),
)
def test_what_is_drilled_into_adds_up_to_what_was_shown(
    store: Store, rows: list[str], by: list[str], filters: list, more: dict, data: st.DataObject
):
    rows = [name for name in rows if name != more.get("pivot")]
    if more.pop("fill", False) and [DIMENSIONS[name].group for name in rows].count("time") == 1:
        more["fill"] = "minute" not in rows
    query = {**DAYS, "dimensions": rows, "metrics": METRICS, "filters": filters, **more}
    answer = store.ask(P, NAMES, **query)
    event(f"{min(len(answer['rows']), 3)} rows")
    if not answer["rows"]:
        return
    row = data.draw(st.sampled_from(answer["rows"]))
    columns = answer["meta"].get("pivot", {}).get("columns", [])
    known = [column["key"] for column in columns if "filters" in column]
    assert [c for c in columns if "filters" not in c and DIMENSIONS[more["pivot"]].kind != "labels"] == []
    key = data.draw(st.sampled_from([None, *known]))
    shown = row if key is None else {name: cells[key] for name, cells in row.items() if isinstance(cells, dict)}
    found = store.ask(P, NAMES, **drilled(query, answer["meta"], row, by, key), totals=True)
    endings = ("", "_before") if "compare" in more else ("",)
    for metric in [f"{name}{ending}" for name in METRICS for ending in endings]:
        value = shown[metric]
        if value is None or isinstance(value, dict):
            # Of a pivot the row itself shows no whole; its cells have been asked for above.
            continue
        assert found["totals"][metric] == pytest.approx(value)
        if metric.startswith(tuple(ADDED)):
            assert sum(one[metric] or 0 for one in found["rows"]) == value


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(OTHERS), st.lists(st.sampled_from(SINGLE), max_size=1))
def test_the_rows_of_a_report_drilled_into_one_by_one_are_all_of_it(store: Store, name: str, by: list[str]):
    query = {**DAYS, "dimensions": [name], "metrics": ADDED}
    answer = store.ask(P, NAMES, **query)
    for row in answer["rows"][:5]:
        found = store.ask(
            P, NAMES, **drilled(query, answer["meta"], row, [name, *(one for one in by if one != name)])
        )
        mine = [one for one in found["rows"] if one[answer["meta"]["drill"][0]] == row[answer["meta"]["drill"][0]]]
        assert [sum(one[metric] or 0 for one in mine) for metric in ADDED] == [
            row[metric] or 0 for metric in ADDED
        ]
        if DIMENSIONS[name].kind != "labels":
            assert mine == found["rows"]


def test_a_column_no_filter_describes_is_refused(store: Store):
    answer = store.ask(P, NAMES, **DAYS, metrics=["gross_clicks"], pivot="fraud_reason", pivot_limit=1)
    keys = {column["key"]: column for column in answer["meta"]["pivot"]["columns"]}
    assert "filters" in next(iter(keys.values()))
    assert "filters" not in keys["(other)"]
    with pytest.raises(ValueError, match="no filter"):
        row_filters(answer["meta"], answer["rows"][0], "(other)")
    with pytest.raises(KeyError):
        row_filters(answer["meta"], answer["rows"][0], "(nowhere)")
