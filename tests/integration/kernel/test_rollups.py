"""Rollups repaired for a day: whole, unseen by readers, with clicks arriving, and known batches sent again."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import pytest

from kernel.clickhouse import client as clickhouse
from kernel.clickhouse import rollups
from kernel.clickhouse.arrow import arrow_table
from kernel.clickhouse.columns import ROLLUPS
from kernel.clickhouse.rollups import at_once
from tests.support.waiting import join
from tracker.pipeline.between import BetweenRounds

NAMES = tuple(rollup.name for rollup in ROLLUPS)
SUMMARIES = {rollup.name for rollup in ROLLUPS if rollup.is_summary}
DAY_MS = 86_400_000
mondays = count(0)


@pytest.fixture
def monday() -> date:
    """The first day of a week no other test touches."""
    return date(2031, 1, 6) + timedelta(weeks=next(mondays))


def insert(client, day, how_many, token, partner=1, **columns):
    begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    batch = arrow_table(
        "clicks",
        {
            "click_id": [f"{token}-{n}" for n in range(how_many)],
            "ts": [begin + n * 7_919_000 % DAY_MS for n in range(how_many)],
            "partner_id": [partner] * how_many,
            "country": [("DE", "FR", "US")[n % 3] for n in range(how_many)],
            "verdict": [("valid", "duplicate", "invalid")[n % 3] for n in range(how_many)],
            "ip": [f"192.0.2.{n % 200}" for n in range(how_many)],
            **{name: [value] * how_many for name, value in columns.items()},
        },
        how_many,
    )
    clickhouse.insert(client, "clicks", batch, token)


def add(client, rollup, day, how_many):
    """Say more of a day than its clicks do."""
    client.command(f"INSERT INTO {rollup} (hour, click_count) VALUES ('{day} 00:00:00', {how_many})")  # noqa: S608 - our own words


def sums(client, day, rollup):
    """Clicks of a day, and its distinct addresses where a rollup knows them."""
    addresses = "uniqMerge(ips)" if rollup in SUMMARIES else "NULL"
    text = (
        f"SELECT sum(click_count), {addresses} FROM {rollup} "  # noqa: S608 - a rollup's name
        "WHERE hour >= toDateTime({day:Date}, 'UTC') AND hour < toDateTime({day:Date} + 1, 'UTC')"
    )
    return client.query(text, parameters={"day": str(day)}).first_row


def differing(client, first, days=7):
    end = first + timedelta(days=days)
    return {c.day: c.differing for c in rollups.compare(client, first, end, at_once) if c.differing}


def test_a_day_that_says_something_else_is_named_and_made_anew_and_its_neighbours_stay(event_store, monday):
    tuesday, wednesday = monday + timedelta(days=1), monday + timedelta(days=2)
    for day in (monday, tuesday, wednesday):
        insert(event_store, day, 60, f"week-{day}")
    assert differing(event_store, monday) == {}
    for name in NAMES:
        add(event_store, name, tuesday, 5)
    event_store.command(f"ALTER TABLE clicks_daily UPDATE n_clicks = n_clicks + 1 WHERE toDate(hour) = '{wednesday}' "
                        "SETTINGS mutations_sync = 2")  # fmt: skip
    assert differing(event_store, monday) == {tuesday: NAMES, wednesday: ("clicks_daily",)}
    made = rollups.rebuild(event_store, tuesday, at_once)
    assert (made.day, made.clicks, made.differing) == (tuesday, 60, ())
    assert differing(event_store, monday) == {wednesday: ("clicks_daily",)}
    rollups.rebuild(event_store, wednesday, at_once)
    assert differing(event_store, monday) == {}
    for name in NAMES:
        whole = (60, 60 if name in SUMMARIES else None)
        assert [sums(event_store, day, name) for day in (monday, tuesday, wednesday)] == [whole] * 3


def test_a_day_without_clicks_loses_what_a_rollup_says_of_it(event_store, monday):
    add(event_store, "clicks_hourly", monday, 5)
    assert rollups.rebuild(event_store, monday, at_once).clicks == 0
    assert sums(event_store, monday, "clicks_hourly")[0] == 0


def test_batches_sent_again_after_a_repair_change_nothing(event_store, monday):
    for n in range(3):
        insert(event_store, monday, 50, f"again-{monday}-{n}")
    rollups.rebuild(event_store, monday, at_once)
    for n in range(3):
        insert(event_store, monday, 50, f"again-{monday}-{n}")
    assert differing(event_store, monday) == {}
    assert {sums(event_store, monday, name)[0] for name in NAMES} == {150}


@pytest.mark.parametrize("is_kept_still", [True, False], ids=["pipeline here", "pipelines elsewhere"])
def test_clicks_that_arrive_during_a_repair_are_neither_lost_nor_doubled_nor_does_a_reader_see_less(
    event_store, store_settings, monday, is_kept_still
):
    insert(event_store, monday, 200, f"first-{monday}")
    between, ending, seen = BetweenRounds(), threading.Event(), []
    written = [200]

    def pipeline():
        number = 0
        try:
            client = clickhouse.connect(store_settings)
            # Elsewhere nobody waits for the repair: it comes out right once the inserts leave it a moment.
            while not ending.is_set() and (is_kept_still or number < 12):
                insert(client, monday, 40, f"live-{monday}-{number}")
                number += 1
                written[0] += 40
                between.do()
        finally:
            between.end()  # whoever asks is refused, and waits no longer

    def reader():
        client = clickhouse.connect_reader(store_settings)
        while not ending.is_set():
            seen.append([sums(client, monday, name)[0] for name in NAMES])
            time.sleep(0.01)

    threads = [threading.Thread(target=work) for work in (pipeline, reader)]
    for thread in threads:
        thread.start()
    try:
        client = clickhouse.connect(store_settings)
        for _ in range(2):
            rollups.rebuild(client, monday, between if is_kept_still else at_once)
    except rollups.StillChangingError:
        assert not is_kept_still
    finally:
        ending.set()
        join(*threads)
    if not is_kept_still:
        rollups.rebuild(event_store, monday, at_once)
    assert differing(event_store, monday) == {}
    assert {sums(event_store, monday, name)[0] for name in NAMES} == {written[0]}
    assert written[0] > 200
    assert len(seen) > 3
    if is_kept_still:
        for earlier, later in pairwise(seen):
            assert all(before <= after for before, after in zip(earlier, later, strict=True)), (earlier, later)


def test_a_rollup_that_others_keep_from_coming_out_right_is_told_of(
    event_store, store_settings, monday, monkeypatch
):
    insert(event_store, monday, 10, f"racing-{monday}")
    replace, number = rollups._replace, count(1)

    def replace_then_store(client, rollup, day):
        replace(client, rollup, day)
        add(event_store, rollup.name, day, next(number))

    monkeypatch.setattr(rollups, "_replace", replace_then_store)
    with pytest.raises(rollups.StillChangingError):
        rollups.rebuild(event_store, monday, at_once)
    monkeypatch.setattr(rollups, "_replace", replace)
    assert rollups.rebuild(event_store, monday, at_once).differing == ()
    left = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '%_repair'"
    assert event_store.command(left) == 0
