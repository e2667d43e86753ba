"""What Redis is told of conversions is what the store says, also after it lost everything."""

from __future__ import annotations

import secrets

import pytest

from tests.support.offers import offer
from tests.support.pipeline import Host, new_offer_id
from tracker.conversion_state import cache_key, decode_state
from tracker.pipeline.remembering import RememberedStates
from tracker.snapshot import Snapshot


@pytest.fixture
def host(tmp_path, event_store):
    host = Host(tmp_path, event_store)
    yield host
    host.kill()


def test_an_emptied_redis_gets_every_part_of_a_state_again(host, event_store, valkey):
    number = new_offer_id()
    host.program = Snapshot(1, {number: offer(id=number, hold_s=3600)})
    click = host.click(number)
    sold = host.postback(click, "12.5", coupon="X", adv=("a", "", "", "", "é"), customer_id="c")
    host.write(f"edge-{secrets.token_hex(10)}", [click, sold])
    host.run()
    ((key, state),) = host.remembered.items()
    assert state.hold_until == sold.ts + 3_600_000
    RememberedStates(valkey, event_store).refill_if_empty()
    assert decode_state(valkey.get(cache_key(key))) == state


def test_what_there_is_none_of_is_forgotten(host, event_store, valkey):
    valkey.set(cache_key("gone"), b"x")
    RememberedStates(valkey, event_store).remember({"gone": None})
    assert valkey.get(cache_key("gone")) is None
