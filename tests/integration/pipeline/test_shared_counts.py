import pytest

from fraud.counts import MemoryCounts, guarded_counts
from fraud.counts.window import Window, entries_of
from kernel.metrics import counter
from tests.support.clicks import NOON
from tests.support.traffic import traffic
from tests.support.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]


def from_address(clicks: int, ts: int = NOON):
    return traffic(clicks, ips="81.2.69.9", ts=[ts + n for n in range(clicks)])


def test_two_pipelines_see_each_other_s_clicks_but_for_the_first_three(valkey):
    here, there = guarded_counts(valkey), guarded_counts(valkey)
    assert here.count(from_address(40))["address_minute"].tolist()[-1] == 40
    seen = there.count(from_address(30, NOON + 100))
    assert seen["address_minute"].tolist()[0] == 1
    assert seen["address_minute"].tolist()[-1] == 37 + 30
    assert here.count(from_address(1, NOON + 200))["address_minute"].tolist() == [41 + 27]


def test_addresses_that_click_once_cost_nothing_in_redis_and_every_key_expires(valkey):
    names = [f"81.2.69.{n}" for n in range(200)]
    here = guarded_counts(valkey)
    alone = [f"{n}" for n in range(200)]
    ids = list(range(1, 201))
    here.count(traffic(ips=names, prefixes=names, user_agents=alone, partner_ids=ids, sources=alone))
    assert valkey.keys("*") == []
    here.count(from_address(5))
    keys = valkey.keys("*")
    assert len(keys) == 6
    assert all(0 < valkey.pttl(key) <= 7_200_000 for key in keys)


@pytest.mark.parametrize("named", ["", "batch"])
def test_a_server_that_refuses_leaves_memory_to_count(valkey, named):
    counts = guarded_counts(valkey)
    counts.count(from_address(3))
    valkey.config_set("maxmemory", 1)
    try:
        before = counter("clickledger_store_failures_total", store="redis").n
        assert counts.count(from_address(2, NOON + 50), named)["address_minute"].tolist() == [4, 5]
        assert counter("clickledger_store_failures_total", store="redis").n == before + 1
    finally:
        valkey.config_set("maxmemory", 0)


def test_memory_is_bounded_and_the_oldest_are_forgotten_first():
    counts = MemoryCounts(entries=40_000)
    for second in range(40):
        names = [f"{second}.{n}" for n in range(5_000)]
        counts.count(traffic(ips=names, ts=NOON + second * 1_000))
        assert max(len(window) for window in counts._windows.values()) <= 40_000 + 2 * 32_768
    again = traffic(ips=["39.1", "0.1"], ts=NOON + 40_000)
    assert counts.count(again)["address_minute"].tolist() == [2, 1]


def test_a_window_keeps_counting_across_its_two_tables():
    import numpy as np

    window = Window()
    keys = np.arange(20_000, dtype=np.uint64) << np.uint64(30)
    for second in range(5):
        ts = np.full(len(keys), NOON + second * 1_000)
        assert set(window.count(entries_of(keys, ts, 1_000)).tolist()) == {second + 1}
