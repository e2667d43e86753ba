"""Schedules: made over HTTP, and run by a clock that the tests set."""

from __future__ import annotations

import asyncio
import base64
import csv
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from kernel.tasks import end
from partners.models import ReportRun, ReportSchedule, User
from reports.saved.claims import MOST_TRIES
from reports.saved.running import Schedules
from tests.integration.reports.saved.conftest import NOON, REPORTS
from tests.support.waiting import PATIENCE_SECONDS

PATH = "/api/v1/report-schedules"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Clock:
    """The present, as the test wants it."""

    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment


class Receiver:
    """Takes webhooks, or doesn't."""

    def __init__(self):
        self.taken, self.says = [], ""

    async def send(self, message_id, url, secret, body):
        self.taken.append((message_id, url, secret, body))
        return self.says


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def clock():
    """Tomorrow, just before six: whatever is made now for six o'clock is due then."""
    return Clock(NOON + 2 * DAY - 6 * HOUR - MINUTE)


@pytest.fixture
def host(people, receiver, clock, tmp_path):
    """One host that runs schedules; nothing of other tests is due on it."""
    with people.web.app.state.programs.writing() as session:
        session.execute(update(ReportSchedule).values(enabled=False))
    return made_host(people, receiver, clock, tmp_path)


def made_host(people, receiver, clock, directory):
    state = people.web.app.state
    chosen = state.settings.model_copy(update={"data_dir": directory})
    return Schedules(state.programs, state.readers, state.names, chosen, receiver, clock)


def run(host):
    return asyncio.run(host.run_due())


def schedule(people, asker=None, report=None, **fields):
    """Every day at six in UTC to a webhook, unless told otherwise."""
    asker = asker or people.manager
    report = report or people.report(asker)
    body = {"report_id": report["id"], "every": "day", "target": "webhook", "url": "https://hooks.example/r"}
    made = asker.made("POST", PATH, body | fields)
    with people.web.app.state.programs.writing() as session:
        # As if it had been made tomorrow, shortly before it is due.
        row = session.get_one(ReportSchedule, made["id"])
        row.next_at = NOON + 2 * DAY - 6 * HOUR
    return made


def to_file(people, name, **fields):
    return schedule(people, target="file", url=None, file_name=name, **fields)


def history(people, made, asker=None):
    return (asker or people.manager).made("GET", f"{PATH}/{made['id']}/runs?limit=1000")["items"]


def state_of(people, made):
    with people.web.app.state.programs.reading() as session:
        return session.get_one(ReportSchedule, made["id"])


def test_a_schedule_writes_a_file_with_the_days_date(people, host, clock, tmp_path):
    made = to_file(
        people, "morning", format="csv", report=people.report(people.manager, query={"range": "last_7_days"})
    )
    assert run(host) == 0
    clock.moment += MINUTE
    assert run(host) == 1
    day = (NOON + 2 * DAY).date()
    file = tmp_path / "reports" / f"morning-{day}.csv"
    rows = {int(row["partner_id"]): row["clicks"] for row in csv.DictReader(file.open())}
    assert {partner: rows[partner] for partner in people.partners} == {
        people.partners[0]: "3",
        people.partners[1]: "5",
    }
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600
    (one,) = history(people, made)
    assert (one["outcome"], one["attempt"], one["result"], one["error"]) == ("done", 1, file.name, "")
    assert one["rows"] == len(rows)
    assert one["started_at"] == one["ended_at"] == clock.moment.isoformat().replace("+00:00", "Z")
    assert run(host) == 0
    assert state_of(people, made).next_at == NOON + 3 * DAY - 6 * HOUR


@pytest.mark.parametrize("form", ["json", "jsonl", "xlsx", "parquet", "arrow"])
def test_every_format_is_written(people, host, clock, tmp_path, form):
    made = to_file(people, f"form-{form}", format=form)
    clock.moment += MINUTE
    run(host)
    (one,) = history(people, made)
    assert (one["outcome"], one["error"]) == ("done", "")
    begin = {"json": b"[", "jsonl": b"", "xlsx": b"PK", "parquet": b"PAR1", "arrow": b"\xff\xff\xff\xff"}[form]
    assert (tmp_path / "reports" / one["result"]).read_bytes().startswith(begin)


def test_a_webhook_carries_the_report_and_its_secret_is_shown_once(people, host, clock, receiver):
    report = people.report(people.first, query={"range": "last_7_days"})
    made = schedule(people, people.first, report, format="json")
    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"))) == 24
    assert "secret" not in people.first.made("GET", f"{PATH}/{made['id']}")
    clock.moment += MINUTE
    assert run(host) == 1
    ((message_id, url, secret, body),) = receiver.taken
    assert (url, secret) == ("https://hooks.example/r", made["secret"])
    due = NOON + 2 * DAY - 6 * HOUR
    assert message_id == f"report_{made['id']}_{int(due.timestamp())}"
    told = json.loads(body)
    assert (told["type"], told["data"]["report"], told["data"]["encoding"]) == (
        "report.ready",
        report["name"],
        "utf-8",
    )
    rows = json.loads(told["data"]["content"])
    assert [(row["partner_id"], row["clicks"]) for row in rows] == [(people.partners[0], 3)]
    audit = people.admin.made("GET", f"/api/v1/audit?kind=schedule&entry_id={made['id']}")["items"]
    assert audit[0]["changes"]["secret"] == [None, "***"]


def test_a_failed_run_is_tried_again_after_growing_pauses_and_then_left(people, host, clock, receiver):
    made = schedule(people, at="06:00")
    receiver.says = "The receiver answered 500."
    clock.moment += MINUTE
    begin, pauses = clock.moment, []
    for n in range(MOST_TRIES):
        assert run(host) == 1
        assert run(host) == 0
        row = state_of(people, made)
        if n < MOST_TRIES - 1:
            assert (row.tries, row.due_at) == (n + 1, begin)
            pauses.append((row.next_at - clock.moment) // MINUTE)
            clock.moment = row.next_at
    assert pauses == [1, 2, 4, 8, 16, 32, 64]
    assert (row.next_at, row.due_at) == (begin + DAY, None)
    told = history(people, made)
    assert [one["attempt"] for one in told] == list(range(MOST_TRIES, 0, -1))
    assert {(one["outcome"], one["error"]) for one in told} == {("failed", "The receiver answered 500.")}
    assert len({taken[0] for taken in receiver.taken}) == 1
    clock.moment, receiver.says = begin + DAY, ""
    assert run(host) == 1
    assert (history(people, made)[0]["attempt"], history(people, made)[0]["outcome"]) == (1, "done")


def test_runs_missed_in_a_downtime_are_made_up_for_by_one(people, host, clock, receiver):
    made = schedule(people)
    clock.moment += 5 * DAY + 2 * HOUR
    assert run(host) == 1
    assert run(host) == 0
    (one,) = history(people, made)
    latest = NOON + 7 * DAY - 6 * HOUR
    assert one["due_at"] == latest.isoformat().replace("+00:00", "Z")
    # Yesterday, as the latest of them would have said.
    assert json.loads(receiver.taken[0][3])["data"]["meta"]["to"][:10] == latest.date().isoformat()
    assert state_of(people, made).next_at == latest + DAY


def test_the_next_occurrence_takes_the_place_of_one_still_tried(people, host, clock, receiver):
    made = schedule(people)
    receiver.says = "no"
    clock.moment += MINUTE
    run(host)
    clock.moment += DAY
    run(host)
    last, first = history(people, made)
    assert (first["attempt"], last["attempt"]) == (1, 1)
    assert datetime.fromisoformat(last["due_at"]) - datetime.fromisoformat(first["due_at"]) == DAY


def test_two_hosts_run_a_schedule_once(people, host, clock, receiver, tmp_path):
    made = schedule(people)
    other = made_host(people, receiver, clock, tmp_path)
    clock.moment += MINUTE
    claim = host.claims.take(made["id"])
    assert other.claims.take(made["id"]) is None
    assert run(other) == 0
    asyncio.run(host.run(claim))
    assert run(other) == 0
    assert len(receiver.taken) == 1
    assert [one["outcome"] for one in history(people, made)] == ["done"]


def test_a_host_that_died_in_a_run_is_followed_by_another_after_its_lease(people, host, clock, receiver, tmp_path):
    made = schedule(people)
    other = made_host(people, receiver, clock, tmp_path)
    clock.moment += MINUTE
    claim = host.claims.take(made["id"])
    clock.moment += 5 * MINUTE
    assert run(other) == 0
    clock.moment += HOUR
    assert run(other) == 1
    assert [(one["outcome"], one["attempt"]) for one in history(people, made)] == [("done", 2), ("failed", 1)]
    assert len(receiver.taken) == 1
    # The first comes back to life: it neither delivers nor changes what the other wrote down.
    asyncio.run(host.run(claim))
    assert len(receiver.taken) == 1
    assert state_of(people, made).next_at == NOON + 3 * DAY - 6 * HOUR


def test_a_service_that_is_stopped_in_a_run_leaves_it_to_be_tried_again(
    people, host, clock, receiver, monkeypatch
):
    made = schedule(people)
    clock.moment += MINUTE

    async def stopped():
        begun = asyncio.Event()

        async def never(*_):
            begun.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(receiver, "send", never)
        task = asyncio.create_task(host.run_due())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await begun.wait()
        await end([task])
        return task.cancelled()

    assert asyncio.run(stopped())
    (one,) = history(people, made)
    assert (one["outcome"], "stopped" in one["error"]) == ("failed", True)
    row = state_of(people, made)
    assert (row.lease, row.next_at) == ("", clock.moment + MINUTE)


def test_a_report_that_ends_its_process_is_not_tried_for_ever(people, host, clock):
    made = schedule(people)
    clock.moment += MINUTE
    for _ in range(MOST_TRIES):
        assert host.claims.take(made["id"]) is not None
        clock.moment += HOUR
    assert host.claims.take(made["id"]) is None
    row = state_of(people, made)
    assert (row.next_at, row.lease) == (NOON + 3 * DAY - 6 * HOUR, "")
    assert {one["outcome"] for one in history(people, made)} == {"failed"}


def test_what_its_owner_may_not_do_any_more_is_not_run(people, host, clock, receiver):
    web = people.web
    user = web.user("analyst")
    asker = web.holding(web.session(user))
    made = schedule(people, asker)
    web.change(User, user["id"], status="disabled")
    clock.moment += MINUTE
    run(host)
    assert receiver.taken == []
    (one,) = history(people, made, people.admin)
    assert (one["outcome"], one["error"][:9]) == ("failed", "Its owner")


def test_one_schedule_that_breaks_does_not_hold_up_the_others(people, host, clock, receiver, monkeypatch):
    broken = schedule(people)
    working = schedule(people)
    send = receiver.send

    async def failing(message_id, *rest):
        if message_id.startswith(f"report_{broken['id']}_"):
            raise ZeroDivisionError("a secret detail")
        return await send(message_id, *rest)

    monkeypatch.setattr(receiver, "send", failing)
    clock.moment += MINUTE
    assert run(host) == 2
    assert [one["outcome"] for one in history(people, working)] == ["done"]
    (one,) = history(people, broken)
    assert (one["outcome"], "secret" in one["error"]) == ("failed", False)


def test_a_disabled_schedule_rests_and_begins_anew(people, host, clock):
    made = schedule(people)
    people.manager.made("PATCH", f"{PATH}/{made['id']}", {"enabled": False})
    clock.moment += 3 * DAY
    assert run(host) == 0
    again = people.manager.made("PATCH", f"{PATH}/{made['id']}", {"enabled": True})
    assert datetime.fromisoformat(again["next_at"]) > datetime.now(UTC)


def test_a_schedule_is_changed_with_its_revision_and_checked_anew(people):
    made = schedule(people)
    path = f"{PATH}/{made['id']}"
    changed = people.manager.made(
        "PATCH", path, {"every": "week", "weekday": 1, "at": "07:30"}, headers={"If-Match": '"1"'}
    )
    assert (changed["every"], changed["weekday"], changed["at"], changed["revision"]) == ("week", 1, "07:30", 2)
    following = datetime.fromisoformat(changed["next_at"])
    assert (following.isoweekday(), following.hour, following.minute) == (1, 7, 30)
    assert people.manager.refused("PATCH", path, {"at": "08:00"}, headers={"If-Match": '"1"'})[0] == 412
    assert people.manager.refused("PATCH", path, {"day": 3}) == (400, "body_invalid")
    assert people.manager.made("PATCH", path, {"every": "day"})["weekday"] is None
    assert people.analyst.refused("GET", path) == (404, "not_found")
    assert people.manager.made("DELETE", path) == {"deleted": made["id"]}
    assert people.manager.refused("GET", f"{path}/runs") == (404, "not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {"every": "week"},
        {"every": "month"},
        {"every": "day", "weekday": 1},
        {"every": "hour"},
        {"at": "24:00"},
        {"at": "6:00"},
        {"timezone": "Mars/Base"},
        {"target": "file", "url": None},
        {"target": "file", "file_name": "x"},
        {"target": "file", "url": None, "file_name": "../x"},
        {"target": "file", "url": None, "file_name": "a/b"},
        {"target": "file", "url": None, "file_name": ".hidden"},
        {"target": "file", "url": None, "file_name": "x" * 101},
        {"url": None},
        {"url": "ftp://hooks.example"},
        {"url": "https://hooks.example/{click_id}"},
        {"file_name": "x"},
        {"format": "pdf"},
        {"every": "week", "weekday": 8},
        {"every": "month", "day": 32},
    ],
    ids=str,
)
def test_a_schedule_that_does_not_fit_together_is_refused(people, fields):
    report = people.report(people.manager)
    body = {"report_id": report["id"], "every": "day", "target": "webhook", "url": "https://hooks.example/r"}
    assert people.manager.refused("POST", PATH, body | fields) == (400, "body_invalid")


def test_files_are_for_the_networks_own_people_and_no_two_schedules_write_the_same(people):
    report = people.report(people.first)
    body = {"report_id": report["id"], "every": "day", "target": "file", "file_name": "mine"}
    assert people.first.refused("POST", PATH, body) == (403, "target_not_allowed")
    to_file(people, "Taken")
    body = {
        "report_id": people.report(people.manager)["id"],
        "every": "day",
        "target": "file",
        "file_name": "taken",
    }
    assert people.manager.refused("POST", PATH, body) == (409, "conflict")
    foreign = {"report_id": report["id"], "every": "day", "target": "webhook", "url": "https://hooks.example/r"}
    assert people.second.refused("POST", PATH, foreign) == (400, "reference_unknown")


def test_deleting_a_report_takes_its_schedules_and_their_history_with_it(people, host, clock):
    report = people.report(people.manager)
    made = schedule(people, report=report)
    clock.moment += MINUTE
    run(host)
    people.manager.made("DELETE", f"{REPORTS}/{report['id']}")
    assert people.manager.refused("GET", f"{PATH}/{made['id']}") == (404, "not_found")
    with people.web.app.state.programs.reading() as session:
        assert session.scalars(select(ReportRun).where(ReportRun.schedule_id == made["id"])).all() == []


def test_a_disk_that_takes_nothing_is_told_and_tried_again(people, host, clock, tmp_path):
    made = to_file(people, "blocked")
    (tmp_path / "reports").write_text("in the way")
    clock.moment += MINUTE
    run(host)
    (one,) = history(people, made)
    assert (one["outcome"], "can't be written" in one["error"]) == ("failed", True)
    assert state_of(people, made).tries == 1
