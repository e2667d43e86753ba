"""A query as it is typed on one line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from reports import shell
from reports.query import Compare, Window


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("country=DE", {"dimension": "country", "op": "eq", "values": ["DE"]}),
        ("country != DE", {"dimension": "country", "op": "ne", "values": ["DE"]}),
        ("partner=Smith, Jones & Co", {"dimension": "partner", "op": "eq", "values": ["Smith, Jones & Co"]}),
        (
            "user_agent~Mozilla/5.0 (a=b)",
            {"dimension": "user_agent", "op": "contains", "values": ["Mozilla/5.0 (a=b)"]},
        ),
        ("hour_of_day>=9", {"dimension": "hour_of_day", "op": "gte", "values": ["9"]}),
        ("hour_of_day<=17", {"dimension": "hour_of_day", "op": "lte", "values": ["17"]}),
        ("asn>100", {"dimension": "asn", "op": "gt", "values": ["100"]}),
        ("asn<100", {"dimension": "asn", "op": "lt", "values": ["100"]}),
        ("country=", {"dimension": "country", "op": "is_not_set"}),
        ("country!=", {"dimension": "country", "op": "is_set"}),
        ("clicks>=100", {"metric": "clicks", "op": "gte", "values": ["100"]}),
        ("cr=0.5", {"metric": "cr", "op": "eq", "values": ["0.5"]}),
        ("contry=DE", {"dimension": "contry", "op": "eq", "values": ["DE"]}),
        ("sub1=a\nb", {"dimension": "sub1", "op": "eq", "values": ["a\nb"]}),
    ],
)
def test_a_condition_is_read(written, meant):
    assert shell.conditions([written]) == [meant]


def test_the_same_dimension_twice_means_either():
    found = shell.conditions(["country=DE", "clicks>5", "country=FR", "country!=AT", "country=IT"])
    assert found == [
        {"dimension": "country", "op": "in", "values": ["DE", "FR", "IT"]},
        {"metric": "clicks", "op": "gt", "values": ["5"]},
        {"dimension": "country", "op": "ne", "values": ["AT"]},
    ]


def test_the_same_metric_twice_means_both():
    assert [one["op"] for one in shell.conditions(["clicks=1", "clicks=2"])] == ["eq", "eq"]


@pytest.mark.parametrize("written", ["", "country", "=DE", "~", "country DE", "a b=c"])
def test_what_is_no_condition_is_refused_with_an_example(written):
    with pytest.raises(shell.ConditionError, match="country=DE"):
        shell.conditions([written])


def test_lists_and_sort_keys_are_read():
    assert shell.names(" partner, country,,") == ["partner", "country"]
    assert shell.sorting("-clicks,partner") == [{"by": "clicks", "desc": True}, {"by": "partner", "desc": False}]
    assert shell.names("") == shell.sorting("") == []


def test_without_dates_the_last_days_and_today_of_the_asked_zone_are_meant():
    evening = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
    assert shell.days("", "", "UTC", evening) == ("2026-11-14", "2026-11-22")
    assert shell.days("", "", "Asia/Kolkata", evening) == ("2026-11-15", "2026-11-23")
    assert shell.days("2026-01-01", "", "Mars/Olympus", evening) == ("2026-01-01", "2026-11-22")
    assert shell.days("", "2026-11-20", "../etc/passwd", evening) == ("2026-11-14", "2026-11-20")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("x=clicks*2", {"name": "x", "formula": "clicks*2"}),
        (
            " per_sale : money = payout / approved ",
            {"name": "per_sale", "formula": "payout / approved", "unit": "money"},
        ),
        ("x=a=b", {"name": "x", "formula": "a=b"}),
    ],
)
def test_a_formula_is_read(written, meant):
    assert shell.formulas([written]) == [meant]


@pytest.mark.parametrize("written", ["", "x", "x=", "=clicks", "x:=clicks", "a b=clicks", "x:money:y=clicks"])
def test_what_is_no_formula_is_refused_with_an_example(written):
    with pytest.raises(shell.ConditionError, match="per_sale=payout/approved"):
        shell.formulas([written])


def test_a_comparison_is_a_period_or_a_range():
    assert shell.comparison("previous_year") == "previous_year"
    assert shell.comparison("2026-10-01 .. 2026-10-08T12:00") == {"from": "2026-10-01", "to": "2026-10-08T12:00"}
    with pytest.raises(shell.ConditionError, match=r"previous_period, previous_year or FROM\.\.TO"):
        shell.comparison("last_year")


def test_the_periods_are_those_of_a_query():
    period, window = get_args(Compare)
    assert get_args(period) == shell.PERIODS
    assert window is Window


def test_names_of_formulas_are_metrics_in_conditions_and_dimensions_stay_dimensions():
    found = shell.conditions(["own>=1", "own=2", "own=3", "country=DE"], ["own", "country"])
    assert [one.get("metric") for one in found] == ["own", "own", "own", None]
    assert found[-1]["dimension"] == "country"
