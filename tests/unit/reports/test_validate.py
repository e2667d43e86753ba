"""What a query may say, and the code and sentence each mistake is answered with."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kernel.errors import ClickledgerError
from reports.errors import ERRORS
from reports.query import Query
from reports.validate import DEFAULT_LIMIT, Order
from tests.unit.reports.asking import SETTINGS, asked, query


def refused(**fields) -> ClickledgerError:
    with pytest.raises(ClickledgerError) as caught:
        asked(**fields)
    assert caught.value.kind.status == 400
    assert caught.value.kind.code in ERRORS
    return caught.value


def on(dimension: str, op: str = "eq", *values):
    return {"filters": [{"dimension": dimension, "op": op, "values": list(values)}]}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"dimensions": ["contry"]}, "unknown_dimension"),
        ({"dimensions": ["partner_id"]}, "unknown_dimension"),
        ({"metrics": ["click"]}, "unknown_metric"),
        ({"metrics": []}, "no_metrics"),
        ({"metrics": ["clicks", "clicks"]}, "asked_twice"),
        ({"dimensions": ["day", "day"]}, "asked_twice"),
        ({"dimensions": [f"sub{n}" for n in range(1, 11)] + ["day"]}, "too_many_dimensions"),
        ({"limit": 0}, "limit_out_of_range"),
        ({"limit": -1}, "limit_out_of_range"),
        ({"limit": SETTINGS.report_max_rows + 1}, "limit_out_of_range"),
        ({"offset": -1}, "offset_out_of_range"),
        ({"offset": 10**30}, "offset_out_of_range"),
        ({"currency": "usd"}, "currency_invalid"),
        ({"currency": "EUR\n"}, "currency_invalid"),
        ({"currency": ""}, "currency_invalid"),
        ({"timezone": "Mars/Base"}, "unknown_timezone"),
        ({"to": "2026-11-01"}, "empty_range"),
        ({"to": "2026-10-25"}, "empty_range"),
        ({"limit": 1_000_000}, "limit_out_of_range"),
        ({"compare": {"from": "2026-10-08", "to": "2026-10-01"}}, "empty_range"),
        ({"compare": {"from": "then", "to": "2026-10-01"}}, "date_invalid"),
        ({"fill": True}, "fill_invalid"),
        ({"fill": True, "dimensions": ["day", "hour_of_day"]}, "fill_invalid"),
        ({"fill": True, "dimensions": ["minute"], "to": "2026-12-01"}, "fill_invalid"),
        ({"pivot": "contry"}, "unknown_dimension"),
        ({"pivot": "day", "dimensions": ["day"]}, "pivot_invalid"),
        ({"pivot": "day", "pivot_limit": 0}, "pivot_invalid"),
        ({"pivot": "day", "pivot_limit": 51}, "pivot_invalid"),
        ({"pivot": "day", "dimensions": [f"sub{n}" for n in range(1, 11)]}, "too_many_dimensions"),
        ({"formulas": [{"name": "clicks", "formula": "payout"}]}, "formula_invalid"),
        ({"formulas": [{"name": "mine", "formula": "paid / clicks"}]}, "formula_invalid"),
        ({"from": "soon"}, "date_invalid"),
        ({"sort": [{"by": "klicks"}]}, "sort_invalid"),
        ({"sort": [{"by": "country"}]}, "sort_invalid"),
        ({"filters": [{"op": "eq", "value": 1}]}, "filter_incomplete"),
        ({"filters": [{"dimension": "country", "metric": "clicks", "value": 1}]}, "filter_incomplete"),
        (on("contry", "eq", "DE"), "unknown_dimension"),
        (on("country", "equals", "DE"), "unknown_operator"),
        (on("country", "eq"), "filter_incomplete"),
        (on("country", "eq", "DE", "FR"), "filter_incomplete"),
        (on("country", "between", "DE"), "filter_incomplete"),
        (on("country", "in"), "filter_incomplete"),
        (on("country", "is_set", "DE"), "filter_incomplete"),
        (on("country", "in", *("x" * 1001)), "too_many_filters"),
        ({"filters": [{"dimension": "country", "op": "is_set"}] * 51}, "too_many_filters"),
        (on("is_bot", "contains", "t"), "operator_not_allowed"),
        (on("partner", "gt", 3), "operator_not_allowed"),
        (on("asn", "matches", "1"), "operator_not_allowed"),
        (on("is_bot", "eq", "maybe"), "filter_value_invalid"),
        (on("asn", "eq", "AS15169"), "filter_value_invalid"),
        (on("asn", "eq", 1.5), "filter_value_invalid"),
        (on("asn", "eq", 2**63), "filter_value_invalid"),
        (on("hour_of_day", "lt", ""), "filter_value_invalid"),
        (on("user_agent", "matches", "a" * 201), "pattern_invalid"),
        ({"filters": [{"metric": "klicks", "value": 1}]}, "unknown_metric"),
        ({"filters": [{"metric": "clicks", "op": "contains", "value": 1}]}, "operator_not_allowed"),
        ({"filters": [{"metric": "clicks", "op": "near", "value": 1}]}, "unknown_operator"),
        ({"filters": [{"metric": "clicks", "op": "gt", "value": "many"}]}, "filter_value_invalid"),
        ({"filters": [{"metric": "clicks", "op": "gt", "value": "nan"}]}, "filter_value_invalid"),
        ({"filters": [{"metric": "clicks", "op": "gt", "value": "-inf"}]}, "filter_value_invalid"),
        ({"filters": [{"metric": "clicks", "op": "gt", "value": 10**400}]}, "filter_value_invalid"),
        ({"filters": [{"metric": "first_click_at", "op": "gt", "value": 1}]}, "operator_not_allowed"),
    ],
)
def test_each_mistake_has_its_own_code(fields, code):
    assert refused(**fields).kind.code == code


@pytest.mark.parametrize(
    ("fields", "nearest"),
    [
        ({"dimensions": ["contry"]}, "country"),
        ({"dimensions": ["partner_id"]}, "partner"),
        ({"metrics": ["conversion"]}, "conversions"),
        (on("country", "not_contain", "x"), "not_contains"),
        ({"sort": [{"by": "click"}]}, "clicks"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(fields, nearest):
    error = refused(**fields)
    assert nearest in error.details["nearest"]
    assert nearest in error.message


def test_a_wrong_name_is_not_echoed_at_length():
    assert len(refused(dimensions=["x" * 200]).message) < 250


def test_the_sentence_for_a_limit_names_the_limit():
    error = refused(limit=0)
    assert "1000" in error.message
    assert error.details == {"limit": 1000}


@pytest.mark.parametrize(
    "body",
    [
        {"form": "2026-11-01"},
        {"compare": "last_week"},
        {"compare": {"from": "2026-10-01"}},
        {"money": "all"},
        {"id": "no comment */"},
        {"formulas": [{"name": "mine"}]},
        {"dimensions": "country"},
        {"limit": "many"},
        {"filters": [{"dimension": "country", "value": {"a": 1}}]},
        {"filters": [{"dimension": "country", "value": float("nan")}]},
        {"filters": [{"dimension": "country", "value": "x" * 4097}]},
        {"dimensions": ["x" * 201]},
    ],
)
def test_a_body_of_another_shape_is_no_query(body):
    with pytest.raises(ValidationError):
        Query.model_validate({"from": "2026-11-01", "to": "2026-11-02", "metrics": ["clicks"], **body})


def test_what_is_not_said_has_a_default():
    given = asked()
    assert (given.limit, given.offset, given.totals) == (min(DEFAULT_LIMIT, 1000), 0, False)
    assert (given.currency, given.span.zone) == ("USD", "UTC")
    assert query().filters == []


def names_of(order: tuple[Order, ...]) -> list[str]:
    return [f"{'-' if key.desc else ''}{key.by.name}{'_id' if key.by_id else ''}" for key in order]


def test_time_runs_forward_unless_asked_otherwise():
    assert names_of(asked(dimensions=["partner", "day"]).order) == ["day", "partner", "partner_id"]


def test_the_first_metric_s_largest_come_first_where_there_is_no_time():
    given = asked(dimensions=["partner", "country"], metrics=["cr", "clicks"])
    assert names_of(given.order) == ["-cr", "partner", "partner_id", "country"]


def test_all_dimensions_follow_the_sort_so_that_pages_never_overlap():
    given = asked(
        dimensions=["partner", "day"], sort=[{"by": "clicks"}, {"by": "day", "desc": True}, {"by": "clicks"}]
    )
    assert names_of(given.order) == ["clicks", "-day", "partner", "partner_id"]


def test_two_of_one_name_have_an_order_too():
    by_name = asked(dimensions=["offer", "country"], sort=[{"by": "offer", "desc": True}])
    assert names_of(by_name.order) == ["-offer", "offer_id", "country"]


def test_a_named_dimension_can_be_sorted_by_its_id():
    given = asked(dimensions=["partner"], sort=[{"by": "partner_id", "desc": True}] * 3)
    assert names_of(given.order) == ["-partner_id", "partner"]


def test_metrics_only_sorted_or_filtered_by_are_computed_too():
    given = asked(
        metrics=["clicks"],
        sort=[{"by": "epc"}],
        filters=[{"metric": "payout", "op": "gt", "value": 1}, {"metric": "clicks", "op": "is_set"}],
    )
    assert [m.name for m in given.computed] == ["clicks", "payout", "epc"]


@pytest.mark.parametrize(
    ("fields", "nearest"),
    [
        ({"dimensions": ["contry"]}, "country"),
        ({"metrics": ["click"]}, "clicks"),
        ({"metrics": ["my_raito"], "formulas": [{"name": "my_ratio", "formula": "payout"}]}, "my_ratio"),
        (on("country", "contain", "x"), "contains"),
        ({"timezone": "Asia/Calcuta"}, "Asia/Calcutta"),
        ({"sort": [{"by": "clikcs"}]}, "clicks"),
        ({"pivot": "contry"}, "country"),
        ({"formulas": [{"name": "mine", "formula": "pay_out / 2"}]}, "payout"),
        ({"filters": [{"metric": "kpc", "op": "gt", "value": 1}]}, "cpc"),
        ({"sort": [{"by": "cr_before"}]}, "cr"),
        ({"filters": [{"metric": "payout_change", "op": "gt", "value": 1}]}, "payout"),
        ({"sort": [{"by": "clicks_befor"}], "compare": "previous_year"}, "clicks_before"),
        ({"filters": [{"metric": "cr_chang", "value": 1}], "compare": "previous_year"}, "cr_change"),
        ({"sort": [{"by": "first_click_at_change"}], "compare": "previous_year"}, "first_click_at_before"),
        ({"metrics": ["clicks_before"], "compare": "previous_year"}, "clicks"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_everywhere(fields, nearest):
    error = refused(**fields)
    assert nearest in error.details["nearest"]
    assert nearest in str(error)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"dimensions": ["Country"]}, "did you mean country"),
        ({"timezone": "utc"}, "did you mean UTC"),
        ({"metrics": ["rate"]}, "did you mean unique_rate or invalid_rate or flagged_rate"),
        ({"dimensions": ["the_os_of_a_visitor's_device_type"]}, "did you mean device_type?"),
        (on("country", "like", "x"), "use one of eq, in, contains, starts_with"),
        ({"dimensions": ["zzz"]}, "There is no dimension 'zzz'; GET /api/v1/reports/schema lists them."),
        ({"sort": [{"by": "zzz"}]}, "There is no dimension or metric 'zzz'. Sort by"),
        ({"timezone": "Mars/Base"}, "There is no time zone 'Mars/Base'. Give a time zone of the IANA database"),
    ],
)
def test_a_name_that_is_like_no_other_is_answered_with_those_that_hold_it_or_where_all_are(fields, said):
    assert said in str(refused(**fields))


def test_without_a_comparison_there_is_no_value_before_and_no_change():
    for wrong in ({"sort": [{"by": "epc_before"}]}, {"filters": [{"metric": "epc_change", "value": 1}]}):
        assert "give 'compare'" in str(refused(**wrong))


def test_what_is_compared_can_be_filtered_and_sorted_by():
    given = asked(
        compare="previous_period",
        dimensions=["country"],
        sort=[{"by": "epc_change", "desc": True}, {"by": "epc"}, {"by": "clicks_before"}, {"by": "epc_change"}],
        filters=[{"metric": "own_before", "op": "gt", "value": 1}],
        formulas=[{"name": "own", "formula": "payout / clicks"}],
    )
    assert [(key.by.name, key.of) for key in given.order] == [
        ("epc", "change"),
        ("epc", "now"),
        ("clicks", "before"),
        ("country", "now"),
    ]
    assert [(one.metric.name, one.of) for one in given.having] == [("own", "before")]
    assert [m.name for m in given.computed] == ["clicks", "own", "epc"]
    assert [m.name for m in given.computed_before] == ["clicks", "own", "epc"]


def test_a_reversed_range_is_told_so():
    assert "before" in str(refused(**{"from": "2026-11-08", "to": "2026-11-01"}))
