from __future__ import annotations

import asyncio

import pytest
import redis

from kernel.errors import ClickledgerError
from kernel.redis import Breaker
from tests.support.offers import offer
from tracker.click_id import ClickIdKeys
from tracker.conversion_life import apply
from tracker.conversion_state import cache_key, encode_state
from tracker.edge import outcomes as module
from tracker.edge.outcomes import Outcomes
from tracker.events import Postback, PostbackFields
from tracker.tariff import terms_for

CLICK = ClickIdKeys({1: b"k" * 32}, 1).mint(1_760_000_000_000, 1)
TERMS = terms_for(offer(), "")


class Store:
    """A Redis of one dictionary that can be away, and in which others write between two commands."""

    def __init__(self):
        self.values = {}
        self.away = False
        self.between = iter(())
        self.asked = 0

    async def get(self, key):
        self._ask()
        return self.values.get(key)

    async def eval(self, _script, _keys, key, current, after, _seconds):
        self._ask()
        for other in self.between:
            self.values[key] = other
            break
        now = self.values.get(key, b"")
        if now == current:
            self.values[key] = after
            return b""
        return now

    async def delete(self, key):
        self._ask()
        self.values.pop(key, None)

    def _ask(self):
        self.asked += 1
        if self.away:
            raise redis.ConnectionError("Connection refused.")


def postback(**fields):
    return Postback(1_760_000_060_000, PostbackFields(CLICK, **fields), 1, "GET", b"", "", "")


def tell(outcomes, *postbacks, key="conversion"):
    async def scenario():
        return [await outcomes.of(key, fields, TERMS) for fields in postbacks]

    return [(outcome, provisional) for outcome, _state, provisional in asyncio.run(scenario())]


def test_what_is_in_the_store_words_the_answer():
    outcomes = Outcomes(Store())
    sent = postback(amount="5", status="pending")
    assert tell(outcomes, sent, sent, postback(status="approved"), postback(status="hold")) == [
        ("accepted", False),
        ("duplicate", False),
        ("updated", False),
        ("refused", False),
    ]


def test_two_workers_agree_over_the_store():
    store = Store()
    one, two = Outcomes(store), Outcomes(store)
    assert tell(one, postback()) == [("accepted", False)]
    assert tell(two, postback()) == [("duplicate", False)]


def test_whoever_is_overtaken_judges_again_by_what_is_there_now():
    store = Store()
    _, state = apply(None, postback(), TERMS)
    store.between = iter([encode_state(state)])
    assert tell(Outcomes(store), postback()) == [("duplicate", False)]


def test_somebody_always_overtaking_makes_the_answer_provisional():
    store = Store()
    _, state = apply(None, postback(), TERMS)
    store.between = (encode_state(apply(state, postback(amount=str(n)), TERMS)[1]) for n in range(1, 10_000))
    assert tell(Outcomes(store), postback(coupon="mine")) == [("accepted", True)]


def test_without_a_store_a_worker_remembers_its_own_and_says_that_it_is_provisional():
    store = Store()
    store.away = True
    outcomes = Outcomes(store)
    assert tell(outcomes, postback(), postback(), postback(status="rejected")) == [
        ("accepted", True),
        ("duplicate", True),
        ("updated", True),
    ]
    assert store.asked == 1
    assert tell(Outcomes(None), postback(), postback()) == [("accepted", True), ("duplicate", True)]


def test_what_the_store_told_before_it_went_away_is_remembered():
    store, clock = Store(), [0.0]
    outcomes = Outcomes(store, Breaker(2, lambda: clock[0]))
    assert tell(outcomes, postback()) == [("accepted", False)]
    store.away = True
    assert tell(outcomes, postback()) == [("duplicate", True)]
    store.away = False
    clock[0] = 3.0
    assert tell(outcomes, postback()) == [("duplicate", False)]


WHOLE = encode_state(apply(None, postback(), TERMS)[1])


@pytest.mark.parametrize("body", [b"\x00", b"\xff\xff", WHOLE[:-1], WHOLE.replace(b"approved", b"\xff" * 8)])
def test_a_state_of_another_version_is_replaced(body):
    store = Store()
    store.values[cache_key("conversion")] = body
    assert tell(Outcomes(store), postback(), postback()) == [("accepted", False), ("duplicate", False)]


def test_what_is_forgotten_is_new_again():
    store = Store()
    outcomes = Outcomes(store)
    assert tell(outcomes, postback()) == [("accepted", False)]
    asyncio.run(outcomes.forget("conversion"))
    assert (store.values, outcomes._recent) == ({}, {})
    assert tell(outcomes, postback()) == [("accepted", False)]
    store.away = True
    asyncio.run(outcomes.forget("conversion"))
    assert tell(outcomes, postback()) == [("accepted", True)]
    asyncio.run(Outcomes(None).forget("conversion"))


def test_memory_is_bounded_and_forgets_the_longest_untouched(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED_LOCALLY", 2)
    outcomes = Outcomes(None)
    for key in ("a", "b", "a", "c"):
        tell(outcomes, postback(), key=key)
    assert list(outcomes._recent) == ["a", "c"]


def test_an_amount_that_earns_too_much_is_refused_and_remembers_nothing():
    store = Store()
    terms = terms_for(offer(payout_percent="1000"), "")
    with pytest.raises(ClickledgerError):
        asyncio.run(Outcomes(store).of("conversion", postback(amount="999999999999"), terms))
    assert store.values == {}


def test_what_is_stored_counts_where_nothing_is_cached_and_only_there():
    store = Store()
    outcomes = Outcomes(store)
    stored = apply(None, postback(status="pending"), TERMS)[1]
    approving = postback(status="approved")
    outcome, state, _ = asyncio.run(outcomes.of("conversion", approving, TERMS, stored))
    assert (outcome, state.status) == ("updated", "approved")
    assert store.values[cache_key("conversion")] == encode_state(state)
    outcome, state, _ = asyncio.run(outcomes.of("conversion", approving, TERMS, stored))
    assert (outcome, state.status) == ("duplicate", "approved")
