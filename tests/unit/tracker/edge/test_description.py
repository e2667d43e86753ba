from __future__ import annotations

import asyncio
import json
import threading

from tracker.edge import description
from tracker.edge.description import DescriptionEndpoint


async def ask(endpoint, method="GET"):
    sent = []

    async def send(message):
        sent.append(message)

    await endpoint({"type": "http", "method": method}, None, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_it_is_made_once_beside_the_requests_and_kept(monkeypatch):
    threads = []
    make = description._describe

    def noted(url):
        threads.append(threading.current_thread())
        return make(url)

    monkeypatch.setattr(description, "_describe", noted)

    async def several():
        endpoint = DescriptionEndpoint("https://go.example")
        assert threads == []
        return await asyncio.gather(*(ask(endpoint) for _ in range(3))) + [await ask(endpoint)]

    answers = asyncio.run(several())
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert {(status, headers[b"content-type"]) for status, headers, _ in answers} == {(200, b"application/json")}
    assert len({body for _, _, body in answers}) == 1
    assert json.loads(answers[0][2])["servers"] == [{"url": "https://go.example"}]


def test_other_methods_are_refused():
    status, headers, _ = asyncio.run(ask(DescriptionEndpoint("https://go.example"), "POST"))
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD")
