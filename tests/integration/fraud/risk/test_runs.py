"""Days scored whole: who ranks on top, what is said of them, what history keeps, and when marks take over."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from types import SimpleNamespace

import pytest

from fraud.risk import history
from fraud.risk.behaviours import BEHAVIOURS, NAMES
from fraud.risk.errors import RISK_DAY_AHEAD, RISK_RUNS
from fraud.risk.runs import READER_SETTINGS, RiskRuns
from fraud.risk.telling import code_of, sentence
from kernel.clickhouse.client import ReaderPool
from kernel.errors import ClickledgerError
from kernel.metrics import counter
from tests.support.ranked_partners import few_trees
from tests.support.risk import at, ordinary, own_day, sales, store

pytestmark = pytest.mark.usefixtures(few_trees.__name__)

FIRST = 6_200_001
FARM, FLOOD, INJECTION, ONE_SITE, BOTS = range(FIRST, FIRST + 5)
PLANTED = {
    FARM: {"address", "prefix", "agent", "repeat"},
    FLOOD: {"ctit"},
    INJECTION: {"ctit"},
    ONE_SITE: {"referrer", "sub_id"},
    BOTS: {"invalid"},
}
ORDINARY = range(FIRST + 10, FIRST + 60)
SMALL = FIRST + 80
TODAY = dt.date(2090, 1, 1)


@pytest.fixture(scope="module")
def readers(store_settings):
    pool = ReaderPool(store_settings, size=2, settings=READER_SETTINGS)
    yield pool
    pool.close()


def network(dice, day, planted=True, others=ORDINARY):
    """Return the clicks and conversions of a network with five planted partners."""
    clicks, sold = [], []
    for partner in (*PLANTED, *others):
        own = ordinary(dice, day, partner, dice.randint(150, 300))
        if planted:
            _plant(dice, partner, own)
        clicks += own
        share, seconds = 0.1, lambda: dice.lognormvariate(6.5, 1.2)
        if planted and partner == FLOOD:
            seconds = lambda: dice.uniform(0, 12 * 86_400)  # noqa: E731 - one way or another
        if planted and partner == INJECTION:
            seconds = lambda: dice.uniform(1, 9)  # noqa: E731
        sold += [
            # All received on the day, however long ago their clicks were.
            {**one, "ts": own[0]["ts"], "click_ts": own[0]["ts"] - one["ctit_ms"]}
            for one in sales(dice, own, share, seconds)
        ]
    return clicks + ordinary(dice, day, SMALL, 40), sold


def _plant(dice, partner, own):
    for number, click in enumerate(own):
        if partner == FARM and number % 2:
            # A few phones on one connection, each click many times over within seconds.
            click.update(ip=f"77.7.7.{number % 3}", ip_prefix="77.7.7.0/24", user_agent="Phone/1")
            click.update(ts=own[number - number % 12]["ts"], country="US", referrer_host="farm.example")
        if partner == ONE_SITE and dice.random() < 0.9:
            click.update(referrer_host="one.example", sub1="only")
        if partner == BOTS and dice.random() < 0.5:
            click.update(verdict="invalid")


@pytest.fixture(scope="module")
def scored(event_store, store_settings, readers, few_trees):
    """A day of the network, scored without marks."""
    day = own_day()
    store(event_store, *network(random.Random(1), day))
    runs = RiskRuns(store_settings, readers, dict)
    run = runs.run(day, TODAY)
    with readers.reader() as client:
        ranking = history.ranking(client, day, sort="score", limit=1000)
    return day, run, ranking, runs


def test_planted_partners_rank_above_all_ordinary_ones(scored):
    _, run, ranking, _ = scored
    assert {risk.partner_id for risk in ranking[: len(PLANTED)]} == {*PLANTED}
    assert [risk.place for risk in ranking[:-1]] == list(range(1, len(ranking)))
    assert (run.judged, run.method) == (len(PLANTED) + len(ORDINARY), "peers")
    assert ranking[0].score == 100
    assert ranking[-2].score == 0
    assert "partners marked as fraud: 0, as fine: 0" in run.note


@pytest.mark.parametrize("partner", PLANTED)
def test_the_first_reason_names_what_was_planted_and_the_peers_it_was_held_against(scored, partner):
    _, _, ranking, _ = scored
    risk = next(risk for risk in ranking if risk.partner_id == partner)
    assert BEHAVIOURS[code_of(risk.reasons[0])].group in PLANTED[partner]
    assert "partners with similar volume" in sentence(risk.reasons[0])


def test_a_partner_of_too_few_clicks_is_last_and_says_so(scored):
    _, _, ranking, _ = scored
    assert ranking[-1].partner_id == SMALL
    assert (ranking[-1].method, ranking[-1].score, ranking[-1].place) == ("too_few", 0, 0)
    assert sentence(ranking[-1].reasons[0]) == "Too few to judge: 40 clicks; partners are judged from 100 on."


def test_what_was_measured_is_kept_beside_its_peers(scored, readers):
    day, _, _, _ = scored
    with readers.reader() as client:
        kept = {name: (value, usual) for name, value, usual in history.behaviour(client, day, ONE_SITE)}
        nobody = history.behaviour(client, day, FIRST + 999)
    assert list(kept) == list(NAMES)
    value, usual = kept["referrer_share_day"]
    assert value == pytest.approx(0.9, abs=0.06)
    assert usual < 0.1
    assert kept["referrer_gini_6h"][1] is None  # measured, but not ranked by
    assert nobody == []


def test_scoring_a_day_again_replaces_what_it_said(event_store, scored, readers):
    day, _, before, runs = scored
    gone, late, dice = own_day(), FIRST + 81, random.Random(2)
    store(event_store, [click for number in range(4) for click in ordinary(dice, gone, FIRST + number, 110)])
    first = runs.run(gone, TODAY)
    store(event_store, ordinary(dice, gone, late, 300))
    again = runs.run(gone, TODAY)
    with readers.reader() as client:
        after = history.ranking(client, gone, sort="partner", limit=1000)
        assert [risk.partner_id for risk in after] == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3, late]
        assert history.run_of(client, gone).judged == again.judged == first.judged + 1 == 5
        # The other day is as it was.
        assert history.ranking(client, day, sort="score", limit=1000) == before
        (one,) = history.history(client, gone, gone, late)
    assert (one.day, one.judged, one.clicks) == (gone, again.judged, 300)
    event_store.command("OPTIMIZE TABLE partner_risk FINAL")
    with readers.reader() as client:
        assert history.ranking(client, gone, sort="partner", limit=1000) == after


def test_a_change_is_told_against_the_same_day_of_the_week_before(event_store, store_settings, readers):
    before = own_day()
    day = before + dt.timedelta(days=7)
    dice = random.Random(4)
    others = ORDINARY[:20]
    store(event_store, *network(dice, before, planted=False, others=others))
    clicks, sold = network(dice, day, others=others)
    newcomer = ordinary(dice, day, FIRST + 82, 300)
    store(event_store, clicks + newcomer, sold)
    runs = RiskRuns(store_settings, readers, dict)
    then = runs.run(before, TODAY)
    runs.run(day, TODAY)
    with readers.reader() as client:
        earlier = {
            risk.partner_id: risk.score for risk in history.ranking(client, before, sort="score", limit=1000)
        }
        rising = history.ranking(client, day, sort="change", limit=1000)
        days = history.history(client, before, day, FARM)
    assert then.judged == len(PLANTED) + len(others)
    for risk in rising:
        is_new = risk.partner_id in {FIRST + 82, SMALL}
        assert risk.change == (None if is_new else risk.score - earlier[risk.partner_id])
    changes = [risk.change for risk in rising if risk.change is not None]
    assert changes == sorted(changes, reverse=True)
    assert [risk.change for risk in rising[len(changes) :]] == [None, None]
    assert [(one.day, one.score) for one in days] == [(before, earlier[FARM]), (day, 100)]


def test_marks_take_over_where_they_suffice_and_partners_that_were_blocked_teach_still(
    event_store, store_settings, readers
):
    day = own_day()
    dice = random.Random(7)
    people = range(FIRST + 100, FIRST + 240)
    # Fraud of a kind no comparison with peers would call suspicious: a touch more of one country.
    odd = set(range(FIRST + 100, FIRST + 130))
    clicks = []
    for partner in people:
        own = ordinary(dice, day, partner, 110)
        for click in own:
            if partner in odd:
                click["country"] = dice.choice(["BR", "MX", "AR", "CL", "PE", "CO", "UY", "EC"])
        clicks += own
    store(event_store, clicks)
    following = day + dt.timedelta(days=1)
    # Whoever was caught is blocked and has no clicks the day after.
    caught = set(range(FIRST + 100, FIRST + 125))
    again = [{**click, "ts": click["ts"] + 86_400_000} for click in clicks if click["partner_id"] not in caught]
    store(event_store, again)
    marks = {partner: partner in odd for partner in people if partner not in odd - caught}
    runs = RiskRuns(store_settings, readers, lambda: marks)
    few = RiskRuns(store_settings, readers, lambda: dict(list(marks.items())[:40]))
    runs.run(day, TODAY)
    without = few.run(following, TODAY)
    assert without.method == "peers"
    assert "partners marked as fraud: 25, as fine: 15" in without.note
    learnt = runs.run(following, TODAY)
    assert learnt.method == "marks"
    assert "25 partners marked as fraud, 110 as fine" in learnt.note
    with readers.reader() as client:
        ranking = history.ranking(client, following, sort="score", limit=1000)
    assert {risk.method for risk in ranking} == {"marks"}
    assert {risk.partner_id for risk in ranking[: len(odd - caught)]} == odd - caught


def test_days_that_were_never_scored_whole_are_scored_once_oldest_first(
    event_store, store_settings, readers, monkeypatch
):
    today = own_day()
    dice = random.Random(8)
    days = [today - dt.timedelta(days=n) for n in (9, 3, 1, 0)]
    for day in days:
        store(event_store, ordinary(dice, day, FIRST + 300, 150))
    runs = RiskRuns(store_settings, readers, dict)
    with monkeypatch.context() as patch:
        # Somebody had the day before scored at noon, when half of it was to come.
        noon = SimpleNamespace(time_ns=lambda: at(days[2], 43_200) * 1_000_000, monotonic=time.monotonic)
        patch.setattr("fraud.risk.runs.time", noon)
        runs.run(days[2], days[2])
    assert [run.day for run in runs.run_missing(today)] == [days[1], days[2]]
    assert runs.run_missing(today) == []


def test_a_day_without_clicks_is_scored_as_one_without_partners(store_settings, readers):
    day = own_day()
    run = RiskRuns(store_settings, readers, dict).run(day, TODAY)
    assert (run.judged, run.clicks) == (0, 0)
    assert run.note == "No partner had enough clicks to be judged; it takes 100."
    with readers.reader() as client:
        assert history.ranking(client, day, sort="score", limit=10) == []


def test_a_day_that_has_not_begun_and_a_second_run_at_once_are_refused(store_settings, readers):
    day = own_day()
    begun, go_on = threading.Event(), threading.Event()

    def marks():
        begun.set()
        assert go_on.wait(60)
        return {}

    runs = RiskRuns(store_settings, readers, marks)
    with pytest.raises(ClickledgerError) as ahead:
        runs.run(day, day - dt.timedelta(days=1))
    assert ahead.value.kind is RISK_DAY_AHEAD
    thread = threading.Thread(target=runs.run, args=(day, TODAY))
    thread.start()
    assert begun.wait(60)
    with pytest.raises(ClickledgerError) as second:
        runs.run(day, TODAY)
    assert second.value.kind is RISK_RUNS
    go_on.set()
    thread.join(60)
    assert not thread.is_alive()


def test_a_run_that_fails_is_counted_and_leaves_the_day_as_it_was(scored, store_settings, readers):
    day, run, _, _ = scored
    failed = counter("clickledger_partner_risk_runs_total", outcome="failed")
    before = failed.n

    def away():
        raise ConnectionError

    with pytest.raises(ClickledgerError):
        RiskRuns(store_settings, readers, away).run(day, TODAY)
    assert failed.n == before + 1
    with readers.reader() as client:
        assert history.run_of(client, day) == run
