from __future__ import annotations

import itertools
import time
from decimal import Decimal

import pytest
from pydantic import SecretStr

from kernel.clickhouse.arrow import rows_table
from kernel.clickhouse.client import insert
from kernel.redis import connect
from kernel.settings import Settings
from tests.support.offers import offer
from tests.support.routers import snapshot_of
from tracker import performance
from tracker.performance import FEWEST_COUNTRY_CLICKS, REDIS_KEY, REFRESH_SECONDS, TURN_KEY, Earned
from tracker.pipeline.performance import OfferEarnings, compute, judged_offers
from tracker.rates import utc_day
from tracker.routes import SmartLinkRoute

NOW = time.time_ns() // 1_000_000
HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
_tokens = itertools.count()
_offers = itertools.count(77_001)


@pytest.fixture
def put(event_store):
    """Insert rows, each as many times as it says."""

    def rows_of(table, rows):
        made = []
        for row in rows:
            number = row.pop("times", 1)
            for _ in range(number):
                serial = next(_tokens)
                ids = {"click_id": f"perf-{serial}", "conversion_id": f"perf-{serial}"} | row
                if table == "clicks":
                    del ids["conversion_id"]
                made.append(ids)
        insert(event_store, table, rows_table(table, made), f"performance-test-{next(_tokens)}")

    return rows_of


def click(offer_id, **changes):
    return {"offer_id": offer_id, "ts": NOW - HOUR, "verdict": "valid", "currency": "USD", **changes}


def conversion(offer_id, click_id="", **changes):
    fields = {
        "offer_id": offer_id,
        "click_ts": NOW - HOUR,
        "ts": NOW,
        "changed_at": NOW,
        "change_seq": 1,
        "verdict": "valid",
        "status": "approved",
        "attribution": "click",
        "currency": "USD",
        "payout": Decimal(2),
        **changes,
    }
    return fields | ({"click_id": click_id} if click_id else {})


def program(*offer_ids, strategy="epc", **changes):
    smart_links = {1: SmartLinkRoute(1, "Best", strategy, tuple((offer_id, 1) for offer_id in offer_ids))}
    return snapshot_of(*(offer(id=n) for n in offer_ids), smart_links=smart_links, **changes)


def computed(event_store, offer_id, **changes):
    return compute(event_store, program(offer_id, **changes), [offer_id], NOW)


def earned(clicks, converted, conversion_payout, click_payout="0"):
    return clicks, converted, Decimal(conversion_payout), Decimal(click_payout)


def numbers(row: Earned):
    return earned(*(getattr(row, name) for name in Earned.__struct_fields__))


def test_clicks_and_their_conversions_of_the_last_week_are_added_up(event_store, put):
    mine, other = next(_offers), next(_offers)
    put(
        "clicks",
        [
            click(mine, times=10),
            click(mine, times=2, payout=Decimal("0.25")),
            click(mine, trafficback_reason="cap_click", is_rerouted=True),
            click(mine, trafficback_reason="cap_click"),
            click(mine, verdict="invalid"),
            click(mine, verdict="duplicate"),
            click(mine, is_test=True),
            click(mine, ts=NOW - WEEK - 2 * HOUR),
            click(other, times=3),
        ],
    )
    put(
        "conversions",
        [
            conversion(mine, "click-a"),
            conversion(mine, "click-a", payout=Decimal("0.50")),
            conversion(mine, "click-b", status="pending"),
            conversion(mine, "click-c", status="hold"),
            conversion(mine, "click-d", status="rejected"),
            conversion(mine, "click-e", is_test=True),
            conversion(mine, "click-f", verdict="invalid"),
            conversion(mine, "click-g", attribution="view"),
            conversion(mine, "click-h", click_ts=NOW - WEEK - 2 * HOUR),
            conversion(other, "click-i"),
        ],
    )
    found = computed(event_store, mine)
    assert found.computed_at == NOW
    assert found.offers.keys() == {mine}
    assert numbers(found.offers[mine]) == earned(13, 3, "6.5", "0.5")


def test_a_conversion_counts_as_it_is_now(event_store, put):
    mine = next(_offers)
    for seq, status in ((1, "approved"), (2, "rejected")):
        put("conversions", [conversion(mine, "click-x", conversion_id="perf-one", status=status, change_seq=seq)])
    put("conversions", [conversion(mine, "click-y", conversion_id="perf-two", status="pending", change_seq=1)])
    put("conversions", [conversion(mine, "click-y", conversion_id="perf-two", payout=Decimal(5), change_seq=2)])
    assert numbers(computed(event_store, mine).offers[mine]) == earned(0, 1, "5")


def test_a_country_stands_for_itself_from_enough_clicks_on(event_store, put):
    mine = next(_offers)
    put(
        "clicks",
        [
            click(mine, country="DE", times=FEWEST_COUNTRY_CLICKS),
            click(mine, country="FR", times=FEWEST_COUNTRY_CLICKS - 1),
        ],
    )
    put("conversions", [conversion(mine, "c-1", country="DE"), conversion(mine, "c-2", country="FR")])
    found = computed(event_store, mine)
    assert numbers(found.offers[mine]) == earned(2 * FEWEST_COUNTRY_CLICKS - 1, 2, "4")
    assert {c: numbers(row) for c, row in found.countries[mine].items()} == {
        "DE": earned(FEWEST_COUNTRY_CLICKS, 1, "2")
    }


def test_earnings_are_in_the_base_currency_as_far_as_there_is_a_rate(event_store, put):
    mine = next(_offers)
    put("clicks", [click(mine, currency="EUR", payout=Decimal(1)), click(mine, currency="XAF", payout=Decimal(3))])
    put("conversions", [conversion(mine, "e-1", currency="EUR", payout=Decimal(10)), conversion(mine, "e-2")])
    rates = {
        "base_currency": "USD",
        "rates": {"EUR": ((0, "9"), (utc_day(NOW) - 1, "1.5"), (utc_day(NOW) + 9, "7"))},
    }
    assert numbers(computed(event_store, mine, **rates).offers[mine]) == earned(2, 2, "17", "4.5")


def test_only_offers_of_smart_links_that_choose_by_performance_are_judged():
    assert judged_offers(program(5, 3, 4)) == [3, 4, 5]
    assert judged_offers(program(5, strategy="thompson")) == [5]
    assert judged_offers(program(5, strategy="weight")) == []


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_one_host_publishes_every_half_minute_and_others_leave_it_the_turn(event_store, put, valkey):
    mine = next(_offers)
    put("clicks", [click(mine, times=4)])
    clock, published = Clock(), program(mine)
    here, there = (OfferEarnings(valkey, event_store, lambda: published, clock) for _ in range(2))
    assert here.publish_when_due()
    assert not there.publish_when_due()
    assert performance.decode(valkey.get(REDIS_KEY)).offers[mine].clicks == 4
    assert 0 < valkey.pttl(TURN_KEY) < REFRESH_SECONDS * 1000
    valkey.delete(TURN_KEY)
    clock.now += REFRESH_SECONDS - 1
    assert not here.publish_when_due()
    clock.now += 1
    put("clicks", [click(mine)])
    assert there.publish_when_due()
    assert performance.decode(valkey.get(REDIS_KEY)).offers[mine].clicks == 5


def test_nothing_is_asked_while_no_smart_link_needs_it(valkey):
    assert not OfferEarnings(valkey, None, lambda: program(1, strategy="weight")).publish_when_due()
    assert valkey.keys() == []


def test_a_store_that_is_away_is_left_alone_until_the_next_time(event_store, put, valkey, tmp_path):
    mine = next(_offers)
    put("clicks", [click(mine)])
    gone = connect(Settings(redis_url=SecretStr(f"unix://{tmp_path}/none")))
    assert not OfferEarnings(gone, event_store, lambda: program(mine)).publish_when_due()

    class Refuses:
        def query(self, *_args, **_more):
            raise ConnectionError("away")

    assert not OfferEarnings(valkey, Refuses(), lambda: program(mine)).publish_when_due()
    assert valkey.get(REDIS_KEY) is None
