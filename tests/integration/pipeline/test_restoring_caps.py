"""Click counts of caps that Redis lost come back from the event store, counted as the edge counts them."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from kernel.clickhouse.arrow import rows_table
from kernel.redis import Breaker, connect
from kernel.settings import Settings
from tests.support.counting import clicks
from tests.support.offers import offer
from tests.support.pipeline import KEYS
from tracker import caps
from tracker.pipeline import restoring_caps
from tracker.pipeline.restoring_caps import RestoredCaps
from tracker.routes import CapRoute
from tracker.snapshot import Snapshot

_IDS = itertools.count(770_001)
DAY = timedelta(days=1)
MIDDAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
NOW_MS = int(MIDDAY.timestamp() * 1000)


class Store:
    """The event store with clicks on an offer of this test's own, and how often it was asked."""

    def __init__(self, client):
        self.client, self.offer_id, self.asked, self.is_away = client, next(_IDS), 0, False

    def query(self, statement, parameters=None):
        self.asked += 1
        if self.is_away:
            raise OSError("away")
        return self.client.query(statement, parameters=parameters)

    def clicked(self, number, *, partner=1, at=MIDDAY, **columns):
        ms = int(at.timestamp() * 1000)
        common = {"ts": ms, "offer_id": self.offer_id, "partner_id": partner, "method": "GET", "verdict": "valid"}
        rows = [{"click_id": KEYS.mint(ms, self.offer_id)} | common | columns for _ in range(number)]
        self.client.insert_arrow("clicks", rows_table("clicks", rows))


@pytest.fixture
def store(event_store):
    return Store(event_store)


@pytest.fixture
def restored(valkey, store):
    """Return a function that makes the restoring part for caps of this test's offer."""

    def make(*chosen, version=1, **how):
        program = Snapshot(version=version, offers={store.offer_id: offer(id=store.offer_id, caps=chosen)})
        return RestoredCaps(valkey, store, lambda: program, **how)

    return make


def _counts(valkey, *asked):
    return [int(valkey.get(caps.key(cap, partner, NOW_MS)) or 0) for cap, partner in asked]


def test_the_clicks_of_each_caps_present_period_come_back(valkey, store, restored):
    chosen = [clicks(100, period, id=next(_IDS)) for period in ("day", "week", "month", "total")]
    first_of_month = MIDDAY.replace(day=1)
    monday = MIDDAY - MIDDAY.weekday() * DAY
    store.clicked(3)
    store.clicked(5, at=MIDDAY - 400 * DAY)
    store.clicked(7, at=first_of_month)
    store.clicked(11, at=monday)
    counted = {MIDDAY: 3, MIDDAY - 400 * DAY: 5}
    counted[first_of_month] = counted.get(first_of_month, 0) + 7
    counted[monday] = counted.get(monday, 0) + 11
    expected = [
        sum(n for at, n in counted.items() if at >= start)
        for start in (MIDDAY, monday, first_of_month, MIDDAY - 400 * DAY)
    ]
    assert restored(*chosen).restore(NOW_MS) == 4
    assert _counts(valkey, *[(cap, 1) for cap in chosen]) == expected
    assert valkey.pexpiretime(caps.key(chosen[0], 1, NOW_MS)) == caps.expires_at_ms(chosen[0], NOW_MS)
    assert valkey.pexpiretime(caps.key(chosen[3], 1, NOW_MS)) == -1


def test_a_day_is_counted_from_the_caps_own_midnight(valkey, store, restored):
    cap = clicks(100, id=next(_IDS), timezone="Pacific/Auckland")
    midnight = caps.period_start(cap, NOW_MS)
    store.clicked(2, at=midnight - timedelta(milliseconds=1))
    store.clicked(3, at=midnight)
    restored(cap).restore(NOW_MS)
    assert _counts(valkey, (cap, 1)) == [3]


def test_only_what_the_edge_counts_is_counted(valkey, store, restored):
    cap = clicks(100, id=next(_IDS))
    store.clicked(1)
    store.clicked(2, trafficback_reason="offer_paused", is_rerouted=True, requested_offer_id=5)
    store.clicked(4, verdict="duplicate", is_over_cap=True)
    store.clicked(8, method="POST", click_source="js")
    store.clicked(16, trafficback_reason="cap_click")
    store.clicked(32, is_test=True)
    store.clicked(64, is_bot=True, verdict="invalid", fraud_reasons=["bot_user_agent"])
    store.clicked(128, method="HEAD", verdict="invalid", fraud_reasons=["non_get_method"])
    store.clicked(256, verdict="invalid", fraud_reasons=["datacenter_ip", "prefetch"])
    restored(cap).restore(NOW_MS)
    assert _counts(valkey, (cap, 1)) == [15]


def test_caps_of_one_partner_and_of_each_partner_count_their_own(valkey, store, restored):
    everybody, second, each = (
        clicks(9, id=next(_IDS)),
        clicks(9, id=next(_IDS), partner_id=2),
        clicks(9, id=next(_IDS), each_partner=True),
    )
    for partner in (1, 2, 3):
        store.clicked(partner, partner=partner)
    assert restored(everybody, second, each).restore(NOW_MS) == 5
    assert _counts(valkey, (everybody, 1), (second, 2), (each, 1), (each, 2), (each, 3)) == [6, 2, 1, 2, 3]


def test_counts_are_never_lowered(valkey, store, restored):
    ahead, behind = clicks(9, id=next(_IDS)), clicks(9, id=next(_IDS))
    store.clicked(4)
    valkey.mset({caps.key(ahead, 1, NOW_MS): 6, caps.key(behind, 1, NOW_MS): 3})
    restoring = restored(ahead, behind)
    assert restoring.restore(NOW_MS) == 1
    assert restoring.restore(NOW_MS) == 0
    assert _counts(valkey, (ahead, 1), (behind, 1)) == [6, 4]


def test_all_caps_of_one_period_are_one_question_and_none_are_none(store, restored):
    kinds = [clicks(9, "day", id=next(_IDS)) for _ in range(5)] + [clicks(9, "total", id=next(_IDS))]
    restored(*kinds).restore(NOW_MS)
    assert store.asked == 2
    restored(CapRoute(1, "payout", "day", "5")).restore(NOW_MS)
    restored().restore(NOW_MS)
    assert store.asked == 2


def test_it_is_done_at_the_start_when_redis_has_another_memory_and_now_and_then(valkey, store, restored):
    now = [1000.0]
    cap = clicks(9, id=next(_IDS))
    store.clicked(1, at=datetime.now(UTC))
    restoring = restored(cap, clock=lambda: now[0])
    valkey.set(caps.MEMORY_KEY, "one")
    assert restoring.restore_when_due() == 1
    now[0] += restoring_caps.LOOK_SECONDS
    assert restoring.restore_when_due() == 0
    assert store.asked == 1
    valkey.flushall()
    valkey.set(caps.MEMORY_KEY, "two")
    now[0] += restoring_caps.LOOK_SECONDS
    assert restoring.restore_when_due() == 1
    valkey.delete(caps.key(cap, 1, time.time_ns() // 1_000_000))
    now[0] += restoring_caps.LOOK_SECONDS
    assert restoring.restore_when_due() == 0
    now[0] += restoring_caps.RESTORE_SECONDS
    assert restoring.restore_when_due() == 1


def test_a_store_that_is_slow_is_asked_seldom(valkey, store, restored):
    now = [1000.0]
    asking = store.query

    def slowly(*arguments, **parameters):
        now[0] += 5
        return asking(*arguments, **parameters)

    store.query = slowly
    restoring = restored(clicks(9, id=next(_IDS)), clock=lambda: now[0])
    restoring.restore_when_due()
    now[0] += 5 * restoring_caps.LEAST_PAUSE - 1
    restoring.restore_when_due()
    assert store.asked == 1
    now[0] += 1
    restoring.restore_when_due()
    assert store.asked == 2


def test_stores_that_are_away_delay_nothing_and_are_asked_again(valkey, store, restored):
    now = [1000.0]
    store.clicked(1, at=datetime.now(UTC))
    store.is_away = True
    restoring = restored(clicks(9, id=next(_IDS)), clock=lambda: now[0])
    assert restoring.restore_when_due() == 0
    store.is_away = False
    assert restoring.restore_when_due() == 0
    now[0] += restoring_caps.RESTORE_SECONDS
    assert restoring.restore_when_due() == 1

    with connect(Settings(redis_url=SecretStr("unix:///nonexistent/valkey.sock"))) as nowhere:
        alone = RestoredCaps(nowhere, store, lambda: Snapshot(version=1), Breaker(), clock=lambda: now[0])
        assert alone.restore_when_due() == 0


def test_a_newer_program_s_caps_are_restored(valkey, store):
    store.clicked(2)
    programs = [Snapshot(version=1)]
    restoring = RestoredCaps(valkey, store, lambda: programs[-1])
    assert restoring.restore(NOW_MS) == 0
    capped = offer(id=store.offer_id, caps=(clicks(9, id=next(_IDS)),))
    programs.append(Snapshot(version=2, offers={store.offer_id: capped}))
    assert restoring.restore(NOW_MS) == 1
