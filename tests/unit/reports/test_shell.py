"""A query as it is typed on one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reports import shell


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
