"""A report on a page that takes long: its reader is told, and what nobody waits for is ended in the store."""

from __future__ import annotations

import asyncio
import time

import pytest

from reports import sql
from reports.bindings import Statement
from reports.web.cookies import SESSION
from reports.web.pages.reports import running
from tests.support.pages import Visitor

ENDLESS = Statement("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", {})
WITHIN_SECONDS = 20
"""Far less than the statement would take."""


@pytest.fixture
def analyst(web):
    return web.session(web.user("analyst"))


@pytest.fixture
def endless(monkeypatch):
    monkeypatch.setattr(sql, "rows", lambda *_: ENDLESS)


def statements(event_store):
    counted = "SELECT count() FROM system.processes WHERE startsWith(query, '/* report')"
    return event_store.query(counted).result_rows[0][0]


@pytest.mark.usefixtures("endless")
def test_a_browser_with_scripts_gets_a_page_that_asks_again(web, analyst, event_store, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE_SECONDS", 0.3)
    visitor = Visitor(web, analyst)
    visitor.headers["Cookie"] += "; zone=UTC"
    page = visitor.see("/reports?by=day&metrics=clicks")
    assert page.soup.find(attrs={"data-part": "results"})["data-slow"] == "yes"
    assert "This takes a while" in page.text
    assert statements(event_store) == 0


@pytest.mark.usefixtures("endless")
def test_a_report_ends_when_its_reader_goes_away(web, analyst, event_store):
    async def look():
        asked, sent = [{"type": "http.request", "body": b"", "more_body": False}], []

        async def receive():
            if asked:
                return asked.pop()
            end = time.monotonic() + WITHIN_SECONDS
            while not await asyncio.to_thread(statements, event_store):
                assert time.monotonic() < end, "waited for the statement to run"
                await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        headers = {"cookie": f"{SESSION}={analyst}", "x-part": "report", "host": "testserver"}
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": "/reports", "root_path": "",
            "raw_path": b"/reports", "query_string": b"by=day&metrics=clicks", "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("testserver", 80),
        }  # fmt: skip
        await asyncio.wait_for(web.app(scope, receive, send), WITHIN_SECONDS)
        return sent

    asyncio.run(look())
    assert statements(event_store) == 0
