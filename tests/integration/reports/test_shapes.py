"""Comparison, filled series and pivots over events whose numbers can be counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.reports.conftest import Store, at
from tests.unit.reports.asking import Directory

P = 915_000_001
NAMES = Directory({"partner": {P: "Nora"}, "offer": {10: "Shoes", 11: "Shoes"}}, dated={})
CLICK = {"partner_id": P, "offer_id": 10, "verdict": "valid", "is_unique": True, "country": "DE"}
PAID = {
    "partner_id": P,
    "offer_id": 10,
    "verdict": "valid",
    "country": "DE",
    "currency": "USD",
    "attribution": "click",
    "click_ts": at("2026-11-01T10:00:00"),
}


def click(name: str, ts: str, **more) -> dict:
    return {**CLICK, "click_id": f"{P}{name}", "ts": at(ts), **more}


def paid(name: str, ts: str, payout: str, status: str = "approved", **more) -> dict:
    found = {"conversion_id": f"{P}{name}", "ts": at(ts), "payout": Decimal(payout), "revenue": Decimal(10)}
    return {**PAID, **found, "status": status, **more}


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    store.put(
        "clicks",
        [
            click("a1", "2026-11-02T10:00:00", ip="192.0.2.1"),
            click("a2", "2026-11-02T10:40:00", ip="192.0.2.2", country="FR", fraud_reasons=["x", "y"]),
            click("a3", "2026-11-04T10:00:00", ip="192.0.2.1", country="IN", fraud_reasons=["x"]),
            click("a4", "2026-11-04T11:00:00", ip="192.0.2.2", country="FR", offer_id=11),
            click("a5", "2026-11-04T11:30:00", ip="192.0.2.3", country="US"),
            # the three days before
            click("b1", "2026-10-30T10:00:00"),
            click("b2", "2026-10-31T10:00:00"),
            click("b3", "2026-10-31T11:00:00", country="JP"),
            # a year before
            click("c1", "2025-11-02T10:00:00", country="JP"),
            # New York's autumn of 2024: the hour from one to two comes twice
            click("d1", "2024-11-03T05:30:00"),
            click("d2", "2024-11-03T06:30:00"),
        ],
    )
    store.put(
        "conversions",
        [
            paid("a1", "2026-11-02T12:00:00", "2"),
            paid("a2", "2026-11-04T12:00:00", "1", country="FR"),
            paid("a3", "2026-11-04T12:00:00", "4", "pending", country="US"),
            paid("b1", "2026-10-31T12:00:00", "2"),
        ],
    )


def ask(store: Store, **fields) -> dict:
    return store.ask(P, NAMES, **{"from": "2026-11-02", "to": "2026-11-05", **fields})


def test_a_period_is_compared_with_the_one_before_it_day_by_day(store: Store):
    answer = ask(
        store, dimensions=["day"], metrics=["clicks", "payout", "epc"], compare="previous_period", totals=True
    )
    assert answer["meta"]["compare"] == {
        "from": "2026-10-30T00:00:00.000+00:00",
        "to": "2026-11-02T00:00:00.000+00:00",
    }
    assert answer["rows"] == [
        {
            "day": "2026-11-02",
            "clicks": 2,
            "clicks_before": 1,
            "clicks_change": 1.0,
            "payout": 2,
            "payout_before": 0,
            "payout_change": None,
            "epc": 1.0,
            "epc_before": 0.0,
            "epc_change": None,
        },
        # Only there before: the second day had two clicks.
        {
            "day": "2026-11-03",
            "clicks": 0,
            "clicks_before": 2,
            "clicks_change": -1.0,
            "payout": 0,
            "payout_before": 2,
            "payout_change": -1.0,
            "epc": None,
            "epc_before": 1.0,
            "epc_change": None,
        },
        {
            "day": "2026-11-04",
            "clicks": 3,
            "clicks_before": 0,
            "clicks_change": None,
            "payout": 5,
            "payout_before": 0,
            "payout_change": None,
            "epc": pytest.approx(5 / 3),
            "epc_before": None,
            "epc_change": None,
        },
    ]
    assert answer["totals"] == {
        "clicks": 5,
        "clicks_before": 3,
        "clicks_change": pytest.approx(2 / 3),
        "payout": 7,
        "payout_before": 2,
        "payout_change": 2.5,
        "epc": 1.4,
        "epc_before": pytest.approx(2 / 3),
        "epc_change": pytest.approx(1.1),
    }


def test_what_was_only_there_before_is_a_row(store: Store):
    answer = ask(store, dimensions=["country"], compare="previous_year", sort=[{"by": "country"}])
    found = {row["country"]: (row["clicks"], row["clicks_before"], row["clicks_change"]) for row in answer["rows"]}
    assert found == {
        "DE": (1, 0, None),
        "FR": (2, 0, None),
        "IN": (1, 0, None),
        "JP": (0, 1, -1.0),
        "US": (1, 0, None),
    }


def test_metric_filters_decide_by_the_report_s_own_range_and_its_totals_follow(store: Store):
    filters = [{"metric": "clicks", "op": "gte", "value": 1}]
    answer = ask(store, dimensions=["day"], compare="previous_period", filters=filters, totals=True)
    assert [(row["day"], row["clicks"], row["clicks_before"]) for row in answer["rows"]] == [
        ("2026-11-02", 2, 1),
        ("2026-11-04", 3, 0),
    ]
    assert answer["totals"] == {"clicks": 5, "clicks_before": 1, "clicks_change": 4.0}


def test_hours_of_a_range_of_its_own_meet_by_position_on_the_local_clock(store: Store):
    compare = {"from": "2026-10-31T09:30", "to": "2026-10-31T11:30"}
    answer = store.ask(
        P,
        NAMES,
        **{"from": "2026-11-04T15:30", "to": "2026-11-04T17:30"},
        timezone="Asia/Kolkata",
        dimensions=["hour"],
        compare={"from": "2026-10-31T15:30", "to": "2026-10-31T17:30"},
    )
    # 10:00 UTC is 15:30 in Kolkata, 11:00 and 11:30 are 16:30 and 17:00.
    assert [(row["hour"], row["clicks"], row["clicks_before"]) for row in answer["rows"]] == [
        ("2026-11-04 15:00", 1, 1),
        ("2026-11-04 16:00", 1, 1),
        ("2026-11-04 17:00", 1, 0),
    ]
    moved = ask(
        store, **{"from": "2026-11-04T10:30", "to": "2026-11-04T12:30"}, dimensions=["hour"], compare=compare
    )
    assert [(row["hour"], row["clicks"], row["clicks_before"]) for row in moved["rows"]] == [
        ("2026-11-04 11:00", 2, 1),
        ("2026-11-04 12:00", 0, 1),
    ]


@pytest.mark.parametrize(
    ("dimension", "first"),
    [("week", "2026-11-02"), ("month", "2026-11"), ("quarter", "2026-Q4"), ("year", 2026)],
)
def test_long_buckets_meet_by_position(store: Store, dimension: str, first):
    compare = {"from": "2025-11-01", "to": "2025-11-09"}
    answer = ask(store, dimensions=[dimension], compare=compare, sort=[{"by": "clicks", "desc": True}])
    assert (answer["rows"][0][dimension], answer["rows"][0]["clicks"]) == (first, 5)
    assert sum(row["clicks_before"] for row in answer["rows"]) == 1
    assert answer["rows"][0]["clicks_before"] == 1


def test_a_filled_series_has_a_row_for_every_day_and_limits_come_after(store: Store):
    wide = {
        "from": "2026-11-01",
        "to": "2026-11-07",
        "dimensions": ["day"],
        "metrics": ["clicks", "epc", "unique_ips"],
    }
    answer = ask(store, **wide, fill=True)
    assert [tuple(row.values()) for row in answer["rows"]] == [
        ("2026-11-01", 0, None, 0),
        ("2026-11-02", 2, 1.0, 2),
        ("2026-11-03", 0, None, 0),
        ("2026-11-04", 3, pytest.approx(5 / 3), 3),
        ("2026-11-05", 0, None, 0),
        ("2026-11-06", 0, None, 0),
    ]
    limited = ask(store, **wide, fill=True, limit=2, offset=2)
    assert [row["day"] for row in limited["rows"]] == ["2026-11-03", "2026-11-04"]
    assert limited["meta"]["truncated"] is True
    few = ask(store, **wide, fill=True, filters=[{"metric": "clicks", "op": "lt", "value": 3}])
    assert [row["day"][-2:] for row in few["rows"]] == ["01", "02", "03", "05", "06"]


def test_a_series_without_any_event_is_filled_too(store: Store):
    answer = ask(store, **{"from": "2031-01-01", "to": "2031-01-03"}, dimensions=["day"], fill=True, totals=True)
    assert answer["rows"] == [{"day": "2031-01-01", "clicks": 0}, {"day": "2031-01-02", "clicks": 0}]
    assert answer["totals"] == {"clicks": 0}


def test_each_combination_that_occurs_is_filled(store: Store):
    answer = ask(store, dimensions=["offer", "day"], fill=True, sort=[{"by": "offer_id"}, {"by": "day"}])
    assert [(row["offer_id"], row["day"], row["clicks"]) for row in answer["rows"]] == [
        (10, "2026-11-02", 2),
        (10, "2026-11-03", 0),
        (10, "2026-11-04", 2),
        (11, "2026-11-02", 0),
        (11, "2026-11-03", 0),
        (11, "2026-11-04", 1),
    ]


@pytest.mark.parametrize(
    ("zone", "dimension", "start", "end", "hours"),
    [
        # 25 hours, one of them twice
        ("America/New_York", "hour", "2024-11-03", "2024-11-04", [f"2024-11-03 {h:02}:00" for h in range(24)]),
        # 23 hours
        ("America/New_York", "hour", "2026-03-08", "2026-03-09", [f"2026-03-08 {h:02}:00" for h in range(24) if h != 2]),
        ("Asia/Kolkata", "hour", "2026-11-02T10:20", "2026-11-02T12:10", ["2026-11-02 10:00", "2026-11-02 11:00", "2026-11-02 12:00"]),
        ("Australia/Lord_Howe", "hour", "2026-10-04", "2026-10-04T04:00", [f"2026-10-04 {h:02}:00" for h in range(4)]),
        ("America/Sao_Paulo", "day", "2018-11-03T23:30", "2018-11-06", ["2018-11-03", "2018-11-04", "2018-11-05"]),
        ("UTC", "minute", "2026-11-02T23:58:30", "2026-11-03T00:01", ["2026-11-02 23:58", "2026-11-02 23:59", "2026-11-03 00:00"]),
        ("UTC", "week", "2026-11-04", "2026-11-18", ["2026-11-02", "2026-11-09", "2026-11-16"]),
        ("UTC", "month", "2026-01-31", "2026-03-02", ["2026-01", "2026-02", "2026-03"]),
        ("UTC", "quarter", "2026-12-31", "2027-01-02", ["2026-Q4", "2027-Q1"]),
        ("UTC", "year", "2025-12-31", "2027-01-01", [2025, 2026]),
        ("Asia/Kolkata", "hour_of_day", "2026-11-02T05:45", "2026-11-02T07:15", [5, 6, 7]),
        ("UTC", "day_of_week", "2026-11-07", "2026-11-10", [1, 6, 7]),
    ],
)  # fmt: skip
def test_every_bucket_of_a_range_is_there_in_any_zone(store: Store, zone, dimension, start, end, hours):
    answer = ask(store, **{"from": start, "to": end}, timezone=zone, dimensions=[dimension], fill=True)
    assert [row[dimension] for row in answer["rows"]] == hours
    events = {"2024-11-03": 2, "2025-12-31": 8, "2026-11-04": 3}
    assert sum(row["clicks"] for row in answer["rows"]) == events.get(start, 0)


def test_a_filter_on_time_leaves_its_moments_alone_to_be_filled(store: Store):
    filters = [{"dimension": "day_of_week", "op": "in", "values": [2, 3]}]
    answer = ask(store, dimensions=["day"], fill=True, filters=filters)
    assert [(row["day"], row["clicks"]) for row in answer["rows"]] == [("2026-11-03", 0), ("2026-11-04", 3)]


def test_values_become_columns_the_most_first_and_the_rest_share_one(store: Store):
    answer = ask(
        store,
        dimensions=["day"],
        metrics=["clicks", "epc", "unique_ips"],
        pivot="country",
        pivot_limit=1,
        totals=True,
    )
    assert answer["meta"]["pivot"] == {
        "dimension": "country",
        "columns": [
            {"key": "FR", "country": "FR", "filters": [{"dimension": "country", "op": "eq", "value": "FR"}]},
            {
                "key": "(other)",
                "is_other": True,
                "filters": [{"dimension": "country", "op": "not_in", "values": ["FR"]}],
            },
        ],
    }
    assert answer["rows"] == [
        {
            "day": "2026-11-02",
            "clicks": {"FR": 1, "(other)": 1},
            "epc": {"FR": 0.0, "(other)": 2.0},
            "unique_ips": {"FR": 1, "(other)": 1},
        },
        {
            "day": "2026-11-04",
            "clicks": {"FR": 1, "(other)": 2},
            # Two clicks, one of India and one of the US: the ratio of their sums and not a sum of ratios.
            "epc": {"FR": 1.0, "(other)": 2.0},
            "unique_ips": {"FR": 1, "(other)": 2},
        },
    ]
    # The address of the German click is the Indian one's too, and counts once.
    assert answer["totals"] == {
        "clicks": {"FR": 2, "(other)": 3},
        "epc": {"FR": 0.5, "(other)": 2.0},
        "unique_ips": {"FR": 1, "(other)": 2},
    }


def test_rows_of_a_pivot_are_sorted_filtered_and_counted_as_wholes(store: Store):
    answer = ask(
        store,
        dimensions=["day"],
        pivot="country",
        sort=[{"by": "clicks", "desc": True}],
        limit=1,
        filters=[{"metric": "clicks", "op": "gte", "value": 3}],
        totals=True,
    )
    expected = {"FR": 1, "IN": 1, "US": 1}
    assert [(row["day"], {k: v for k, v in row["clicks"].items() if v}) for row in answer["rows"]] == [
        ("2026-11-04", expected)
    ]
    assert {k: v for k, v in answer["totals"]["clicks"].items() if v} == expected


def test_a_click_with_two_labels_counts_once_among_the_others(store: Store):
    answer = ask(store, pivot="fraud_reason", pivot_limit=1, metrics=["clicks"])
    # Three clicks have no reason; of the other two one has both.
    assert answer["rows"] == [{"clicks": {"": 3, "(other)": 2}}]
    apart = ask(store, pivot="fraud_reason", metrics=["clicks"])
    assert apart["rows"] == [{"clicks": {"": 3, "x": 2, "y": 1}}]


def test_a_tag_s_columns_count_a_click_once_among_the_others(store: Store):
    tagged = Directory(attributed={"offer_tag": {10: ("a", "b", "c"), 11: ("b",)}}, dated={})
    asked = {"from": "2026-11-02", "to": "2026-11-05", "pivot": "offer_tag"}
    assert store.ask(P, tagged, **asked)["rows"] == [{"clicks": {"b": 5, "a": 4, "c": 4}}]
    assert store.ask(P, tagged, **asked, pivot_limit=1)["rows"] == [{"clicks": {"b": 5, "(other)": 4}}]


def test_columns_of_one_name_are_told_apart(store: Store):
    answer = ask(store, pivot="offer")
    assert answer["rows"] == [{"clicks": {"Shoes #10": 4, "Shoes #11": 1}}]
    assert answer["meta"]["pivot"]["columns"][0] == {
        "key": "Shoes #10",
        "offer": "Shoes",
        "offer_id": 10,
        "filters": [{"dimension": "offer_id", "op": "eq", "value": 10}],
    }


def test_columns_of_time_are_in_their_order(store: Store):
    answer = ask(store, pivot="hour_of_day", timezone="UTC")
    assert list(answer["rows"][0]["clicks"].items()) == [("10", 3), ("11", 2)]
    days = ask(store, pivot="day", compare="previous_period")
    assert days["rows"] == [
        {
            "clicks": {"2026-11-02": 2, "2026-11-04": 3, "(other)": 0},
            "clicks_before": {"2026-11-02": 1, "2026-11-04": 0, "(other)": 2},
            "clicks_change": {"2026-11-02": 1.0, "2026-11-04": None, "(other)": -1.0},
        }
    ]


def test_a_pivot_can_be_filled_and_compared_at_once(store: Store):
    answer = ask(
        store,
        dimensions=["day"],
        pivot="country",
        pivot_limit=1,
        fill=True,
        compare="previous_period",
        metrics=["clicks"],
    )
    assert [(row["day"], row["clicks"], row["clicks_before"]) for row in answer["rows"]] == [
        ("2026-11-02", {"FR": 1, "(other)": 1}, {"FR": 0, "(other)": 1}),
        ("2026-11-03", {"FR": 0, "(other)": 0}, {"FR": 0, "(other)": 2}),
        ("2026-11-04", {"FR": 1, "(other)": 2}, {"FR": 0, "(other)": 0}),
    ]


def test_nothing_pivots_into_no_columns(store: Store):
    answer = ask(
        store, **{"from": "2031-01-01", "to": "2031-01-03"}, pivot="country", dimensions=["day"], totals=True
    )
    assert (answer["rows"], answer["totals"], answer["meta"]["pivot"]["columns"]) == ([], {"clicks": {}}, [])
