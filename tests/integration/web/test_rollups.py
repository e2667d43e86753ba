"""Rollups compared and made anew over the API and by ``clickledger rollup``."""

from __future__ import annotations

import datetime as dt
import threading
from itertools import count

import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands import rollup
from clickledger.service import Service
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.arrow import arrow_table
from tests.support.waiting import join
from tests.support.web import ADMIN_KEY

PATH = "/api/v1/rollups"
mondays = count(0)


@pytest.fixture
def wrong_day(event_store):
    """A day of a week of its own, with three clicks of which the hourly rollup says five."""
    day = dt.date(2033, 1, 5) + dt.timedelta(weeks=next(mondays))
    noon = int(dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC).timestamp() * 1000)
    columns = {"click_id": [f"rollup-{day}-{n}" for n in range(3)], "ts": [noon] * 3, "partner_id": [7] * 3}
    clickhouse.insert(event_store, "clicks", arrow_table("clicks", columns, 3), f"rollup-{day}")
    too_many = {"day": str(day)}
    event_store.command("INSERT INTO clicks_hourly (hour, click_count) SELECT {day:Date}, 2", parameters=too_many)
    return day


@pytest.fixture
def run(web, monkeypatch):
    """Run the command against the role."""
    service = Service("http://testserver", ADMIN_KEY, transport=web.client._transport)
    monkeypatch.setattr(Service, "find", classmethod(lambda *_: service))
    app = typer.Typer()
    rollup.register(app)

    def run(*words):
        return CliRunner().invoke(app, ["rollup", *map(str, words)])

    return run


def test_a_day_that_differs_is_named_and_made_anew(web, wrong_day):
    asked = {"from": str(wrong_day), "to": str(wrong_day + dt.timedelta(days=2))}
    (found, after) = web.admin.made("GET", PATH, params=asked)["days"]
    assert found == {"day": str(wrong_day), "clicks": 3, "differing": ["clicks_hourly"]}
    assert (after["clicks"], after["differing"]) == (0, [])
    made = web.admin.made("POST", f"{PATH}/rebuild", {"day": str(wrong_day)})
    assert made == {"day": str(wrong_day), "clicks": 3, "differing": []}
    assert web.admin.made("GET", PATH, params=asked)["days"][0] == made


def test_the_command_names_days_that_differ_and_makes_them_anew(run, wrong_day):
    before, after = wrong_day - dt.timedelta(days=8), wrong_day + dt.timedelta(days=1)
    checked = run("check", "--from", before, "--to", after)
    assert checked.exit_code == 1
    assert checked.stdout == f"{wrong_day}: clicks_hourly differ from 3 clicks\n"
    assert "10 days" in checked.stderr
    made = run("rebuild", "--day", wrong_day, "--to", after)
    assert made.exit_code == 0
    assert made.stdout.splitlines() == [
        f"{wrong_day}: made anew from 3 clicks",
        f"{after}: made anew from 0 clicks",
    ]
    assert run("check", "--from", before, "--to", after).exit_code == 0


@pytest.mark.parametrize("words", [("--day", "soon"), ("--day", "2033-01-02", "--to", "2033-01-01")])
def test_days_that_are_none_get_a_sentence(run, words):
    refused = run("rebuild", *words)
    assert refused.exception.kind is rollup.DAY_UNREADABLE


@pytest.mark.parametrize(
    ("first", "end", "code"),
    [
        ("2026-11-01", "2026-11-01", "days_invalid"),
        ("2026-11-02", "2026-11-01", "days_invalid"),
        ("2026-10-01", "2026-11-02", "days_invalid"),
        ("1999-12-31", "2000-01-02", "query_invalid"),
        ("2026-11-01", "2100-01-01", "query_invalid"),
        ("soon", "2026-11-01", "query_invalid"),
    ],
)
def test_only_a_month_of_real_days_is_compared(web, first, end, code):
    assert web.admin.refused("GET", PATH, params={"from": first, "to": end}) == (400, code)


def test_only_administrators_repair(web, wrong_day):
    for role, may_look in (("manager", True), ("analyst", True)):
        asker = web.holding(web.key(role=role))
        status = asker.ask("GET", PATH, params={"from": "2026-11-01", "to": "2026-11-02"}).status_code
        assert (status == 200) == may_look
        assert asker.refused("POST", f"{PATH}/rebuild", {"day": str(wrong_day)}) == (403, "forbidden")


def test_one_repair_at_a_time(web, wrong_day, monkeypatch):
    repairs = web.app.state.repairs
    inside, go_on = threading.Event(), threading.Event()

    def slow(work):
        inside.set()
        assert go_on.wait(30)
        return work()

    monkeypatch.setattr(repairs, "_quiet", slow)
    first = threading.Thread(target=repairs.rebuild, args=(wrong_day,))
    first.start()
    try:
        assert inside.wait(30)
        assert web.admin.refused("POST", f"{PATH}/rebuild", {"day": str(wrong_day)}) == (409, "repair_runs")
    finally:
        go_on.set()
        join(first)
    assert web.admin.made("POST", f"{PATH}/rebuild", {"day": str(wrong_day)})["differing"] == []
