"""Whatever is asked, the answer is a report or a refusal with a code, and a report's totals fit its rows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from reports.errors import ERRORS
from reports.query import Query
from reports.registry import DIMENSIONS, METRIC_OPERATORS, METRICS, OPERATORS
from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 960_000_001
NAMES = Directory({"partner": {P: "it's"}, "offer": {1: "One", 2: "Two"}, "advertiser": {}, "link": {}})


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    rows = [
        {
            "partner_id": P,
            "ts": at("2026-11-01T00:00:00") + n * 9_999_999,
            "click_id": f"p{n}",
            "offer_id": n % 3,
            "country": ("DE", "FR", "")[n % 3],
            "sub1": ("a", "b", "'", "\\")[n % 4],
            "fraud_reasons": [[], ["x"], ["x", "y"]][n % 3],
            "verdict": ("valid", "duplicate", "suspect", "invalid")[n % 4],
            "is_bot": n % 2 == 0,
            "is_unique": n % 3 == 0,
            "fraud_score": n,
            "ip": f"192.0.2.{n % 9}",
        }
        for n in range(60)
    ]
    store.put("clicks", rows)
    conversions = [{**row, "conversion_id": f"{P}{n}", "status": ("approved", "pending", "hold", "rejected")[n % 4], "goal": ("", "sale")[n % 2]} for n, row in enumerate(rows[:20])]  # fmt: skip
    store.put("conversions", conversions)


texts = st.one_of(
    st.sampled_from(["DE", "a", "'", "\\", "One", "it's", "(none)", "x", "2026-11-02", "5", "true", ""]),
    st.text(max_size=8),
)
values = st.one_of(texts, st.integers(-5, 70), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
names = texts
dimensions = st.sampled_from(sorted(DIMENSIONS))
metrics = st.sampled_from(sorted(METRICS))

any_filter = st.fixed_dictionaries(
    {"op": st.one_of(st.sampled_from(sorted(OPERATORS)), names), "values": st.lists(values, max_size=3)},
    optional={"dimension": st.one_of(dimensions, names), "metric": st.one_of(metrics, names)},
)
ARITY = {"none": 0, "one": 1, "two": 2, "many": 3}


@st.composite
def good_filter(draw: st.DrawFn) -> dict:
    """A filter whose operator fits, though its values may not."""
    if draw(st.booleans()):
        one = METRICS[draw(metrics)]
        known = {name: o for name, o in METRIC_OPERATORS.items() if one.unit != "time" or o.arity == "none"}
        found = {"metric": one.name}
        given_values = st.integers(-5, 50)
    else:
        dimension = DIMENSIONS[draw(dimensions)]
        known = {name: o for name, o in OPERATORS.items() if dimension.kind in o.kinds}
        found = {"dimension": dimension.name}
        given_values = {"number": st.integers(0, 40), "bool": st.booleans()}.get(dimension.kind, values)
    operator = known[draw(st.sampled_from(sorted(known)))]
    count = ARITY[operator.arity]
    return {**found, "op": operator.name, "values": draw(st.lists(given_values, min_size=count, max_size=count))}


def queries(filters: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {
            "from": st.sampled_from(["2026-11-01", "2026-11-02T00:30", "2026-11-03T05:00:00.123Z"]),
            "to": st.sampled_from(["2026-11-04", "2026-11-08", "2026-11-05T05:30"]),
            "dimensions": st.lists(dimensions, max_size=4, unique=True),
            "metrics": st.lists(metrics, min_size=1, max_size=6, unique=True),
            "filters": st.lists(filters, max_size=3),
        },
        optional={
            "timezone": st.sampled_from(["Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Etc/GMT+12"]),
            "limit": st.integers(1, 50),
            "offset": st.integers(0, 5),
            "totals": st.booleans(),
            "currency": st.sampled_from(["USD", "EUR"]),
        },
    )


@settings(max_examples=40, deadline=None)
@given(queries(good_filter()), st.data())
def test_a_good_query_is_answered_with_rows_of_its_own_shape(store: Store, fields: dict, data: st.DataObject):
    by = data.draw(st.sampled_from([*fields["dimensions"], *METRICS]))
    fields["sort"] = [{"by": by, "desc": data.draw(st.booleans())}]
    try:
        answer = store.ask(P, NAMES, **fields)
    except ClickledgerError as refusal:
        # A random text is seldom a pattern.
        assert refusal.kind.code == "pattern_invalid"  # noqa: PT017 - what may be refused is the point
        return
    wanted = [*fields["dimensions"], *fields["metrics"]]
    assert len(answer["rows"]) <= answer["meta"]["row_count"] <= fields.get("limit", 10_000)
    for row in answer["rows"]:
        assert [
            name for name in row if not (name.endswith("_id") and name[:-3] in row and name not in wanted)
        ] == wanted
    assert ("totals" in answer) == fields.get("totals", False)
    if "totals" in answer:
        assert list(answer["totals"]) == fields["metrics"]


@settings(max_examples=30, deadline=None)
@given(
    queries(any_filter),
    st.fixed_dictionaries(
        {},
        optional={
            "from": texts,
            "timezone": texts,
            "currency": texts,
            "limit": st.integers(),
            "offset": st.integers(),
            "dimensions": st.lists(st.one_of(dimensions, names), max_size=12),
            "metrics": st.lists(st.one_of(metrics, names), max_size=3),
            "sort": st.lists(st.fixed_dictionaries({"by": st.one_of(metrics, names)}), max_size=2),
        },
    ),
)
def test_any_query_is_answered_or_refused_with_a_code(store: Store, fields: dict, changes: dict):
    query = {**fields, **changes}
    Query.model_validate(query)
    try:
        answer = store.ask(P, NAMES, **query)
    except ClickledgerError as refusal:
        assert refusal.kind.code in ERRORS  # noqa: PT017 - any of the room's refusals is an answer
    else:
        assert answer["meta"]["row_count"] == len(answer["rows"])


@settings(max_examples=12, deadline=None)
@given(queries(good_filter()))
def test_totals_are_the_single_row_of_the_same_question_without_dimensions(store: Store, fields: dict):
    fields["filters"] = [one for one in fields["filters"] if "dimension" in one and one["op"] != "matches"]
    fields |= {"limit": 50, "offset": 0}
    totals = store.ask(P, NAMES, **{**fields, "totals": True})["totals"]
    # A dimension only conversions have makes click metrics null in the totals as in the rows.
    if not any(DIMENSIONS[name].on_conversions_only for name in fields["dimensions"]):
        assert store.ask(P, NAMES, **{**fields, "dimensions": []})["rows"] == [totals]
