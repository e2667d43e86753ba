"""A range takes new verdicts: exactly it, all of it, with rollups, money and history; nothing is lost meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from clickhouse_connect.driver.exceptions import Error as DriverError

from fraud.past import records
from fraud.past import rescorings as rescorings_module
from fraud.past.finishing import recover
from fraud.past.placing import placing
from fraud.past.records import find, newest
from fraud.past.rescorings import Rescorings
from fraud.past.span import Span
from kernel import faults
from kernel.clickhouse.rollups import at_once, compare
from kernel.errors import ClickledgerError
from tests.support.past import BySubId, Past, prices
from tests.support.running_service import eventually


@pytest.fixture
def past(event_store):
    return Past(event_store)


@pytest.fixture
def rescorings(store_settings):
    service = Rescorings(store_settings, lambda *_: BySubId, lambda: prices, None)
    yield service
    service.close()


def done(service, record):
    busy = {"computing", "applying", "committed"}
    return eventually(f"the end of {record.id}", lambda: (now := service.get(record.id)).state not in busy and now)


def proposed(service, past, first, last, **only):
    span = Span(past.day(first), past.day(last) + dt.timedelta(days=1), **only)
    return done(service, service.propose(span, "user:1"))


def test_exactly_the_range_is_changed_and_rollups_and_money_follow(past, rescorings):
    batches = [
        past.clicks(past.day(n), "bot", "odd", "fine", "fine", token=f"{past.partner}-{n}") for n in range(4)
    ]
    record = proposed(rescorings, past, 1, 2)
    assert (record.state, record.problem) == ("proposed", "")
    assert past.verdicts() == {"valid": 16}, "nothing is written before it is applied"
    assert record.changed == {"click": 8}
    assert record.difference["verdicts"]["click"] == {
        "before": {"valid": 8},
        "after": {"invalid": 2, "suspect": 2, "valid": 4},
    }
    (money,) = record.difference["money"]
    assert [money[f"payout_{when}"] for when in ("before", "after", "difference")] == [
        Decimal("0.8"),
        Decimal("0.4"),
        Decimal("-0.4"),
    ]
    (partner,) = record.difference["partners"]
    assert (partner["partner_id"], partner["no_longer_valid"]) == (past.partner, 4)

    rescorings.apply(record.id, "user:1")
    assert done(rescorings, record).state == "applied"

    assert past.verdicts(past.day(0), past.day(3)) == {"valid": 8}
    assert past.verdicts(past.day(1), past.day(2)) == {"invalid": 2, "suspect": 2, "valid": 4}
    assert past.rolled_up(past.day(1), past.day(2)) == {"invalid": 2, "suspect": 2, "valid": 4}
    assert past.payout() == (Decimal("1.2"),) * 3
    for n, rows in enumerate(batches):
        past.store_rows(rows, f"{past.partner}-{n}")
    assert past.payout() == (Decimal("1.2"),) * 3, "a batch that is sent again changes nothing"
    days = compare(past.store, past.day(0), past.day(4), at_once)
    assert [day.differing for day in days] == [()] * 4
    reasons = past.asked(
        "SELECT DISTINCT fraud_reasons, fraud_facts, fraud_score, rules_version FROM clicks "
        "WHERE partner_id = {partner:UInt32} AND verdict = 'suspect'"
    )
    assert reasons == [(["ip_velocity"], ["count=80 usual=2"], 40, "test.2")]
    assert "rescored" not in str(past.asked("SHOW TABLES")), "what was made beside is gone"


def test_only_the_partner_or_offer_that_is_meant_is_changed(past, rescorings, event_store):
    other = Past(event_store)
    other.first = past.first = past.first.replace(day=1)
    past.clicks(past.day(0), "bot", offer_id=4)
    # What a store holds twice, it holds twice afterwards, and not four times.
    past.store_rows(past.clicks(past.day(0), "bot", offer_id=5))
    other.clicks(past.day(0), "bot")
    record = proposed(rescorings, past, 0, 0, partner_id=past.partner, offer_id=5)
    assert record.changed == {"click": 2}
    rescorings.apply(record.id, "user:1")
    assert done(rescorings, record).state == "applied"
    assert (past.verdicts(), other.verdicts()) == ({"valid": 1, "invalid": 2}, {"valid": 1})


def test_the_history_keeps_what_was_and_a_conversion_gets_a_new_state(past, rescorings):
    bot, fine = past.clicks(past.day(0), "bot", "fine")
    converted = past.convert(bot)
    past.convert(fine)
    record = proposed(rescorings, past, 0, 0)
    at_stake = record.difference["conversions"]
    assert [(one["before"], one["after"], one["conversions"], one["payout"]) for one in at_stake] == [
        ("valid", "invalid", 1, 3.0)
    ]
    rescorings.apply(record.id, "user:7")
    assert done(rescorings, record).state == "applied"
    history = past.asked(
        "SELECT kind, event_id, verdict, rules_version, payout, rescoring_id, actor FROM verdict_history "
        "WHERE partner_id = {partner:UInt32} ORDER BY event_id, kind"
    )
    was = ("valid", "test.1")
    assert ("click", bot["click_id"], *was, Decimal("0.1"), record.id, "user:7") in history
    assert ("conversion", converted["conversion_id"], *was, Decimal(0), record.id, "user:7") in history
    assert len(history) == 4
    states = past.asked(
        "SELECT change_seq, verdict, status, payout, conversion_source FROM conversion_changes "
        "WHERE partner_id = {partner:UInt32} AND conversion_id = {id:String} ORDER BY change_seq",
        id=converted["conversion_id"],
    )
    assert states == [
        (1000, "valid", "approved", Decimal(3), "postback"),
        (1001, "invalid", "approved", Decimal(3), "rescoring"),
    ]
    now = past.asked(
        "SELECT verdict, count(), sum(payout) FROM conversions FINAL WHERE partner_id = {partner:UInt32} "
        "GROUP BY verdict ORDER BY verdict"
    )
    assert now == [("invalid", 1, Decimal(3)), ("valid", 1, Decimal(3))]


def test_clicks_stored_while_the_copy_is_made_are_kept_as_they_were_judged(past, store_settings, monkeypatch):
    past.clicks(past.day(0), "bot", "fine")
    came = []
    begin = placing._Work.prepare

    def prepare(work):
        begin(work)
        came.extend(past.clicks(past.day(0), "late"))
        past.clicks(past.day(2), "late too")  # another day of the week
        past.clicks(past.day(-7), "another week of the month")

    monkeypatch.setattr(placing._Work, "prepare", prepare)
    service = Rescorings(store_settings, lambda *_: BySubId, lambda: prices, None)
    record = proposed(service, past, 0, 0)
    service.apply(record.id, "user:1")
    assert done(service, record).state == "applied"
    service.close()
    assert past.verdicts() == past.rolled_up() == {"invalid": 1, "valid": 4}
    version = past.asked("SELECT rules_version FROM clicks WHERE click_id = {id:String}", id=came[0]["click_id"])
    assert version == [("test.1",)]
    for n in (-7, 0, 2):
        assert [d.differing for d in compare(past.store, past.day(n), past.day(n + 1), at_once)] == [()]


def test_inserts_of_other_processes_are_refused_for_the_moment_and_none_is_lost(past, rescorings):
    past.clicks(past.day(0), *["bot"] * 50)
    record = proposed(rescorings, past, 0, 0)
    stored, stop = [], threading.Event()

    def insert():
        while not stop.is_set():
            rows, token = past.rows(past.day(0), ["new"] * 5), f"meanwhile-{past.partner}-{len(stored)}"
            while True:
                try:
                    past.store_rows(rows, token)
                    break
                except DriverError as why:
                    assert "TOO_MANY_PARTS" in str(why)  # noqa: PT017 - and tried again, as the pipeline does
            stored.extend(rows)

    inserting = threading.Thread(target=insert)
    inserting.start()
    rescorings.apply(record.id, "user:1")
    assert done(rescorings, record).state == "applied"
    stop.set()
    inserting.join()
    assert past.verdicts() == past.rolled_up() == {"invalid": 50, "valid": len(stored)}


@pytest.fixture
def fault(tmp_path, monkeypatch):
    monkeypatch.setattr(faults, "_directory", tmp_path)

    def break_at(point):
        (tmp_path / point).write_text("fail")
        return (tmp_path / point).unlink

    return break_at


class Killed(BaseException):
    """Ends the work at once, as a kill does: nothing of it is written down or cleaned up."""


@pytest.mark.parametrize("point", faults.RESCORING_POINTS)
def test_killed_anywhere_it_is_nothing_or_all(past, store_settings, monkeypatch, point):
    bot, *_ = past.clicks(past.day(0), "bot", "fine")
    past.convert(bot)
    service = Rescorings(store_settings, lambda *_: BySubId, lambda: prices, None)
    record = proposed(service, past, 0, 0)
    service.close()

    def die(name):
        if name == point:
            raise Killed

    keep = records.keep
    applying_now = records.find(past.store, record.id)
    keep(past.store, _with_state(applying_now, "applying"))
    monkeypatch.setattr(faults, "point", die)
    monkeypatch.setattr(placing._Work, "clean", lambda _: None)
    work = placing._Work(past.store, record.id, "user:1")
    with pytest.raises(Killed):
        placing.put_in_place(
            past.store,
            record.id,
            "user:1",
            lambda do: do(),
            lambda: keep(past.store, _with_state(applying_now, "committed")),
        )
    monkeypatch.undo()
    work.clean()
    recover(past.store)
    state = find(past.store, record.id).state
    if point == "rescoring.staged":
        assert (state, past.verdicts(), past.rolled_up()) == ("proposed", {"valid": 2}, {"valid": 2})
        return
    assert (state, past.verdicts(), past.rolled_up()) == (
        "applied",
        {"invalid": 1, "valid": 1},
        {"invalid": 1, "valid": 1},
    )
    assert past.asked("SELECT count() FROM verdict_history WHERE partner_id = {partner:UInt32}") == [(3,)]
    states = past.asked(
        "SELECT verdict FROM conversion_changes WHERE partner_id = {partner:UInt32} ORDER BY change_seq"
    )
    assert states == [("valid",), ("invalid",)]
    assert [d.differing for d in compare(past.store, past.day(0), past.day(1), at_once)] == [()]


def _with_state(record, state):
    return records.msgspec.structs.replace(record, state=state, applied_by="user:1")


def test_a_store_that_fails_after_the_commitment_is_asked_again_until_all_is_written(
    past, rescorings, fault, monkeypatch
):
    monkeypatch.setattr(rescorings_module, "_PAUSE_SECONDS", 0.3)
    past.clicks(past.day(0), "bot", "fine")
    record = proposed(rescorings, past, 0, 0)
    mend = fault("rescoring.half_replaced")
    rescorings.apply(record.id, "user:1")
    eventually("its commitment", lambda: rescorings.get(record.id).state == "committed")
    mend()
    assert done(rescorings, record).state == "applied"
    assert past.verdicts() == past.rolled_up() == {"invalid": 1, "valid": 1}


def test_what_was_proposed_under_other_rules_or_older_verdicts_is_refused(past, store_settings, rescorings):
    past.clicks(past.day(0), "bot")
    first, second = (proposed(rescorings, past, 0, 0) for _ in range(2))
    rescorings.apply(first.id, "user:1")
    assert done(rescorings, first).state == "applied"
    newer = Rescorings(store_settings, lambda *_: lambda: BySubId("test.3"), lambda: prices, None)
    third = proposed(rescorings, past, 0, 0)
    for service, record, code in (
        (rescorings, second, "rescoring_stale"),
        (newer, third, "rescoring_stale"),
        (rescorings, first, "rescoring_not_ready"),
    ):
        with pytest.raises(ClickledgerError) as refused:
            service.apply(record.id, "user:1")
        assert refused.value.kind.code == code


def test_what_is_cancelled_leaves_no_proposal(past, rescorings):
    past.clicks(past.day(0), "bot")
    record = proposed(rescorings, past, 0, 0)
    assert rescorings.cancel(record.id).state == "cancelled"
    assert past.asked("SELECT count() FROM verdict_proposals WHERE rescoring_id = {id:String}", id=record.id) == [
        (0,)
    ]
    assert newest(past.store)[0].id == record.id


def test_a_click_that_becomes_valid_again_earns_and_a_dry_run_writes_nothing(past, rescorings):
    past.clicks(past.day(0), "fine", verdict="invalid", payout=Decimal(0), revenue=Decimal(0), currency="")
    past.clicks(past.day(0), "fine", verdict="invalid", is_test=True, payout=Decimal(0), currency="")
    span = Span(past.day(0), past.day(1))
    dry = done(rescorings, rescorings.propose(span, "user:1", is_dry_run=True))
    assert dry.state == "answered"
    (money,) = dry.difference["money"]
    assert (money["currency"], money["payout_difference"], money["revenue_difference"]) == (
        "EUR",
        Decimal("0.1"),
        Decimal("0.25"),
    )
    assert (past.verdicts(), past.payout()) == ({"invalid": 2}, (Decimal(0),) * 3)
    with pytest.raises(ClickledgerError):
        rescorings.apply(dry.id, "user:1")
