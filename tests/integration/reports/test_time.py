"""Hours and days are local, in half-hour zones and on the days the clocks change; rollup and raw agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kernel.auth import Principal
from reports import sql
from reports.execute import execute
from reports.plan import Side, choose
from reports.query import Query
from reports.validate import validate
from tests.integration.reports.conftest import Store
from tests.unit.reports.asking import NAMES

P = 920_000_001
STEP = timedelta(minutes=15)

SEASONS = {
    # two days before to two days after: clocks back in New York, forward in New York, back on Lord Howe
    "autumn": datetime(2026, 10, 30, tzinfo=UTC),
    "spring": datetime(2026, 3, 6, tzinfo=UTC),
    "lord howe": datetime(2026, 4, 3, tzinfo=UTC),
}
DAYS = 5

FORMATS = {
    "minute": "%Y-%m-%d %H:%M",
    "hour": "%Y-%m-%d %H:00",
    "day": "%Y-%m-%d",
    "month": "%Y-%m",
    "year": "%Y",
    "hour_of_day": "%-H",
    "day_of_week": "%u",
}


def moments(season: str) -> list[datetime]:
    return [SEASONS[season] + n * STEP for n in range(int(timedelta(days=DAYS) / STEP))]


@pytest.fixture(scope="module", autouse=True)
def _events(store: Store) -> None:
    rows = []
    for season, start in SEASONS.items():
        for n, moment in enumerate(moments(season)):
            rows.append(
                {
                    "click_id": f"{start:%Y%m%d}{n}",
                    "ts": int(moment.timestamp() * 1000),
                    "partner_id": P,
                    "offer_id": n % 3,
                    "country": ("DE", "FR", "")[n % 3],
                    "os": ("iOS", "Android")[n % 2],
                    "verdict": ("valid", "duplicate", "suspect", "invalid")[n % 4],
                    "is_unique": n % 5 == 0,
                    "is_bot": n % 7 == 0,
                    "fraud_score": n % 101,
                    "ip": f"203.0.113.{n % 50}",
                }
            )
    store.put("clicks", rows)
    conversions = [
        {**{k: row[k] for k in ("click_id", "ts", "partner_id", "country")}, "conversion_id": row["click_id"], "status": "approved", "click_ts": row["ts"]}
        for row in rows
    ]  # fmt: skip
    store.put("conversions", conversions)


def labels(season: str, zone: str, dimension: str, start: str, end: str) -> Counter:
    """What Python's own time zones say."""
    local = ZoneInfo(zone)
    first, last = (datetime.fromisoformat(day).replace(tzinfo=local) for day in (start, end))
    found: Counter = Counter()
    for moment in moments(season):
        here = moment.astimezone(local)
        if not first.timestamp() <= moment.timestamp() < last.timestamp():
            continue
        match dimension:
            case "week":
                label = f"{here - timedelta(days=here.weekday()):%Y-%m-%d}"
            case "quarter":
                label = f"{here.year}-Q{(here.month + 2) // 3}"
            case _:
                label = f"{here:{FORMATS[dimension]}}"
        found[int(label) if dimension in {"year", "hour_of_day", "day_of_week"} else label] += 1
    return found


ZONES = {
    "autumn": ["UTC", "Asia/Kolkata", "America/New_York"],
    "spring": ["America/New_York", "Asia/Kathmandu"],
    "lord howe": ["Australia/Lord_Howe"],
}


@pytest.mark.parametrize(("season", "zone"), [(season, zone) for season, zones in ZONES.items() for zone in zones])
@pytest.mark.parametrize("dimension", [*FORMATS, "week", "quarter"])
def test_local_time_is_that_of_the_zone(store: Store, season: str, zone: str, dimension: str):
    start = SEASONS[season] + timedelta(days=1)
    bounds = {"from": f"{start:%Y-%m-%d}", "to": f"{start + timedelta(days=DAYS - 2):%Y-%m-%d}"}
    answer = store.ask(
        P, **bounds, timezone=zone, dimensions=[dimension], metrics=["gross_clicks", "total_conversions"]
    )
    rows = answer["rows"]
    expected = labels(season, zone, dimension, bounds["from"], bounds["to"])
    assert {row[dimension]: row["gross_clicks"] for row in rows} == expected
    assert {row[dimension]: row["total_conversions"] for row in rows} == expected
    assert len(rows) == len(expected)
    assert [row[dimension] for row in rows] == sorted(expected)


def test_the_day_the_clocks_go_back_has_a_double_hour_and_the_other_one_none(store: Store):
    def hours(day: str, after: str) -> dict[str, int]:
        asked = {"from": day, "to": after, "timezone": "America/New_York", "dimensions": ["hour"]}
        rows = store.ask(P, **asked, metrics=["gross_clicks"])["rows"]
        return {row["hour"][-5:]: row["gross_clicks"] for row in rows}

    autumn, spring = hours("2026-11-01", "2026-11-02"), hours("2026-03-08", "2026-03-09")
    assert (autumn["01:00"], autumn["02:00"], len(autumn)) == (8, 4, 24)
    assert "02:00" not in spring
    assert (spring["01:00"], spring["03:00"], len(spring)) == (4, 4, 23)


def test_a_filter_on_time_looks_at_the_local_clock(store: Store):
    asked = {"from": "2026-11-01", "to": "2026-11-03", "timezone": "Asia/Kolkata", "metrics": ["gross_clicks"]}

    def count(**one) -> int:
        return store.ask(P, **asked, filters=[one])["rows"][0]["gross_clicks"]

    assert count(dimension="hour_of_day", op="between", values=[9, 10]) == 16
    assert count(dimension="hour", op="eq", value="2026-11-02 05:00") == 4
    assert count(dimension="day", op="gt", value="2026-11-01") == 96
    assert count(dimension="day_of_week", op="in", values=[7]) == 96


def test_midnight_is_known_like_any_other_hour(store: Store):
    asked = {"from": "2026-11-01", "to": "2026-11-03", "dimensions": ["hour_of_day"], "metrics": ["gross_clicks"]}
    asked["filters"] = [{"dimension": "hour_of_day", "op": "is_set"}]
    assert [row["hour_of_day"] for row in store.ask(P, **asked)["rows"]] == list(range(24))
    asked["filters"] = [{"dimension": "hour_of_day", "op": "is_not_set"}]
    assert store.ask(P, **asked)["rows"] == []


SUMMARY_QUERIES = [
    {"dimensions": ["day"]},
    {"dimensions": ["hour"], "timezone": "America/New_York"},
    {"dimensions": ["week", "offer"], "timezone": "Pacific/Auckland"},
    {"dimensions": ["country"], "filters": [{"metric": "unique_ips", "op": "gt", "value": 1}]},
    {},
]
"""What a summary serves, distinct addresses included."""
HOURLY_QUERIES = [
    {"dimensions": ["hour_of_day", "country"], "timezone": "America/New_York"},
    {
        "dimensions": [
            "partner",
            "offer",
            "country",
            "os",
            "browser",
            "verdict",
            "is_bot",
            "trafficback_reason",
            "link",
        ]
    },
    {"dimensions": ["country"], "timezone": "Asia/Kolkata", "from": "2026-10-30T00:30", "to": "2026-11-03T12:30"},
    {"dimensions": ["month", "os"], "filters": [{"dimension": "verdict", "op": "ne", "value": "invalid"}]},
    {
        "dimensions": ["day"],
        "filters": [{"dimension": "is_bot", "value": True}, {"dimension": "country", "op": "is_set"}],
    },
]
"""What only the rollup of every dimension serves, which has no addresses."""
ROLLUP_METRICS = [
    "gross_clicks", "clicks", "unique_clicks", "duplicate_clicks", "suspect_clicks", "invalid_clicks", "bot_clicks",
    "trafficback_clicks", "invalid_rate", "unique_rate", "cost", "avg_fraud_score", "flagged_rate",
    "active_partners", "active_offers", "first_click_at", "last_click_at", "cr",
]  # fmt: skip
OF_ADDRESSES = ["unique_ips", "clicks_per_ip"]


@pytest.mark.parametrize(
    ("fields", "metrics"),
    [
        *((fields, ROLLUP_METRICS + OF_ADDRESSES) for fields in SUMMARY_QUERIES),
        *((fields, ROLLUP_METRICS) for fields in HOURLY_QUERIES),
    ],
)
def test_the_rollup_says_exactly_what_the_raw_clicks_say(store: Store, fields: dict, metrics: list[str]):
    given = {"from": "2026-10-30", "to": "2026-11-04", "metrics": metrics, "totals": True, **fields}
    plan = choose(validate(Query.model_validate(given), NAMES, store.chosen))
    assert plan.source == "rollup"
    raw = replace(plan, sides=(Side("clicks"), *plan.sides[1:]))
    who = Principal("partner", partner_id=P)
    by_rollup, by_raw = execute(
        [sql.rows(one, who, NAMES) for one in (plan, raw)],
        store.readers,
        store.chosen,
    )
    assert len(by_raw.rows) >= 2
    assert by_rollup.rows == by_raw.rows
