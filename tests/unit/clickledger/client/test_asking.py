"""What a script says becomes what the API takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from clickledger.client import F, Formula
from clickledger.client.asking import conditions, log, query
from reports.query import Filter, Query
from reports.registry import METRIC_OPERATORS, OPERATORS

RANGE = {"from_": "2026-11-01", "to": "2026-11-08"}


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        (F("country") == "DE", {"dimension": "country", "op": "eq", "values": ["DE"]}),
        (F("country") != "DE", {"dimension": "country", "op": "ne", "values": ["DE"]}),
        (F("is_bot") == True, {"dimension": "is_bot", "op": "eq", "values": [True]}),  # noqa: E712 - a condition
        (F("country").is_in(["DE", "AT"]), {"dimension": "country", "op": "in", "values": ["DE", "AT"]}),
        (F("country").not_in({"DE"}), {"dimension": "country", "op": "not_in", "values": ["DE"]}),
        (F("sub1").contains("a"), {"dimension": "sub1", "op": "contains", "values": ["a"]}),
        (F("sub1").not_contains("a"), {"dimension": "sub1", "op": "not_contains", "values": ["a"]}),
        (F("sub1").starts_with("a"), {"dimension": "sub1", "op": "starts_with", "values": ["a"]}),
        (F("sub1").ends_with("a"), {"dimension": "sub1", "op": "ends_with", "values": ["a"]}),
        (F("sub1").matches("^a"), {"dimension": "sub1", "op": "matches", "values": ["^a"]}),
        (F("asn") > 1, {"dimension": "asn", "op": "gt", "values": [1]}),
        (F("asn") < 1, {"dimension": "asn", "op": "lt", "values": [1]}),
        (F("day") <= date(2026, 11, 2), {"dimension": "day", "op": "lte", "values": ["2026-11-02"]}),
        (F("minute") >= datetime(2026, 11, 2, 9, 5), {"dimension": "minute", "op": "gte", "values": ["2026-11-02 09:05"]}),  # noqa: DTZ001 - of the report's zone
        (F("asn").between(1, 9), {"dimension": "asn", "op": "between", "values": [1, 9]}),
        (F("coupon").is_set(), {"dimension": "coupon", "op": "is_set"}),
        (F("coupon").is_not_set(), {"dimension": "coupon", "op": "is_not_set"}),
        (F.metric("clicks") >= 100, {"metric": "clicks", "op": "gte", "values": [100]}),
        (F.metric("payout") == Decimal("0.10"), {"metric": "payout", "op": "eq", "values": ["0.10"]}),
        (F.metric("cr").is_not_set(), {"metric": "cr", "op": "is_not_set"}),
    ],
)  # fmt: skip
def test_a_condition_is_what_the_api_takes(condition, meant):
    assert condition.as_json() == meant
    assert Filter.model_validate(condition.as_json())


def test_every_operator_of_reports_can_be_written():
    written = {
        *("eq", "ne", "lt", "lte", "gt", "gte", "between", "is_set", "is_not_set"),
        *("in", "not_in", "contains", "not_contains", "starts_with", "ends_with", "matches"),
    }
    assert written == set(OPERATORS)
    assert set(METRIC_OPERATORS) <= written


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        (lambda: (F("a") == 1) and (F("b") == 2), "as a list"),
        (lambda: 1 <= F.metric("clicks") <= 5, "between"),
        (lambda: F("a") == None, "is_not_set"),  # noqa: E711 - what somebody may write
        (lambda: F("a").is_in("DE"), "list of values"),
        (lambda: F("a").is_in([]), "at least one"),
        (lambda: query(**RANGE, metrics="clicks"), "list of names"),
        (lambda: query(**RANGE, metrics=["clicks"], dimensions="day"), "list of names"),
        (lambda: conditions(F("a") == 1), "as a list"),
        (lambda: hash(F("a")), "unhashable"),
    ],
)
def test_what_would_silently_mean_something_else_is_refused(wrong, advice):
    with pytest.raises(TypeError, match=advice):
        wrong()


def test_a_query_in_full():
    body = query(
        from_=date(2026, 11, 1),
        to=datetime(2026, 11, 8, 12, tzinfo=UTC),
        timezone="Asia/Kolkata",
        dimensions=["partner", "day"],
        metrics=["clicks", "per_click"],
        filters=[F("country") == "DE", {"metric": "clicks", "op": "gte", "value": 1}],
        sort=["-clicks", "partner"],
        limit=5,
        offset=2,
        totals=True,
        compare=("2026-10-01", date(2026, 10, 8)),
        fill=True,
        pivot="country",
        pivot_limit=3,
        money="earned",
        currency="EUR",
        convert=False,
        formulas=[Formula("per_click", "payout / clicks", "money", "Per click")],
        id="notebook-1",
    )
    assert body == {
        "from": "2026-11-01",
        "to": "2026-11-08T12:00:00+00:00",
        "timezone": "Asia/Kolkata",
        "dimensions": ["partner", "day"],
        "metrics": ["clicks", "per_click"],
        "filters": [
            {"dimension": "country", "op": "eq", "values": ["DE"]},
            {"metric": "clicks", "op": "gte", "value": 1},
        ],
        "sort": [{"by": "clicks", "desc": True}, {"by": "partner", "desc": False}],
        "limit": 5,
        "offset": 2,
        "totals": True,
        "compare": {"from": "2026-10-01", "to": "2026-10-08"},
        "fill": True,
        "pivot": "country",
        "pivot_limit": 3,
        "money": "earned",
        "currency": "EUR",
        "convert": False,
        "formulas": [{"name": "per_click", "formula": "payout / clicks", "unit": "money", "label": "Per click"}],
        "id": "notebook-1",
    }
    assert set(body) == {field.alias or name for name, field in Query.model_fields.items()}
    assert Query.model_validate(body)


def test_what_is_left_out_is_left_to_the_service():
    body = query(**RANGE, metrics=["x"], compare="previous_year", formulas={"x": "clicks * 2"})
    assert body["formulas"] == [{"name": "x", "formula": "clicks * 2"}]
    assert body["compare"] == "previous_year"
    assert {"limit", "pivot", "pivot_limit", "currency", "id"} & set(body) == set()
    assert Query.model_validate(body).formulas[0].unit == "number"


def test_a_log_s_filters_are_a_report_s_as_text():
    asked = log(
        from_=None, to="2026-11-08", timezone="UTC", filters=[F("sub1").starts_with('"ä')], columns=["ts", "ip"]
    )
    assert asked == {
        "timezone": "UTC",
        "filter": ['{"dimension":"sub1","op":"starts_with","values":["\\"ä"]}'],
        "columns": "ts,ip",
        "to": "2026-11-08",
    }
