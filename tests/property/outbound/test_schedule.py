"""Whatever receivers answer, tries spread as promised and end after three days."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.outbound.schedule import (
    GIVE_UP_SECONDS,
    LONG_PAUSE_SECONDS,
    LONGEST_RETRY_AFTER_SECONDS,
    next_try,
    pause,
)

BEGAN = 1_760_000_000.0
chance = st.floats(0, 1)
asked = st.floats(0, 1e9) | st.just(0.0)


@given(st.integers(1, 200), chance)
def test_a_pause_is_within_a_tenth_of_its_plan_and_plans_never_shrink(tries, jitter):
    plain = pause(tries, 0.5)
    assert 0.9 * plain - 1e-6 <= pause(tries, jitter) <= 1.1 * plain + 1e-6
    assert plain <= pause(tries + 1, 0.5)
    assert 5 <= plain <= LONG_PAUSE_SECONDS


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(chance, asked, st.floats(0, 10)), min_size=80, max_size=80))
def test_a_message_that_never_arrives_is_tried_for_three_days_and_then_no_more(answers):
    now, moments = BEGAN, [BEGAN]
    for tries, (jitter, retry_after, took) in enumerate(answers, 1):
        now += took
        due = next_try(now, BEGAN, tries, retry_after, jitter)
        if due is None:
            break
        heeded = max(min(retry_after, LONGEST_RETRY_AFTER_SECONDS), pause(tries, jitter))
        assert now < due <= BEGAN + GIVE_UP_SECONDS
        assert due == min(now + heeded, BEGAN + GIVE_UP_SECONDS)
        moments.append(due)
        now = due
    else:
        raise AssertionError("80 tries did not end")
    assert BEGAN + GIVE_UP_SECONDS - LONG_PAUSE_SECONDS <= now <= BEGAN + GIVE_UP_SECONDS + 10
    assert len(moments) >= 12
    assert max(b - a for a, b in pairwise(moments)) <= LONGEST_RETRY_AFTER_SECONDS * 1.1 + 10


@given(chance, asked, st.floats(0, 1e7))
def test_nothing_is_tried_after_the_end_even_after_a_long_outage_of_our_own(jitter, retry_after, late):
    due = next_try(BEGAN + GIVE_UP_SECONDS + late, BEGAN, 3, retry_after, jitter)
    assert due is None
