"""A saved report's run ends early like any other: by its caller's word, or because nobody waits for it any more."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from kernel.tasks import end
from partners.models import ReportSchedule
from reports import sql
from reports.bindings import Statement
from reports.saved import links
from reports.saved.running import Schedules, run_name
from tests.integration.reports.saved.conftest import REPORTS

ENDLESS = Statement("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", {})
WITHIN_SECONDS = 20
"""Far less than the statement would take."""


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "rows", lambda *_: ENDLESS)


@pytest.fixture
def statements(event_store):
    """How many statements of reports run in the store."""

    def count():
        counted = "SELECT count() FROM system.processes WHERE startsWith(query, '/* report')"
        return event_store.query(counted).result_rows[0][0]

    return count


def wait_for(condition, what):
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.01)


def ask_and_leave(people, statements, method, path, headers, body):
    """Ask the app as a server does, and go away once the statement runs; return the answer it would have had."""
    sent = []

    async def ask():
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if waiting:
                return waiting.pop()
            while await asyncio.to_thread(statements) == 0:  # noqa: ASYNC110 - the store tells
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
        scope |= {"headers": headers, "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1)}
        await asyncio.wait_for(people.web.app(scope, receive, send), WITHIN_SECONDS)

    # On the app's own loop, where its connections live.
    people.web.client.portal.call(ask)
    return sent[0]["status"]


@pytest.mark.usefixtures("endless")
def test_a_saved_report_s_run_is_cancelled_by_the_name_it_was_given(people, statements):
    report = people.report(people.manager)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(people.manager.ask, "POST", f"{REPORTS}/{report['id']}/run", {"id": "my-saved-run"})
        wait_for(lambda: statements() == 1, "the statement to run")
        path = "/api/v1/reports/running/my-saved-run"
        assert people.analyst.refused("DELETE", path) == (404, "report_not_running")
        assert statements() == 1
        assert people.manager.made("DELETE", path) == {"cancelled": "my-saved-run"}
        answer = asked.result(WITHIN_SECONDS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "report_cancelled")
    assert statements() == 0


@pytest.mark.usefixtures("endless")
def test_a_saved_report_s_run_ends_when_its_client_goes_away(people, statements):
    report = people.report(people.manager)
    headers = [(name.lower().encode(), text.encode()) for name, text in people.manager._headers.items()]
    path = f"{REPORTS}/{report['id']}/run"
    assert ask_and_leave(people, statements, "POST", path, headers, b"{}") == 409
    assert statements() == 0


@pytest.mark.usefixtures("endless")
def test_a_shared_report_ends_when_its_reader_goes_away(people, statements):
    report = people.report(people.manager)
    ends = {"expires_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    token = people.manager.made("POST", f"{REPORTS}/{report['id']}/shares", ends)["token"]
    assert ask_and_leave(people, statements, "GET", f"{links.PATH}/{token}", [], b"") == 409
    assert statements() == 0


def test_the_name_of_a_run_leaves_its_range_as_it_was_saved(people):
    report = people.report(people.manager)
    named = people.manager.made("POST", f"{REPORTS}/{report['id']}/run", {"id": "named-run"})
    plain = people.manager.made("POST", f"{REPORTS}/{report['id']}/run", {})
    assert people.clicks(named) == people.clicks(plain) == {people.partners[0]: 3, people.partners[1]: 5}
    path = f"{REPORTS}/{report['id']}/run"
    assert people.manager.refused("POST", path, {"id": "it's * no name"}) == (400, "body_invalid")


class Nobody:
    """Takes no webhook."""

    async def send(self, *_):
        raise AssertionError("nothing is to be sent")


@pytest.fixture
def due(people, tmp_path):
    """A schedule of the manager's that is due, and the host that runs it."""
    state = people.web.app.state
    moment = datetime.now(UTC)
    with state.programs.writing() as session:
        session.execute(update(ReportSchedule).values(enabled=False))
    body = {"report_id": people.report(people.manager)["id"], "every": "day", "target": "webhook"}
    made = people.manager.made("POST", "/api/v1/report-schedules", body | {"url": "https://hooks.example/r"})
    people.web.change(ReportSchedule, made["id"], next_at=moment - timedelta(minutes=1))
    chosen = state.settings.model_copy(update={"data_dir": tmp_path})
    host = Schedules(
        state.programs, state.readers, state.names, chosen, Nobody(), lambda: moment, running=state.running
    )
    return made, host


def history(people, made):
    return people.manager.made("GET", f"/api/v1/report-schedules/{made['id']}/runs")["items"]


@pytest.mark.usefixtures("endless")
def test_a_schedule_s_run_is_cancelled_by_its_owner_and_not_tried_again(people, statements, due):
    made, host = due
    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(asyncio.run, host.run_due())
        wait_for(lambda: statements() == 1, "the statement to run")
        (one,) = history(people, made)
        path = f"/api/v1/reports/running/{run_name(one['id'])}"
        assert people.analyst.refused("DELETE", path) == (404, "report_not_running")
        assert people.manager.ask("DELETE", path).status_code == 200
        assert ran.result(WITHIN_SECONDS) == 1
    (one,) = history(people, made)
    assert (one["outcome"], "cancelled" in one["error"]) == ("failed", True)
    assert statements() == 0
    after = people.manager.made("GET", f"/api/v1/report-schedules/{made['id']}")
    assert (after["tries"], datetime.fromisoformat(after["next_at"]) > datetime.now(UTC)) == (0, True)


@pytest.mark.usefixtures("endless")
def test_a_service_that_stops_ends_the_report_of_its_schedule(people, statements, due):
    made, host = due

    async def stopped():
        task = asyncio.create_task(host.run_due())
        await asyncio.to_thread(wait_for, lambda: statements() == 1, "the statement to run")
        await asyncio.wait_for(end([task]), WITHIN_SECONDS)
        return task.cancelled()

    assert asyncio.run(stopped())
    assert statements() == 0
    (one,) = history(people, made)
    assert (one["outcome"], "stopped" in one["error"]) == ("failed", True)
