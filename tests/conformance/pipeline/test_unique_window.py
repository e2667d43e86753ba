"""What every form of ``UniqueWindow`` promises."""

import random

import pytest

from tracker.pipeline.steps import MemoryUniqueWindow, Visit
from tracker.pipeline.steps.windows import OPENERS_KEPT

HOUR = 3_600_000
NOW = 1_760_000_000_000


def visit(visitor: str, click_id: str, hours: float = 0) -> Visit:
    return Visit(visitor.encode(), click_id.rjust(32, "-"), NOW + int(hours * HOUR))


def test_a_visitor_is_new_once(open_window):
    window = open_window(24)
    assert window.first([visit("v", "a"), visit("v", "b", 1), visit("w", "c", 1)]) == [True, False, True]
    assert window.first([visit("v", "d", 2), visit("x", "e", 2)]) == [False, True]


def test_nothing_asked_is_nothing_answered(open_window):
    assert open_window(24).first([]) == []


@pytest.mark.parametrize("hours", [1, 24, 720])
def test_the_window_is_exactly_its_hours_of_event_time(open_window, hours):
    window = open_window(hours)
    almost = Visit(b"v", "b", NOW + hours * HOUR - 1)
    assert window.first([visit("v", "a"), almost, visit("v", "c", hours)]) == [True, False, True]


def test_a_window_is_measured_from_its_first_visit_not_its_latest(open_window):
    window = open_window(24)
    asked = [visit("v", "a"), visit("v", "b", 20), visit("v", "c", 25), visit("v", "d", 45), visit("v", "e", 49)]
    assert window.first(asked) == [True, False, True, False, True]


def test_a_replayed_batch_gets_the_same_answers(open_window):
    window = open_window(24)
    batch = [visit("v", "a"), visit("v", "b", 1), visit("v", "c", 30), visit("w", "d"), visit("v", "e", 31)]
    first = window.first(batch)
    assert first == [True, False, True, True, False]
    assert window.first(batch) == first
    assert window.first(batch[2:]) == first[2:]


def test_clicks_that_arrive_out_of_order_count_once(open_window):
    window = open_window(24)
    assert window.first([visit("v", "late", 5), visit("v", "early")]) == [True, False]


def test_past_clicks_are_imported_beside_today_s(open_window):
    window = open_window(24)
    assert window.first([visit("v", "today")]) == [True]
    past = [visit("v", "p1", -1000), visit("v", "p2", -999), visit("v", "p3", -970)]
    assert window.first(past) == [True, False, True]
    assert window.first(past) == [True, False, True]
    assert window.first([visit("v", "today again", 1)]) == [False]


def test_only_the_latest_windows_of_a_visitor_are_kept(open_window):
    window = open_window(1)
    opened = [visit("v", f"c{hour}", hour) for hour in range(OPENERS_KEPT + 5)]
    assert all(window.first(opened))
    assert window.first([visit("v", "again", OPENERS_KEPT + 4.5)]) == [False]
    assert window.first([visit("v", "forgotten", 0.5)]) == [True]


def test_any_bytes_name_a_visitor(open_window):
    window = open_window(24)
    names = [bytes([n]) * 12 for n in (0, 10, 13, 124, 255)]
    assert window.first([Visit(name, "a", NOW) for name in names]) == [True] * 5
    assert window.first([Visit(name, "b", NOW) for name in names]) == [False] * 5


def test_a_batch_longer_than_one_script_is_answered_in_order(open_window):
    window = open_window(24)
    asked = [visit(f"v{number % 3000}", f"c{number}") for number in range(5000)]
    assert window.first(asked) == [number < 3000 for number in range(5000)]


@pytest.mark.parametrize("seed", range(5))
def test_random_visits_are_answered_as_the_oracle_answers(open_window, seed):
    draw = random.Random(seed)
    window, oracle = open_window(24), MemoryUniqueWindow(24)
    for _ in range(10):
        batch = [
            visit(f"v{draw.randrange(5)}", f"c{draw.randrange(60)}", draw.uniform(-100, 100)) for _ in range(30)
        ]
        assert window.first(batch) == oracle.first(batch)
