"""Which tables a report reads."""

from __future__ import annotations

import pytest

from tests.unit.reports.asking import planned


def tables(**fields) -> list[str]:
    return [side.table for side in planned(**fields).sides]


ROLLUP_METRICS = [
    "clicks", "gross_clicks", "unique_clicks", "duplicate_clicks", "bot_clicks", "cost", "avg_fraud_score",
    "unique_ips", "active_partners", "first_click_at", "last_click_at", "invalid_rate",
]  # fmt: skip


@pytest.mark.parametrize("metric", ROLLUP_METRICS)
def test_the_rollup_answers_what_it_holds(metric):
    plan = planned(metrics=[metric], dimensions=["partner", "day", "country", "device_type", "verdict"])
    assert [side.table for side in plan.sides] == ["clicks_hourly"]
    assert plan.source == "rollup"


@pytest.mark.parametrize(
    "fields",
    [
        {"dimensions": ["sub1"]},
        {"dimensions": ["minute"]},
        {"dimensions": ["fraud_reason"]},
        {"metrics": ["clicks", "p95_fraud_score"]},
        {"filters": [{"dimension": "city", "value": "Bonn"}]},
        {"sort": [{"by": "p95_fraud_score"}]},
        {"filters": [{"metric": "p95_fraud_score", "op": "gt", "value": 3}]},
        {"from": "2026-11-01T00:00:01"},
        {"to": "2026-11-07T23:30"},
        {"timezone": "Asia/Kolkata"},
        {
            "timezone": "Asia/Kolkata",
            "from": "2026-11-01T00:30",
            "to": "2026-11-08T00:30",
            "dimensions": ["hour_of_day"],
        },
        {
            "timezone": "Asia/Kolkata",
            "from": "2026-11-01T00:30",
            "to": "2026-11-08T00:30",
            "filters": [{"dimension": "day", "value": "2026-11-02"}],
        },
    ],
)
def test_what_the_rollup_can_t_answer_exactly_is_read_raw(fields):
    plan = planned(**fields)
    assert [side.table for side in plan.sides] == ["clicks"]
    assert plan.source == "raw"


def test_a_half_hour_zone_may_use_the_rollup_where_no_local_time_is_looked_at():
    fields = {
        "timezone": "Asia/Kolkata",
        "from": "2026-11-01T00:30",
        "to": "2026-11-08T00:30",
        "dimensions": ["country"],
    }
    assert tables(**fields) == ["clicks_hourly"]


def test_a_whole_hour_zone_uses_the_rollup_across_its_clock_change():
    fields = {"timezone": "America/New_York", "from": "2026-10-30", "dimensions": ["hour", "day"]}
    assert tables(**fields) == ["clicks_hourly"]


def test_only_the_tables_the_metrics_need_are_read():
    assert tables(metrics=["clicks"]) == ["clicks_hourly"]
    assert tables(metrics=["approved"]) == ["conversions"]
    assert tables(metrics=["impressions"]) == ["impressions"]
    assert tables(metrics=["payout"]) == ["clicks_hourly", "impressions", "conversions"]
    assert tables(metrics=["cr"]) == ["clicks_hourly", "conversions"]
    assert tables(metrics=["clicks"], sort=[{"by": "held_payout"}]) == ["clicks_hourly", "conversions"]


@pytest.mark.parametrize("metrics", [["clicks"], ["clicks", "payout"], ["cr"]])
def test_beside_a_goal_there_are_no_clicks(metrics):
    for fields in ({"dimensions": ["goal"]}, {"filters": [{"dimension": "goal", "value": "sale"}]}):
        plan = planned(metrics=metrics, **fields)
        assert [side.table for side in plan.sides] == ["conversions"]
        assert all(part.conversions is not None for part in plan.parts)


def test_money_says_which_columns_hold_its_currency():
    assert planned(metrics=["clicks", "conversions"]).conversion_currencies == ()
    assert planned(metrics=["cost"]).conversion_currencies == ()
    assert planned(metrics=["payout", "profit"]).conversion_currencies == ("currency",)
    assert planned(metrics=["aov", "cpa"]).conversion_currencies == ("amount_currency", "currency")
