"""A report ends early: when its caller says so, when its client goes away, and at its own limit."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette

from kernel.auth import ADMIN, Authenticator, Principal
from kernel.clickhouse.client import ReaderPool
from kernel.errors import ClickledgerError
from kernel.http import EXCEPTION_HANDLERS, PRINCIPAL
from reports import sql
from reports.api import routes
from reports.bindings import Statement
from reports.execute import execute
from reports.running import Running
from tests.integration.reports.conftest import KEY, Store
from tests.unit.reports.asking import Directory

ENDLESS = Statement("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", {})
NAME = "my-report-1"
QUERY = {"from": "2026-11-01", "to": "2026-11-02", "metrics": ["clicks"], "id": NAME}
WITHIN_SECONDS = 20
"""Far less than the statement would take, and than the test's limit lets it."""


def running_statements(store: Store) -> int:
    counted = "SELECT count() FROM system.processes WHERE startsWith(query, '/* report')"
    return store.client.query(counted).result_rows[0][0]


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.01)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "rows", lambda *_: ENDLESS)


@pytest.mark.usefixtures("endless")
def test_a_caller_ends_its_own_report_and_nobody_else_s(store: Store, web):
    with web() as client, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.post, "/api/v1/reports/query", json=QUERY)
        wait_for(lambda: running_statements(store) == 1, "the statement to run")
        other = Running(store.chosen)
        assert other.cancel(Principal("manager", actor="user:9", user_id=9), NAME) is False
        assert client.delete("/api/v1/reports/running/another-1").status_code == 404
        assert running_statements(store) == 1
        cancelled = client.delete(f"/api/v1/reports/running/{NAME}")
        assert (cancelled.status_code, cancelled.json()) == (200, {"cancelled": NAME})
        answer = asked.result(WITHIN_SECONDS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "report_cancelled")
    assert running_statements(store) == 0


def test_what_is_not_running_can_t_be_ended(web):
    with web() as client:
        for name in ("never-was-1", "short", "x" * 65, "it's * DROP", "%00%0a-line-"):
            answer = client.delete(f"/api/v1/reports/running/{name}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "report_not_running")


@pytest.mark.usefixtures("endless")
def test_a_report_ends_when_its_client_goes_away(store: Store, readers: ReaderPool):
    app = Starlette(routes=routes(), exception_handlers=EXCEPTION_HANDLERS)
    app.state.authenticator = Authenticator(KEY)
    app.state.readers, app.state.names, app.state.settings = readers, Directory(), store.chosen
    sent: list[dict] = []

    async def ask() -> None:
        body = [{"type": "http.request", "body": json.dumps(QUERY).encode(), "more_body": False}]

        async def receive() -> dict:
            if body:
                return body.pop()
            while await asyncio.to_thread(running_statements, store) == 0:  # noqa: ASYNC110 - the store tells
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            sent.append(message)

        path = "/api/v1/reports/query"
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
        scope |= {"headers": [], "app": app, PRINCIPAL: ADMIN, "http_version": "1.1", "scheme": "http"}
        await asyncio.wait_for(app(scope, receive, send), WITHIN_SECONDS)

    asyncio.run(ask())
    assert sent[0]["status"] == 409
    assert running_statements(store) == 0


def test_a_cancelled_report_starts_no_further_statement(store: Store):
    with Running(store.chosen).run(ADMIN) as run:
        run.is_cancelled.set()
        with pytest.raises(ClickledgerError) as caught:
            execute([Statement("SELECT 1", {})], store.readers, store.chosen, run)
    assert caught.value.kind.code == "report_cancelled"


def test_a_report_that_nobody_ends_ends_at_its_own_limit(store: Store):
    tight = store.chosen.model_copy(update={"report_max_seconds": 1})
    pool = ReaderPool(tight, size=1)
    try:
        with pytest.raises(ClickledgerError) as caught:
            execute([ENDLESS], pool, tight)
        assert (caught.value.kind.code, caught.value.details) == ("report_too_slow", {"limit_seconds": 1})
        assert execute([Statement("SELECT 1", {})], pool, tight)[0].rows == [(1,)]
    finally:
        pool.close()


@pytest.mark.parametrize(
    "mark", ["", "/* report x' of 0 */", "x", "/* report long-enough of 0123456789abcdef */ '"]
)
def test_only_a_mark_of_ours_is_ever_written_into_a_statement(mark: str):
    with pytest.raises(ValueError, match="mark"):
        sql.cancel(mark)
