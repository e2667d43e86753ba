"""Every metric and dimension over a handful of events whose numbers can be counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reports.registry import DIMENSIONS, METRICS
from tests.integration.reports.conftest import Store, at

P = 910_000_001
CLICK = {
    "partner_id": P,
    "advertiser_id": 5,
    "offer_id": 10,
    "verdict": "valid",
    "is_unique": True,
    "country": "DE",
    "device_type": "mobile",
    "cost_currency": "USD",
}

CLICKS = [
    {**CLICK, "click_id": "n1", "ts": at("2026-11-01T10:00:00"), "ip": "198.51.100.1", "cost": Decimal("0.5")},
    {**CLICK, "click_id": "n2", "ts": at("2026-11-01T10:30:00"), "ip": "198.51.100.2", "fraud_score": 10},
    {**CLICK, "click_id": "n3", "ts": at("2026-11-02T11:00:00"), "ip": "198.51.100.1", "verdict": "duplicate", "is_unique": False},
    {
        **CLICK,
        "click_id": "n4",
        "ts": at("2026-11-02T12:00:00"),
        "ip": "198.51.100.3",
        "verdict": "invalid",
        "is_bot": True,
        "bot_family": "Googlebot",
        "fraud_score": 100,
        "fraud_reasons": ["bot_user_agent", "datacenter_ip"],
        "fraud_category": "GIVT",
    },
    {
        **CLICK,
        "click_id": "n5",
        "ts": at("2026-11-03T12:00:00"),
        "ip": "198.51.100.3",
        "verdict": "suspect",
        "country": "FR",
        "fraud_score": 90,
        "fraud_reasons": ["ip_velocity"],
        "cost": Decimal(7),
        "cost_currency": "EUR",
    },
    {
        **CLICK,
        "click_id": "n6",
        "ts": at("2026-11-03T13:00:00"),
        "ip": "198.51.100.4",
        "offer_id": 0,
        "trafficback_reason": "unknown_offer",
    },
    {**CLICK, "click_id": "n7", "ts": at("2026-11-03T13:00:00"), "is_test": True},
    {**CLICK, "click_id": "n8", "ts": at("2026-10-31T23:59:59.999")},
    {**CLICK, "click_id": "n9", "ts": at("2026-11-08T00:00:00")},
]  # fmt: skip

IMPRESSIONS = [
    {**CLICK, "click_id": "i1", "ts": at("2026-11-02T09:00:00")},
    {**CLICK, "click_id": "i2", "ts": at("2026-11-03T09:00:00"), "country": "FR"},
    {**CLICK, "click_id": "i3", "ts": at("2026-11-02T09:00:00"), "verdict": "invalid"},
    {**CLICK, "click_id": "i4", "ts": at("2026-11-02T09:00:00"), "is_test": True},
]

CONVERSION = {
    "partner_id": P,
    "advertiser_id": 5,
    "offer_id": 10,
    "country": "DE",
    "verdict": "valid",
    "click_ts": at("2026-11-01T10:00:00"),
    "ts": at("2026-11-02T10:00:00"),
    "currency": "USD",
    "amount_currency": "USD",
    "attribution": "click",
}

CONVERSIONS = [
    {**CONVERSION, "conversion_id": "v1", "status": "approved", "amount": Decimal(40), "payout": Decimal("1.25"), "revenue": Decimal(3), "ctit_ms": 5_000},
    {**CONVERSION, "conversion_id": "v2", "status": "pending", "amount": Decimal(20), "payout": Decimal("0.75"), "revenue": Decimal(2), "ctit_ms": 15_000, "goal": "sale"},
    {**CONVERSION, "conversion_id": "v3", "status": "hold", "payout": Decimal(8), "revenue": Decimal(9), "ctit_ms": 100_000},
    {**CONVERSION, "conversion_id": "v4", "status": "rejected", "payout": Decimal(4), "ctit_ms": 800_000_000, "reject_reason": "fraud"},
    {**CONVERSION, "conversion_id": "v5", "status": "approved", "payout": Decimal(100), "revenue": Decimal(900), "currency": "EUR", "amount": Decimal(1), "amount_currency": "INR", "ctit_ms": 20_000},
    {**CONVERSION, "conversion_id": "v6", "status": "approved", "payout": Decimal(100), "is_test": True},
    {**CONVERSION, "conversion_id": "v7", "status": "approved", "payout": Decimal(100), "ts": at("2026-11-08T00:00:00")},
]  # fmt: skip

EXPECTED = {
    "gross_clicks": 6,
    "clicks": 3,
    "unique_clicks": 2,
    "duplicate_clicks": 1,
    "suspect_clicks": 1,
    "invalid_clicks": 1,
    "bot_clicks": 1,
    "trafficback_clicks": 1,
    "invalid_rate": 1 / 6,
    "unique_rate": 2 / 3,
    "impressions": 2,
    "ctr": 3 / 2,
    "conversions": 3,
    "approved": 2,
    "pending": 1,
    "held": 1,
    "rejected": 1,
    "total_conversions": 5,
    "events": 1,
    "view_through_conversions": 0,
    "approval_rate": 2 / 5,
    "cr": 3 / 2,
    "cr_gross": 3 / 6,
    "revenue": 5,
    "payout": 2,
    "profit": 3,
    "margin": 3 / 5,
    "roi": 3 / 2,
    "cost": 0.5,
    "amount": 60,
    "aov": 30,
    "rpc": 5 / 3,
    "rpm": 5000 / 3,
    "ecpm": 1000,
    "epc": 2 / 3,
    "epc_unique": 1,
    "cpa": 1,
    "cpc": 0.5 / 3,
    "approved_revenue": 3,
    "approved_payout": 1.25,
    "expected_revenue": 5,
    "expected_payout": 2,
    "held_payout": 8,
    "rejected_payout": 4,
    "avg_fraud_score": 200 / 6,
    "p95_fraud_score": 97.5,
    "flagged_rate": 2 / 6,
    "median_ctit": 20,
    "p95_ctit": 640_020,
    "unique_ips": 4,
    "clicks_per_ip": 6 / 4,
    "active_partners": 1,
    "active_offers": 1,
    "first_click_at": "2026-11-01T10:00:00.000+00:00",
    "last_click_at": "2026-11-03T13:00:00.000+00:00",
}


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    store.put("clicks", CLICKS)
    store.put("impressions", IMPRESSIONS)
    store.put("conversions", CONVERSIONS)


def near(value):
    """Equal but for the last digits of a float."""
    return value if isinstance(value, str) else pytest.approx(value, rel=1e-12)


def test_every_metric_has_an_expected_value():
    assert set(EXPECTED) == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_alone_is_exact(store: Store, metric: str):
    assert store.ask(P, metrics=[metric])["rows"] == [{metric: near(EXPECTED[metric])}]


def test_all_metrics_together_are_exact(store: Store):
    answer = store.ask(P, metrics=list(METRICS), dimensions=["partner"], totals=True)
    expected = {name: near(value) for name, value in EXPECTED.items()}
    assert answer["rows"] == [{"partner": f"#{P}", "partner_id": P, **expected}]
    assert answer["totals"] == expected


def test_what_nobody_did_is_zero_and_its_ratios_are_null(store: Store):
    (row,) = store.ask(999_999_999, metrics=list(METRICS))["rows"]
    for name, value in row.items():
        unit = METRICS[name].unit
        is_sum = unit == "count" or (unit == "money" and "/" not in METRICS[name].formula)
        assert value == (0 if is_sum else None), name


def test_conversions_in_other_currencies_are_told(store: Store):
    def others(**fields):
        return store.ask(P, **fields)["meta"].get("other_currencies")

    assert others(metrics=["payout"]) == {"EUR": 1}
    assert others(metrics=["amount"]) == {"INR": 1}
    assert others(metrics=["payout", "amount"]) == {"EUR": 1, "INR": 1}
    assert others(metrics=["payout"], currency="EUR") == {"USD": 4}
    assert others(metrics=["clicks", "conversions"]) is None
    (row,) = store.ask(P, metrics=["payout", "conversions"], currency="EUR")["rows"]
    assert row == {"payout": 100, "conversions": 3}


def test_of_a_conversion_whose_currency_changed_only_the_newest_state_is_told(store: Store):
    changing = P + 90
    once = {**CONVERSION, "partner_id": changing, "status": "approved", "payout": Decimal(5)}
    store.put(
        "conversions",
        [
            {**once, "conversion_id": "c1", "currency": "EUR", "change_seq": 1},
            {**once, "conversion_id": "c2", "currency": "USD", "change_seq": 1},
        ],
    )
    store.put("conversions", [{**once, "conversion_id": "c1", "currency": "USD", "change_seq": 2}])
    answer = store.ask(changing, metrics=["payout"])
    assert (answer["rows"], answer["meta"]["other_currencies"]) == ([{"payout": 10}], {})
    store.put("conversions", [{**once, "conversion_id": "c2", "currency": "EUR", "change_seq": 2}])
    answer = store.ask(changing, metrics=["payout"])
    assert (answer["rows"], answer["meta"]["other_currencies"]) == ([{"payout": 5}], {"EUR": 1})


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_dimension_splits_into_rows_that_add_up(store: Store, name: str):
    rows = store.ask(P, dimensions=[name], metrics=["gross_clicks", "total_conversions"])["rows"]
    assert len({row[name] for row in rows}) == len(rows) >= 1
    if DIMENSIONS[name].on_conversions_only:
        assert all(row["gross_clicks"] is None for row in rows)
    else:
        # The click with two reasons stands under both, and so do the five of the offer with two tags.
        counted = {"fraud_reason": 7, "offer_tag": 11}
        assert sum(row["gross_clicks"] for row in rows) == counted.get(name, 6)
    assert sum(row["total_conversions"] for row in rows) == (10 if name == "offer_tag" else 5)
    kinds = {"number": int, "bool": bool}
    assert all(type(row[name]) is kinds.get(DIMENSIONS[name].kind, str) for row in rows)


@pytest.mark.parametrize(
    ("dimension", "metric", "expected"),
    [
        ("day", "gross_clicks", {"2026-11-01": 2, "2026-11-02": 2, "2026-11-03": 2}),
        ("week", "gross_clicks", {"2026-10-26": 2, "2026-11-02": 4}),
        ("month", "gross_clicks", {"2026-11": 6}),
        ("quarter", "gross_clicks", {"2026-Q4": 6}),
        ("year", "gross_clicks", {2026: 6}),
        ("minute", "clicks", {"2026-11-01 10:00": 1, "2026-11-01 10:30": 1, "2026-11-02 11:00": 1, "2026-11-02 12:00": 0, "2026-11-03 12:00": 0, "2026-11-03 13:00": 0}),
        ("hour", "clicks", {"2026-11-01 10:00": 2, "2026-11-02 11:00": 1, "2026-11-02 12:00": 0, "2026-11-03 12:00": 0, "2026-11-03 13:00": 0}),
        ("hour_of_day", "gross_clicks", {10: 2, 11: 1, 12: 2, 13: 1}),
        ("day_of_week", "gross_clicks", {7: 2, 1: 2, 2: 2}),
        ("fraud_reason", "gross_clicks", {"": 4, "bot_user_agent": 1, "datacenter_ip": 1, "ip_velocity": 1}),
        ("fraud_score_band", "gross_clicks", {"0-9": 3, "10-19": 1, "90-100": 2}),
        ("verdict", "gross_clicks", {"valid": 3, "duplicate": 1, "invalid": 1, "suspect": 1}),
        ("is_bot", "gross_clicks", {True: 1, False: 5}),
        ("conversion_status", "total_conversions", {"approved": 2, "pending": 1, "hold": 1, "rejected": 1}),
        ("goal", "conversions", {"": 2, "sale": 1}),
        ("ctit_bucket", "total_conversions", {"under 10 s": 1, "10 s to 1 min": 2, "1 to 10 min": 1, "over 7 d": 1}),
        ("currency", "total_conversions", {"USD": 4, "EUR": 1}),
    ],
)  # fmt: skip
def test_a_dimension_has_its_own_values(store: Store, dimension, metric, expected):
    rows = store.ask(P, dimensions=[dimension], metrics=[metric], sort=[{"by": dimension}])["rows"]
    assert {row[dimension]: row[metric] for row in rows} == expected


def test_click_metrics_beside_a_goal_are_null_in_the_totals_too(store: Store):
    answer = store.ask(P, dimensions=["goal"], metrics=["clicks", "cr", "payout"], totals=True)
    assert answer["totals"] == {"clicks": None, "cr": None, "payout": 2}
    assert store.ask(P, metrics=["clicks"], filters=[{"dimension": "goal", "value": "sale"}])["rows"] == [
        {"clicks": None}
    ]


def test_a_metric_that_must_be_null_can_be_filtered_and_sorted_by(store: Store):
    nulls = [{"metric": "cr", "op": "is_not_set"}, {"dimension": "goal", "op": "eq", "value": "sale"}]
    answer = store.ask(P, metrics=["active_offers"], filters=nulls, sort=[{"by": "gross_clicks"}], totals=True)
    assert answer["rows"] == [answer["totals"]] == [{"active_offers": None}]
    assert store.ask(P, metrics=["cr"], filters=[{**nulls[0], "op": "is_set"}, nulls[1]])["rows"] == []


def test_buckets_of_time_to_conversion_run_from_short_to_long(store: Store):
    rows = store.ask(P, dimensions=["ctit_bucket"], metrics=["rejected"], sort=[{"by": "ctit_bucket"}])["rows"]
    assert [row["ctit_bucket"] for row in rows] == ["under 10 s", "10 s to 1 min", "1 to 10 min", "over 7 d"]


def test_what_came_without_a_click_took_no_time(store: Store):
    partner = P + 5
    sale = {**CONVERSION, "partner_id": partner, "status": "approved"}
    ways = {"click": 30_000, "view": 800_000, "coupon": 0, "adjustment": 0}
    rows = [
        {**sale, "conversion_id": f"took-{way}", "attribution": way, "ctit_ms": took} for way, took in ways.items()
    ]
    store.put("conversions", rows)
    asked = {"dimensions": ["ctit_bucket"], "metrics": ["total_conversions"], "sort": [{"by": "ctit_bucket"}]}
    assert [tuple(row.values()) for row in store.ask(partner, **asked)["rows"]] == [
        ("", 1),
        ("10 s to 1 min", 1),
        ("10 min to 1 h", 1),
    ]


def test_ten_dimensions_at_once(store: Store):
    dimensions = [
        "day",
        "partner",
        "offer",
        "country",
        "device_type",
        "verdict",
        "fraud_reason",
        "is_bot",
        "ip",
        "hour",
    ]
    answer = store.ask(P, dimensions=dimensions, metrics=["gross_clicks"])
    assert sum(row["gross_clicks"] for row in answer["rows"]) == 7
    assert set(answer["rows"][0]) == {*dimensions, "partner_id", "offer_id", "gross_clicks"}


def test_totals_with_metric_filters_are_those_of_the_rows_that_pass(store: Store):
    asked = {
        "dimensions": ["verdict"],
        "metrics": ["gross_clicks", "unique_ips", "avg_fraud_score", "p95_fraud_score"],
    }
    answer = store.ask(P, **asked, totals=True, filters=[{"metric": "avg_fraud_score", "op": "gte", "value": 90}])
    assert {row["verdict"] for row in answer["rows"]} == {"invalid", "suspect"}
    # Both clicks came from one address: distinct counts are merged, not added.
    assert answer["totals"] == {
        "gross_clicks": 2,
        "unique_ips": 1,
        "avg_fraud_score": 95.0,
        "p95_fraud_score": 99.5,
    }


def test_totals_cover_the_rows_beyond_the_limit(store: Store):
    answer = store.ask(P, dimensions=["day"], metrics=["gross_clicks"], totals=True, limit=1, offset=1)
    assert answer["rows"] == [{"day": "2026-11-02", "gross_clicks": 2}]
    assert answer["totals"] == {"gross_clicks": 6}
    assert answer["meta"]["truncated"] is True


def test_pages_make_the_whole(store: Store):
    asked = {"dimensions": ["ip", "verdict"], "metrics": ["gross_clicks"]}
    whole = store.ask(P, **asked)["rows"]
    pages = [row for n in range(4) for row in store.ask(P, **asked, limit=2, offset=2 * n)["rows"]]
    assert pages == whole
    assert len(whole) == 6


def test_sorting_works_on_ratios_and_nulls_come_last(store: Store):
    def countries(desc: bool) -> list[tuple]:
        rows = store.ask(P, dimensions=["country"], metrics=["epc"], sort=[{"by": "epc", "desc": desc}])["rows"]
        return [(row["country"], row["epc"]) for row in rows]

    assert countries(desc=True) == [("DE", pytest.approx(2 / 3)), ("FR", None)]
    assert countries(desc=False) == [("DE", pytest.approx(2 / 3)), ("FR", None)]
    days = store.ask(P, dimensions=["day"], metrics=["clicks"], sort=[{"by": "cr_gross", "desc": True}])["rows"]
    assert [row["day"] for row in days] == ["2026-11-02", "2026-11-01", "2026-11-03"]


def test_paid_clicks_and_impressions_and_adjustments_are_money_beside_the_conversions(store: Store):
    partner = P + 3
    click = {**CLICK, "partner_id": partner, "ts": at("2026-11-02T10:00:00"), "currency": "USD"}
    paid = {**click, "payout": Decimal("0.1"), "revenue": Decimal("0.3")}
    store.put(
        "clicks",
        [{**paid, "click_id": "p1"}, {**click, "click_id": "p2", "payout": Decimal(9), "currency": "EUR"}],
    )
    seen = {**click, "payout": Decimal("0.002"), "revenue": Decimal("0.01")}
    store.put("impressions", [{**seen, "click_id": f"p{n}"} for n in range(5)])
    sale = {**CONVERSION, "partner_id": partner, "status": "approved"}
    store.put(
        "conversions",
        [
            {
                **sale,
                "conversion_id": "p1",
                "payout": Decimal(2),
                "revenue": Decimal(3),
                "ctit_ms": 30_000,
                "attribution": "view",
            },
            {**sale, "conversion_id": "p2", "payout": Decimal("-0.25"), "attribution": "adjustment"},
        ],
    )
    names = [
        "payout",
        "revenue",
        "approved",
        "total_conversions",
        "view_through_conversions",
        "ctr",
        "ecpm",
        "cpa",
        "median_ctit",
    ]
    expected = {
        "payout": 1.86,
        "revenue": 3.35,
        "approved": 1,
        "total_conversions": 1,
        "view_through_conversions": 1,
        "ctr": 2 / 5,
        "ecpm": 1860 / 5,
        "cpa": 1.86,
        "median_ctit": 30,
    }
    assert store.ask(partner, metrics=names)["rows"] == [{name: near(value) for name, value in expected.items()}]
    # Raw clicks and the rollup agree, and a goal, which only conversions have, leaves the rest out.
    (raw,) = store.ask(partner, metrics=["payout"], dimensions=["sub1"])["rows"]
    assert raw == {"sub1": "", "payout": near(1.86)}
    (of_goal,) = store.ask(partner, metrics=["payout"], dimensions=["goal"])["rows"]
    assert of_goal == {"goal": "", "payout": near(1.75)}


def test_a_click_that_went_to_the_alternative_offer_counts_there(store: Store):
    partner = P + 4
    click = {**CLICK, "partner_id": partner, "ts": at("2026-11-02T10:00:00"), "trafficback_reason": "offer_paused"}
    store.put(
        "clicks",
        [
            {**click, "click_id": "r1", "offer_id": 11, "requested_offer_id": 10, "is_rerouted": True},
            {**click, "click_id": "r2", "offer_id": 10},
        ],
    )
    rows = store.ask(partner, metrics=["clicks", "trafficback_clicks"], dimensions=["offer", "requested_offer"])[
        "rows"
    ]
    assert [(r["offer_id"], r["requested_offer"], r["clicks"], r["trafficback_clicks"]) for r in rows] == [
        (11, "Shoes", 1, 1),
        (10, "(none)", 0, 1),
    ]


def test_a_conversion_counts_once_in_its_newest_state(store: Store):
    partner = P + 1
    states = [
        ("rejected", 3, Decimal(3), Decimal("0.5")),
        ("pending", 1, Decimal(1), Decimal(7)),
        ("approved", 2, Decimal(2), Decimal(9)),
    ]
    for status, change_seq, revenue, payout in states:
        one = {**CONVERSION, "partner_id": partner, "conversion_id": "many-states", "status": status}
        store.put("conversions", [{**one, "change_seq": change_seq, "revenue": revenue, "payout": payout}])
    metrics = ["total_conversions", "conversions", "approved", "pending", "rejected", "revenue", "rejected_payout"]
    (row,) = store.ask(partner, metrics=metrics)["rows"]
    assert row == {
        "total_conversions": 1,
        "conversions": 0,
        "approved": 0,
        "pending": 0,
        "rejected": 1,
        "revenue": 0,
        "rejected_payout": 0.5,
    }
    assert store.ask(partner, dimensions=["conversion_status"], metrics=["total_conversions"])["rows"] == [
        {"conversion_status": "rejected", "total_conversions": 1}
    ]


def test_a_partner_s_key_never_reaches_another_s_rows(store: Store):
    answer = store.ask(
        P,
        metrics=["gross_clicks"],
        dimensions=["partner"],
        filters=[{"dimension": "partner", "op": "ne", "value": P}],
    )
    assert answer["rows"] == []
    others = store.ask(P + 1, metrics=["gross_clicks"], filters=[{"dimension": "partner", "value": P}])
    assert others["rows"] == [{"gross_clicks": 0}]
