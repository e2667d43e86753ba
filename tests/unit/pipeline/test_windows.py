import redis

from kernel.redis import Breaker
from tracker.pipeline.steps import GuardedUniqueWindow, MemoryUniqueWindow, Visit
from tracker.pipeline.steps.windows import OPENERS_KEPT

DAY = 24 * 3_600_000


def visit(visitor: str, click_id: str, ts: int = 0) -> Visit:
    return Visit(visitor.encode(), click_id, ts)


class Store:
    """A shared store that can be away; counts how often it was asked."""

    def __init__(self) -> None:
        self.windows = MemoryUniqueWindow(24)
        self.away = False
        self.asked: list[list[Visit]] = []

    def first(self, visits):
        self.asked.append(list(visits))
        if self.away:
            raise redis.ConnectionError("away")
        return self.windows.first(visits)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guarded(store, clock=None):
    counted: list[int] = []
    breaker = Breaker(2.0, clock or Clock())
    return GuardedUniqueWindow(store, MemoryUniqueWindow(24), counted.append, breaker), counted


def test_memory_forgets_the_visitors_not_seen_for_longest():
    window = MemoryUniqueWindow(24, visitors=10)
    window.first([visit("loyal", "l")])
    for number in range(100):
        assert window.first([visit(f"v{number}", f"c{number}")]) == [True]
        assert window.first([visit("loyal", "another")]) == [False]
    assert window.first([visit("v0", "again")]) == [True]
    assert len(window._young) + len(window._old) <= 2 * 11


def test_memory_keeps_the_latest_windows_of_a_visitor():
    window = MemoryUniqueWindow(24)
    for day in range(OPENERS_KEPT + 8):
        assert window.first([visit("v", f"c{day}", day * DAY)]) == [True]
    assert window._young[b"v"].count("|") == OPENERS_KEPT - 1
    assert window.first([visit("v", "late", (OPENERS_KEPT + 7) * DAY + 1)]) == [False]


def test_the_shared_windows_answer_while_they_can():
    store = Store()
    window, counted = guarded(store)
    store.windows.first([visit("seen elsewhere", "x")])
    assert window.first([visit("seen elsewhere", "a"), visit("new", "b")]) == [False, True]
    assert counted == []


def test_memory_answers_what_this_process_has_seen_while_the_store_is_away_and_it_is_counted():
    store = Store()
    window, counted = guarded(store)
    assert window.first([visit("v", "a")]) == [True]
    store.away = True
    assert window.first([visit("v", "b", 1), visit("w", "c", 1)]) == [False, True]
    assert counted == [2]


def test_a_store_that_failed_is_left_alone_for_a_while_and_then_tried_again():
    store, clock = Store(), Clock()
    window, counted = guarded(store, clock)
    store.away = True
    for number in range(5):
        window.first([visit(f"v{number}", f"c{number}")])
    assert (len(store.asked), counted) == (1, [1] * 5)
    clock.now = 2.0
    store.away = False
    assert window.first([visit("w", "x")]) == [True]
    assert len(store.asked) == 2
    assert counted == [1] * 5


def test_windows_opened_in_memory_are_told_to_the_store_once_it_is_back():
    store, clock = Store(), Clock()
    window, _ = guarded(store, clock)
    store.away = True
    assert window.first([visit("v", "a"), visit("v", "b", 1)]) == [True, False]
    store.away, clock.now = False, 2.0
    assert window.first([visit("v", "c", 2), visit("w", "d", 2)]) == [False, True]
    assert store.asked[-1] == [visit("v", "a"), visit("v", "c", 2), visit("w", "d", 2)]
    assert window.first([visit("w", "e", 3)]) == [False]
    assert store.asked[-1] == [visit("w", "e", 3)]
