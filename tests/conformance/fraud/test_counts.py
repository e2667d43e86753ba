"""What every form of ``Counts`` promises."""

import random
from functools import cache

from fraud.counts import COUNT_NAMES, COUNTS
from fraud.traffic import Traffic
from tests.support.clicks import NOON
from tests.support.traffic import traffic

MINUTE, HOUR = 60_000, 3_600_000


def counted(counts, what, batch, name=""):
    return counts.count(batch, name)[what].tolist()


def by_hand(batch: Traffic, what) -> list[int]:
    """Count one window click by click, as slowly as it is plain; clicks come in the order of time."""
    found = []
    for row, ts in enumerate(batch.ts):
        key = [getattr(batch, fact)[row] for fact in what.facts]
        window = [
            one
            for one in range(row + 1)
            if [getattr(batch, fact)[one] for fact in what.facts] == key
            and ts // what.step_ms - batch.ts[one] // what.step_ms < 60
        ]
        found.append(len(window))
    return found


def a_busy_batch(seed=1, clicks=400):
    draw = random.Random(seed)
    return traffic(
        ts=sorted(NOON + draw.randrange(3 * HOUR if seed % 2 else 3 * MINUTE) for _ in range(clicks)),
        ips=[f"81.2.69.{draw.randrange(5)}" for _ in range(clicks)],
        prefixes=[f"81.2.{draw.randrange(3)}.0/24" for _ in range(clicks)],
        user_agents=[f"Browser/{draw.randrange(3)}" for _ in range(clicks)],
        partner_ids=[draw.randrange(1, 4) for _ in range(clicks)],
        sources=[draw.choice(["", "a", "b"]) for _ in range(clicks)],
        countries=[draw.choice(["DE", "FR"]) for _ in range(clicks)],
    )


def test_each_click_is_counted_with_those_before_it(make_counts):
    batch = traffic(ips=["a", "b", "a", "a"], ts=[NOON, NOON + 1, NOON + 2, NOON + 3])
    found = make_counts().count(batch)
    assert found["address_minute"].tolist() == [1, 1, 2, 3]
    assert found["address_hour"].tolist() == [1, 1, 2, 3]
    assert found["partner_minute"].tolist() == [1, 2, 3, 4]
    assert {found[name].dtype.name for name in COUNT_NAMES} == {"int32"}


def test_nothing_asked_is_nothing_answered(make_counts):
    assert counted(make_counts(), "address_minute", traffic(ips=[])) == []


@cache
def all_by_hand(seed):
    batch = a_busy_batch(seed)
    return batch, {what.name: by_hand(batch, what) for what in COUNTS if not what.distinct}


def test_every_window_is_as_counted_by_hand(make_counts):
    for seed in (1, 2):
        batch, expected = all_by_hand(seed)
        found = make_counts().count(batch)
        assert {name: found[name].tolist() for name in expected} == expected


def test_a_window_slides_by_the_second(make_counts):
    counts = make_counts()
    first = NOON - NOON % MINUTE
    later = [first, first + 30_000, first + 59_999, first + 60_000, first + 90_999, first + 160_000]
    batch = traffic(ips=["a"] * 6, ts=later)
    assert counted(counts, "address_minute", batch) == [1, 2, 3, 3, 3, 1]


def test_how_traffic_is_cut_into_batches_changes_nothing(make_counts):
    batch = a_busy_batch(seed=3, clicks=120)
    whole = make_counts().count(batch)
    for size in (1, 7, 50):
        counts = make_counts()
        parts = [counts.count(rows_of(batch, n, n + size)) for n in range(0, len(batch), size)]
        for name in COUNT_NAMES:
            assert [n for part in parts for n in part[name].tolist()] == whole[name].tolist(), (name, size)


def rows_of(batch: Traffic, start: int, end: int) -> Traffic:
    return Traffic(**{name: getattr(batch, name)[start:end] for name in Traffic.__slots__})


def test_a_batch_that_is_tried_again_is_not_counted_again(make_counts):
    counts = make_counts()
    batch = traffic(ips=["a", "a"])
    assert counted(counts, "address_minute", batch, name="one") == [1, 2]
    assert counted(counts, "address_minute", batch, name="one") == [1, 2]
    assert counted(counts, "address_minute", batch, name="two") == [3, 4]


def test_what_comes_late_is_counted_in_its_own_time_and_sees_nothing_later(make_counts):
    counts = make_counts()
    assert counted(counts, "address_minute", traffic(ips=["a"] * 3)) == [1, 2, 3]
    early = traffic(ips=["a", "a"], ts=[NOON - HOUR, NOON - HOUR])
    assert counted(counts, "address_minute", early) == [1, 2]
    assert counted(counts, "address_minute", traffic(ips=["a"])) == [4]


def test_impressions_and_self_tests_are_not_counted(make_counts):
    counts = make_counts()
    batch = traffic(ips=["a"] * 3, is_impression=[True, False, False], is_test=[False, True, False])
    assert counted(counts, "address_minute", batch) == [0, 0, 1]


def test_labels_are_counted_by_how_many_there_are(make_counts):
    labels = ["x", "y", "x", "", "z", "y"]
    batch = traffic(ips=["a"] * 6, sub1s=labels, ts=[NOON + n for n in range(6)])
    assert counted(make_counts(), "labels_hour", batch) == [1, 2, 2, 3, 4, 4]


def test_any_time_and_any_text_is_counted(make_counts):
    batch = traffic(
        ts=[0, -5, 2**62, NOON], ips=["", "\ud800", "x" * 10_000, "\x00"], sources=["\ud800", "", "ä", "\n"]
    )
    assert counted(make_counts(), "address_minute", batch) == [1, 1, 1, 1]
