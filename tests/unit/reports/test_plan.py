"""Which tables a report reads."""

from __future__ import annotations

import pytest

from kernel.auth import Principal
from kernel.clickhouse.columns import COUNTS, HOURLY_KEYS, ROLLUPS
from reports.plan import choose, ranking
from reports.registry import DIMENSIONS, PARTS
from reports.registry.parts import TIME
from reports.rollups import _covers as covers
from reports.rollups import contribution
from tests.unit.reports.asking import ADMIN, PARTNER, asked, planned
from tests.unit.reports.test_registry import columns_of


def tables(**fields) -> list[str]:
    return [side.table for side in planned(**fields).sides]


ROLLUP_METRICS = [
    "clicks", "gross_clicks", "unique_clicks", "duplicate_clicks", "bot_clicks", "cost", "avg_fraud_score",
    "active_partners", "first_click_at", "last_click_at", "invalid_rate",
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
    assert tables(**{**fields, "dimensions": ["partner"]}) == ["clicks_hourly_program"]


def test_a_whole_hour_zone_uses_the_rollup_across_its_clock_change():
    fields = {"timezone": "America/New_York", "from": "2026-10-30", "dimensions": ["hour", "day"]}
    assert tables(**fields) == ["clicks_hourly_program"]


def test_only_the_tables_the_metrics_need_are_read():
    assert tables(metrics=["clicks"]) == ["clicks_daily"]
    assert tables(metrics=["approved"]) == ["conversions"]
    assert tables(metrics=["impressions"]) == ["impressions"]
    assert tables(metrics=["payout"]) == ["clicks_daily", "impressions", "conversions"]
    assert tables(metrics=["cr"]) == ["clicks_daily", "conversions"]
    assert tables(metrics=["clicks"], sort=[{"by": "held_payout"}]) == ["clicks_daily", "conversions"]


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


@pytest.mark.parametrize(
    ("fields", "smallest"),
    [
        ({"dimensions": ["partner", "country", "day", "offer_category"]}, "clicks_daily"),
        (
            {"dimensions": ["month", "advertiser"], "metrics": ["invalid_rate", "cost", "unique_ips"]},
            "clicks_daily",
        ),
        ({"dimensions": ["offer"], "timezone": "Atlantic/Reykjavik"}, "clicks_daily"),
        ({"dimensions": ["day"], "timezone": "Europe/London"}, "clicks_daily"),
        ({"dimensions": ["day"], "timezone": "Europe/London", "from": "2026-10-01"}, "clicks_hourly_program"),
        ({"dimensions": ["offer", "hour"]}, "clicks_hourly_program"),
        ({"dimensions": ["offer"], "from": "2026-11-01T05:00"}, "clicks_hourly_program"),
        (
            {"dimensions": ["offer", "country"], "compare": {"from": "2026-10-01", "to": "2026-10-08"}},
            "clicks_daily",
        ),
        (
            {"dimensions": ["offer"], "compare": {"from": "2026-10-01T07:00", "to": "2026-10-08T07:00"}},
            "clicks_hourly_program",
        ),
        ({"dimensions": ["device_type", "os"]}, "clicks_hourly"),
        ({"dimensions": ["verdict", "day", "trafficback_reason"]}, "clicks_daily_verdicts"),
        ({"filters": [{"dimension": "is_bot", "value": False}]}, "clicks_daily_verdicts"),
        ({"dimensions": ["link", "offer"], "metrics": ["unique_rate", "cost"]}, "clicks_daily_verdicts"),
        ({"dimensions": ["verdict", "country"]}, "clicks_hourly"),
        ({"dimensions": ["verdict", "hour"]}, "clicks_hourly"),
        ({"dimensions": ["link"], "timezone": "America/New_York"}, "clicks_hourly"),
    ],
)
def test_the_smallest_rollup_that_knows_all_that_is_asked_answers(fields, smallest):
    plan = planned(**fields)
    assert {side.table for side in plan.sides} == {smallest}
    assert plan.source == "rollup"


def test_distinct_addresses_are_in_summaries_alone():
    assert tables(metrics=["clicks_per_ip"], dimensions=["offer", "day"]) == ["clicks_daily"]
    for dimension in ("verdict", "link", "device_type"):
        assert tables(metrics=["clicks", "unique_ips"], dimensions=[dimension]) == ["clicks"]


@pytest.mark.parametrize("dimension", ["device_type", "os", "browser", "country"])
def test_the_audience_of_everybody_is_for_those_who_may_see_everybody(dimension):
    fields = asked(dimensions=[dimension, "hour"])
    assert choose(fields, ADMIN).sides[0].table == "clicks_hourly_audience"
    for limited in (PARTNER, Principal("advertiser", advertiser_id=3), None):
        assert choose(fields, limited).sides[0].table == "clicks_hourly"


def test_who_is_active_is_known_where_partners_and_offers_are():
    assert (
        choose(asked(metrics=["active_partners"], dimensions=["hour"]), ADMIN).sides[0].table
        == "clicks_hourly_program"
    )
    assert choose(asked(metrics=["active_partners"], dimensions=["os"]), ADMIN).sides[0].table == "clicks_hourly"


@pytest.mark.parametrize("name", COUNTS)
def test_a_summary_counts_what_reports_count(name):
    assert COUNTS[name] == PARTS[name].clicks


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.name)
def test_what_a_rollup_is_read_for_are_columns_it_has(rollup):
    has = {column.name for column in rollup.columns}
    for dimension in DIMENSIONS.values():
        if dimension.rollup is not None and {c for c in dimension.columns if c in HOURLY_KEYS} <= {*rollup.keys}:
            assert columns_of(dimension.rollup) <= has, dimension.name
    for part in PARTS.values():
        if covers(rollup, set(), (part,)) and part.rollup is not None:
            for one in filter(None, (part, part.exchanged)):
                given = contribution(rollup, one)
                assert given is not None
                assert columns_of(given.replace(TIME, "hour")) <= has, part.name


def test_what_is_compared_with_is_read_from_the_same_tables():
    plan = planned(metrics=["cr"], compare="previous_period")
    now, before = ([s.table for s in plan.sides if s.is_before == is_before] for is_before in (False, True))
    assert now == before
    assert [side.is_rollup for side in plan.sides] == [True, False, True, False]


@pytest.mark.parametrize(
    "fields",
    [
        {"compare": {"from": "2026-10-01T00:30", "to": "2026-10-08"}},
        # Caracas was off by four hours and a half from 2007 to 2016.
        {
            "timezone": "America/Caracas",
            "dimensions": ["hour"],
            "compare": {"from": "2010-01-01", "to": "2010-01-02"},
        },
        {"pivot": "city"},
        {"pivot": "minute"},
    ],
)
def test_the_rollup_must_cover_the_pivot_and_both_ranges(fields):
    alone = {key: value for key, value in fields.items() if key in {"timezone", "dimensions"}}
    assert planned(**alone).source == "rollup"
    assert set(tables(**fields)) == {"clicks"}


def test_a_pivot_that_only_conversions_have_leaves_no_clicks():
    assert tables(metrics=["clicks", "conversions"], pivot="goal") == ["conversions"]


def test_columns_are_ranked_by_the_first_metric_over_all_rows():
    report = asked(
        dimensions=["day"],
        metrics=["epc", "clicks"],
        pivot="country",
        pivot_limit=3,
        compare="previous_year",
        fill=True,
        totals=True,
        offset=5,
        filters=[{"metric": "clicks", "op": "gt", "value": 3}, {"dimension": "os", "value": "iOS"}],
    )
    found = ranking(report, DIMENSIONS["country"]).asked
    assert ([d.name for d in found.dimensions], [m.name for m in found.metrics]) == (["country"], ["epc"])
    assert (found.limit, found.offset, found.totals, found.before, found.fill) == (3, 0, False, None, None)
    assert ([f.dimension.name for f in found.where], found.having) == (["os"], ())
    assert [(key.by.name, key.desc) for key in found.order] == [("epc", True), ("country", False)]


def test_money_is_converted_only_where_there_is_any_and_a_rate():
    assert planned(metrics=["clicks"]).asked.exchange is None
    assert planned(metrics=["payout"], currency="XAU").asked.exchange is None
    assert planned(metrics=["payout"]).asked.exchange.currencies == ("EUR",)
    assert planned(metrics=["clicks"], sort=[{"by": "epc"}]).asked.exchange is not None
