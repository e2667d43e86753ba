from datetime import UTC, datetime

import pytest

from fraud.usual.clicks import NOTHING_USUAL, expected_by_hour, read_usual
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import rows_table

PARTNER = 771_301
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
END = int(datetime(2019, 3, 11, tzinfo=UTC).timestamp()) * 1000
"""A time that no other test has rows of."""


def clicks(day: int, hour: int, minute: int, number: int, **fields):
    ts = END - day * DAY_MS + hour * HOUR_MS + minute * 60_000
    return [
        {"click_id": f"usual{day}-{hour}-{minute}-{n}", "ts": ts + n, "partner_id": PARTNER, "ip": f"192.0.2.{n}"}
        | {"ip_prefix": "192.0.2.0/24", "verdict": "valid"}
        | fields
        for n in range(number)
    ]


@pytest.fixture(scope="module")
def stored(event_store):
    rows = [one for day in (1, 2, 3) for one in clicks(day, 9, 0, 20) + clicks(day, 10, 30, 10)]
    rows += clicks(1, 3, 0, 500, verdict="invalid") + clicks(1, 4, 0, 500, is_test=True) + clicks(20, 9, 0, 900)
    clickhouse.insert(event_store, "clicks", rows_table("clicks", rows), "usual-clicks")
    return event_store


def test_a_partner_s_pace_is_counted_without_bots_tests_and_what_is_long_past(stored):
    usual = read_usual(stored, END / 1000)
    pace = usual.partners[PARTNER]
    assert (pace.days, pace.clicks, pace.in_minute) == (3, 90, 15.0)
    assert pace.busiest_minute == 20.0
    assert len(pace.by_hour) == 24
    assert sum(pace.by_hour) == pytest.approx(30.0)
    assert pace.by_hour[9] > pace.by_hour[10] > pace.by_hour[3] > 0
    assert (usual.address_minute, usual.prefix_minute, usual.made_at) == (1.0, 15.0, END / 1000)


def test_where_nothing_came_nothing_is_usual(stored):
    long_ago = datetime(2001, 1, 1, tzinfo=UTC).timestamp()
    usual = read_usual(stored, long_ago)
    assert (usual.partners, usual.address_minute, usual.prefix_minute) == ({}, 0.0, 0.0)
    assert NOTHING_USUAL.partners == {}


def test_an_hour_with_few_clicks_leans_on_everybody_s_day():
    everybody = [1_000] * 12 + [0] * 12
    few = expected_by_hour([0] * 12 + [2] + [0] * 11, everybody, 1)
    many = expected_by_hour([0] * 12 + [20_000] + [0] * 11, everybody, 1)
    assert few[0] > few[12]
    assert many[12] > 0.98 * 20_000
    assert expected_by_hour([0] * 24, everybody, 0) == (0.0,) * 24
