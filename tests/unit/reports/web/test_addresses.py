"""The address of a report holds all of it: what is written is read as the same again, whatever values it has."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.registry import DIMENSIONS, METRICS, OPERATORS
from reports.web.pages.reports import conditions, reading
from reports.web.pages.reports.asked import Asked, of_saved
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.changes import changed
from reports.web.pages.reports.conditions import Condition
from reports.web.pages.reports.ranges import Range

COUNTS = {"none": (0, 0), "one": (1, 1), "two": (2, 2), "many": (1, 4)}
KNOWN = Catalog(
    dimensions={
        name: {"name": name, "label": one.label, "group": one.group, "kind": one.kind}
        for name, one in DIMENSIONS.items()
    },
    metrics={name: {"name": name, "label": one.label, "unit": one.unit} for name, one in METRICS.items()},
    operators={name: {"label": one.label} for name, one in OPERATORS.items()},
    limits={"rows": 10_000, "pivot_columns": 50},
    units=("number",),
    currency="USD",
    currencies=("EUR", "USD"),
)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", " ", "|", "\\", "\\|", "=5", "a=b", ":in:", "DE", "3"]
)


@st.composite
def condition(draw):
    op = draw(st.sampled_from(sorted(OPERATORS)))
    least, most = COUNTS[OPERATORS[op].arity]
    values = draw(st.lists(VALUES, min_size=least, max_size=most))
    return Condition(draw(st.sampled_from(["country", "sub1", "clicks", "partner_id"])), op, tuple(values))


def names(of, most=4):
    return st.lists(st.sampled_from(sorted(of)), unique=True, max_size=most).map(tuple)


ASKED = st.builds(
    Asked,
    by=names(DIMENSIONS),
    metrics=names(METRICS),
    where=st.lists(condition(), max_size=5).map(tuple),
    over=st.sampled_from([Range("today"), Range("last_7_days"), Range("last_quarter"), Range(None, "2026-11-01", "2026-11-07")]),
    zone=st.sampled_from(["UTC", "Asia/Kolkata"]),
    compare=st.sampled_from(["", "previous_year", "2026-10-01..2026-10-07"]),
    limit=st.sampled_from([25, 100]),
    page=st.integers(1, 9),
    money=st.sampled_from(["", "earned"]),
    currency=st.sampled_from(["", "EUR"]),
    fill=st.booleans(),
    formulas=st.sampled_from([(), ("x:money=payout/clicks*100",)]),
    drill=st.booleans(),
    saved=st.integers(0, 99),
)  # fmt: skip


@given(st.lists(condition(), max_size=6))
def test_filters_are_read_as_they_were_written(wanted):
    assert conditions.read(conditions.written(wanted)) == (wanted, [])


@given(ASKED)
def test_a_report_is_read_as_it_was_written(asked):
    params = parse_qs(asked.query_string(), keep_blank_values=True)
    assert reading.read(params, KNOWN, "Europe/Berlin") == (asked, [])


@given(ASKED)
def test_what_is_saved_opens_as_the_same_report(asked):
    assert of_saved(asked.kept(KNOWN)) == Asked(
        **{name: getattr(asked, name) for name in Asked.__slots__} | {"page": 1, "drill": False, "saved": 0}
    )


@given(st.dictionaries(st.sampled_from([*Asked.__slots__, "range", "from", "to", "chart", "columns"]), st.lists(VALUES, min_size=1, max_size=3)))  # fmt: skip
def test_whatever_an_address_holds_there_is_a_report_and_a_sentence(params):
    asked, problems = reading.read(params, KNOWN, "UTC")
    assert all(problem[0].isupper() or problem[0] == "'" for problem in problems)
    again, _ = reading.read(parse_qs(asked.query_string(), keep_blank_values=True), KNOWN, "UTC")
    assert again == asked


@given(ASKED, st.dictionaries(st.sampled_from(["change", "f_name", "f_op", "f_value", "picked", "pick_by", "pick_metrics", "compare_from", "compare_to"]), st.lists(VALUES | st.sampled_from(["by", "left:by:day", "drop:where:0", "between", "2026-10-01"]), min_size=1, max_size=3)))  # fmt: skip
def test_whatever_a_form_sends_the_rest_of_the_report_stays(asked, params):
    after, _ = changed(asked, params, KNOWN)
    assert (after.over, after.zone, after.formulas, after.limit) == (
        asked.over,
        asked.zone,
        asked.formulas,
        asked.limit,
    )


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["country=DE", "country=FR"], [Condition("country", "in", ("DE", "FR"))]),
        (["country="], [Condition("country", "is_not_set")]),
        (["country!="], [Condition("country", "is_set")]),
        (["clicks>=100"], [Condition("clicks", "gte", ("100",))]),
        (["sub1~news"], [Condition("sub1", "contains", ("news",))]),
        (["country:in:DE|AT"], [Condition("country", "in", ("DE", "AT"))]),
    ],
)
def test_filters_are_written_as_people_write_them(texts, wanted):
    assert conditions.read(texts) == (wanted, [])
