"""From changed conversions to the log of tries in the event store, and what the API tells and does with it."""

from __future__ import annotations

import itertools
import sqlite3
import time
from contextlib import closing, contextmanager
from decimal import Decimal

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kernel.api import routes
from kernel.auth import ROLE_SCOPES, Principal
from kernel.clickhouse import client as clickhouse
from kernel.clickhouse.client import ReaderPool
from kernel.errors import UNAUTHENTICATED
from kernel.http import EXCEPTION_HANDLERS
from partners.models import Hook
from tests.support.outbound import LOOPBACK, SECRET, change, hook, receiving, status, until
from tests.support.program import open_program
from tracker.events import Outgoing
from tracker.outbound import api, schedule
from tracker.outbound.database import OUTBOUND_FILE
from tracker.outbound.sender import Sender
from tracker.outbound.service import Outbound, last_try
from tracker.outbound.spool import Spool
from tracker.snapshot import Snapshot

_PARTNERS = itertools.count(770_001)


class Host:
    """A host's outgoing messages over the shared store; its partner and hooks are nobody else's."""

    def __init__(self, directory, store):
        self.directory = directory
        self.store = store
        self.partner = next(_PARTNERS)
        self.own, self.network = self.partner * 10, self.partner * 10 + 1
        self.program = Snapshot(version=1)

    def hooks(self, url):
        self.program = Snapshot(
            version=1,
            hooks=(
                hook(id=self.own, partner_id=self.partner, url=url + "/own?t={txn_id}&r={revenue}"),
                hook(id=self.network, kind="webhook", url=url + "/network", secret=SECRET, statuses=("approved",)),
            ),
        )

    def change(self, name, **columns):
        return change(conversion_id=f"{self.partner}-{name}", partner_id=self.partner, txn_id=name, **columns)

    @contextmanager
    def running(self):
        path = self.directory / OUTBOUND_FILE
        sender = Sender(path, lambda: self.program, LOOPBACK, 50)
        outbound = Outbound(path, self.store, lambda: self.program, b"k" * 32, sender, 300.0)
        sender.start()
        try:
            yield outbound
        finally:
            sender.stop()
            assert sender.join(10)
            outbound.close()

    def logged(self):
        rows = self.store.query(
            "SELECT * FROM outbound_attempts WHERE partner_id = {p:UInt32} ORDER BY ts, message_id, attempt",
            parameters={"p": self.partner},
        )
        return list(rows.named_results())


@pytest.fixture
def host(tmp_path, event_store):
    return Host(tmp_path, event_store)


def settled(host, outbound, tries):
    """Ship until so many tries are in the store."""

    def enough():
        outbound._spool.ship(at_once=True)
        return len(host.logged()) >= tries

    until(enough, f"{tries} tries in the store")
    return host.logged()


def test_a_changed_conversion_is_told_to_each_hook_once_though_it_is_brought_twice(host):
    with receiving() as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        rows = [host.change("one"), host.change("two"), host.change("test", is_test=True)]
        outbound.enqueue(rows)
        outbound.enqueue(rows)
        found = settled(host, outbound, 4)
        outbound.enqueue(rows)
        time.sleep(0.2)
        assert sorted(r.path for r in receiver.got) == ["/network", "/network", "/own?t=one&r=", "/own?t=two&r="]
    assert len(host.logged()) == 4
    one = next(r for r in found if r["hook_id"] == host.own and r["conversion_id"].endswith("one"))
    assert (one["outcome"], one["attempt"], one["response_status"], one["response_body"]) == (
        "delivered",
        1,
        200,
        "ok",
    )
    assert (one["url"], one["address"]) == (f"{receiver.url}/own?t=one&r=", f"127.0.0.1:{receiver.port}")
    assert (one["hook_partner_id"], one["partner_id"], one["offer_id"]) == (host.partner, host.partner, 7)
    webhook = next(r for r in found if r["hook_id"] == host.network)
    assert msgspec.json.decode(webhook["request_body"])["data"]["revenue"] == "4.00"
    assert not any(SECRET in str(value) or "MfKQ" in str(value) for row in found for value in row.values())


def test_the_secret_is_nowhere_in_the_queue(host):
    with receiving() as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one")])
        settled(host, outbound, 2)
    for path in host.directory.glob("outbound.db*"):
        assert b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in path.read_bytes()


def test_a_try_is_logged_once_though_the_store_fails_or_loses_it_after_an_unclean_end(host, monkeypatch):
    inserted = []
    insert = clickhouse.insert

    def flaky(store, table, rows, token):
        inserted.append(token)
        insert(store, table, rows, token)
        if len(inserted) == 1:
            raise OSError("the answer got lost")

    monkeypatch.setattr(clickhouse, "insert", flaky)
    path = host.directory / OUTBOUND_FILE
    with receiving() as receiver:
        host.hooks(receiver.url)
        with host.running() as outbound:
            outbound.enqueue([host.change("one")])
            receiver.wait(2, "both hooks told")
            until(lambda: outbound._queue.waiting() == 0, "both written down")
            assert outbound._spool.ship(at_once=True) == 0
            assert outbound._spool.ship(at_once=True) == 2
        assert len(host.logged()) == 2
    assert len(set(inserted)) == 1
    killed = Spool(path, host.store, 300.0)  # never closed: a kill
    again = Spool(path, host.store, 300.0)
    assert again.ship(at_once=True) == 2
    assert len(set(inserted)) == 1, "sent again under the same token"
    assert len(host.logged()) == 2
    again.close()
    killed._db.close()
    clean = Spool(path, host.store, 300.0)
    assert clean.ship(at_once=True) == 0
    clean.close()


def test_the_log_s_ranges_are_forgotten_after_their_retention_and_go_on_counting(host):
    with receiving() as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one")])
        settled(host, outbound, 2)
        outbound._spool._clock = lambda: time.time() + 301
        outbound._spool.ship(at_once=True)
        with closing(sqlite3.connect(host.directory / OUTBOUND_FILE)) as db:
            assert db.execute(
                "SELECT (SELECT count(*) FROM spool), (SELECT count(*) FROM batches)"
            ).fetchone() == (0, 0)
        outbound.enqueue([host.change("two")])
        assert len(settled(host, outbound, 4)) == 4


def test_a_store_that_is_away_stops_neither_sending_nor_the_pipeline(host, monkeypatch):
    monkeypatch.setattr(clickhouse, "insert", lambda *_: (_ for _ in ()).throw(OSError("away")))
    with receiving() as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one")])
        receiver.wait(2, "both hooks told")
        outbound.each_round()
        outbound.each_round()
    assert host.logged() == []
    monkeypatch.undo()
    with host.running() as outbound:
        assert len(settled(host, outbound, 2)) == 2


def test_a_delivered_message_is_sent_again_once_for_each_order_also_on_another_host(host, tmp_path_factory):
    with receiving() as receiver:
        host.hooks(receiver.url)
        with host.running() as outbound:
            outbound.enqueue([host.change("one")])
            settled(host, outbound, 2)
            key = next(r["message_id"] for r in host.logged() if r["hook_id"] == host.network)
            order = Outgoing(1_000, key, "user:3")
            outbound.resend([order, Outgoing(1_000, "1_nothing_5", "user:3"), Outgoing(1_000, "junk", "user:3")])
            settled(host, outbound, 3)
            outbound.resend([order])
            assert outbound._queue.waiting() == 0
        elsewhere = Host(tmp_path_factory.mktemp("elsewhere"), host.store)
        elsewhere.program = host.program
        with elsewhere.running() as outbound:
            outbound.resend([Outgoing(2_000, key, "user:4")])
            settled(host, outbound, 4)
        sent = [r for r in receiver.got if r.path == "/network"]
        assert len(sent) == 3
        assert len({r.headers["webhook-id"] for r in sent}) == 1
        assert len({r.body for r in sent}) == 1
    tries = [r for r in host.logged() if r["message_id"] == key]
    assert [(r["attempt"], r["actor"]) for r in tries] == [(1, ""), (2, "user:3"), (3, "user:4")]


def test_a_message_that_waits_is_sent_at_once_when_somebody_asks(host):
    with receiving(status(500)) as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one")])
        settled(host, outbound, 2)
        receiver.behave = status(200)
        key = f"{host.own}_{host.partner}-one_{change()['change_seq']}"
        outbound.resend([Outgoing(1_000, key, "key:ab")])
        settled(host, outbound, 3)
    tries = [(r["outcome"], r["attempt"], r["actor"]) for r in host.logged() if r["hook_id"] == host.own]
    assert tries == [("failed", 1, ""), ("delivered", 2, "key:ab")]


def test_what_the_store_knows_of_a_message_is_what_was_sent(host):
    with receiving() as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one", amount=Decimal("7.000000"))])
        rows = settled(host, outbound, 2)
    for row in rows:
        message, attempts = last_try(host.store, row["message_id"])
        assert (message.id, message.url, message.body, attempts) == (
            row["message_id"],
            row["url"],
            row["request_body"],
            1,
        )
    assert last_try(host.store, "1_unknown_1760000000000000") is None
    assert last_try(host.store, "") is None


# the API


class Desk:
    def __init__(self):
        self.orders = []

    async def resend(self, message_id, actor):
        self.orders.append((message_id, actor))


class Roles:
    """Takes ``Bearer <role>[:<partner id>]``."""

    def principal(self, authorization):
        role, _, key = authorization.removeprefix("Bearer ").partition(":")
        if role not in ROLE_SCOPES:
            raise UNAUTHENTICATED.error()
        owner = {"partner_id": int(key)} if role == "partner" else {"advertiser_id": int(key)} if key else {}
        return Principal(role, actor=f"user:{role}", scopes=ROLE_SCOPES[role], **owner)


@pytest.fixture
def web(host, store_settings, tmp_path):
    from kernel.settings import Settings

    chosen = Settings(data_dir=tmp_path, outbound_allowed_networks="127.0.0.0/8")
    app = Starlette(routes=routes(api.operations()), exception_handlers=EXCEPTION_HANDLERS)
    app.state.settings = chosen
    app.state.authenticator = Roles()
    app.state.readers = ReaderPool(store_settings)
    app.state.programs = open_program(chosen)
    app.state.desk = Desk()
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
    app.state.programs.close()
    app.state.readers.close()


def get(web, path, who="admin", **query):
    return web.get(path, params=query, headers={"Authorization": f"Bearer {who}"})


def post(web, path, who="admin"):
    return web.post(path, headers={"Authorization": f"Bearer {who}"})


@pytest.fixture
def told(host):
    """Two conversions told to both hooks; the partner's own hook fails once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "PAUSES_SECONDS", (0.05,))
        failed = []

        def fail_once(handler, request):
            if request.path.startswith("/own?t=one") and not failed:
                failed.append(1)
                status(503, b"later")(handler, request)
            else:
                status(200)(handler, request)

        with receiving(fail_once) as receiver, host.running() as outbound:
            host.hooks(receiver.url)
            outbound.enqueue([host.change("one"), host.change("two")])
            settled(host, outbound, 5)
    return host


ATTEMPTS = "/api/v1/outbound/attempts"


def test_tries_are_listed_newest_first_page_by_page(web, told):
    everything = get(web, ATTEMPTS, partner_id=told.partner).json()
    assert everything["next_cursor"] is None
    assert len(everything["items"]) == 5
    assert [i["ts"] for i in everything["items"]] == sorted((i["ts"] for i in everything["items"]), reverse=True)
    pages, cursor = [], ""
    while cursor is not None:
        page = get(web, ATTEMPTS, partner_id=told.partner, limit=2, cursor=cursor).json()
        assert len(page["items"]) <= 2
        pages += page["items"]
        cursor = page["next_cursor"]
    assert pages == everything["items"]


def test_filters_choose_tries(web, told):
    def count(**query):
        return len(get(web, ATTEMPTS, partner_id=told.partner, **query).json()["items"])

    assert count(hook_id=told.own) == 3
    assert count(outcome="failed") == 1
    assert count(outcome="given_up") == 0
    assert count(conversion_id=f"{told.partner}-two") == 2
    assert count(hook_id=told.own, outcome="delivered", conversion_id=f"{told.partner}-one") == 1
    assert count(**{"from": "2020-01-01", "to": "2021-01-01"}) == 0
    assert count(**{"from": "2020-01-01T00:00:00+02:00"}) == 5


def test_a_try_shows_request_answer_and_the_next_one(web, told):
    (failed,) = get(web, ATTEMPTS, partner_id=told.partner, outcome="failed").json()["items"]
    assert (failed["response_status"], failed["response_body"], failed["attempt"]) == (503, "later", 1)
    assert failed["url"].endswith("/own?t=one&r=")
    assert failed["next_try"] > failed["ts"]
    assert "hook_partner_id" not in failed
    delivered = get(web, ATTEMPTS, partner_id=told.partner, outcome="delivered").json()["items"]
    assert {d["next_try"] for d in delivered} == {None}


def test_a_partner_sees_its_own_hooks_tries_and_nobody_elses(web, told):
    mine = get(web, ATTEMPTS, f"partner:{told.partner}").json()["items"]
    assert {i["hook_id"] for i in mine} == {told.own}
    assert len(mine) == 3
    assert get(web, ATTEMPTS, f"partner:{told.partner + 5000}").json()["items"] == []
    assert get(web, ATTEMPTS, f"partner:{told.partner + 5000}", partner_id=told.partner).json()["items"] == []
    network = get(web, ATTEMPTS, hook_id=told.network).json()["items"][0]["message_id"]
    own = mine[0]["message_id"]
    path = "/api/v1/outbound/messages/"
    assert get(web, path + network, f"partner:{told.partner}").status_code == 404
    assert get(web, path + own, f"partner:{told.partner + 5000}").status_code == 404
    assert get(web, path + own, f"partner:{told.partner}").status_code == 200
    assert post(web, path + network + "/resend", f"partner:{told.partner}").status_code == 404
    assert web.app.state.desk.orders == []


def test_roles_without_the_scope_are_refused(web, told):
    own = get(web, ATTEMPTS, hook_id=told.own).json()["items"][0]["message_id"]
    assert get(web, ATTEMPTS, "advertiser:2").status_code == 403
    assert get(web, ATTEMPTS, "").status_code == 401
    assert get(web, ATTEMPTS, "analyst").status_code == 200
    assert post(web, f"/api/v1/outbound/messages/{own}/resend", "analyst").status_code == 403
    assert post(web, "/api/v1/hooks/1/test", "analyst").status_code == 403


def test_a_message_is_shown_with_every_try_in_order(web, told):
    own = get(web, ATTEMPTS, outcome="failed", hook_id=told.own).json()["items"][0]["message_id"]
    body = get(web, f"/api/v1/outbound/messages/{own}").json()
    assert (body["message_id"], body["hook_id"], body["delivered"]) == (own, told.own, True)
    assert [(a["attempt"], a["outcome"]) for a in body["attempts"]] == [(1, "failed"), (2, "delivered")]


def test_sending_again_is_ordered_through_the_journal(web, told):
    own = get(web, ATTEMPTS, hook_id=told.own).json()["items"][0]["message_id"]
    done = post(web, f"/api/v1/outbound/messages/{own}/resend", f"partner:{told.partner}")
    assert (done.status_code, done.json()) == (202, {"status": "queued", "message_id": own})
    assert web.app.state.desk.orders == [(own, "user:partner")]
    web.app.state.desk = None
    away = post(web, f"/api/v1/outbound/messages/{own}/resend")
    assert (away.status_code, away.json()["error"]["code"]) == (503, "journal_unavailable")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "x"},
        {"hook_id": "-1"},
        {"hook_id": "99999999999"},
        {"outcome": "lost"},
        {"from": "yesterday"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31T23:59:59-23:59"},
        {"cursor": "!"},
        {"cursor": "YQ"},
        {"cursor": "OTk5OTk5OTk5OTk5OTk5OTk6MTp4"},
        {"cursor": "ü"},
        {"conversion_id": "x" * 65},
        {"nonsense": "1"},
    ],
)
def test_what_can_not_be_meant_is_refused_with_a_sentence(web, query):
    refused = get(web, ATTEMPTS, **query)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "query_invalid")


@pytest.mark.parametrize(
    "key", ["x", "1_c_5", "1_c_99999999999999999999999999", "1_c_", "%00_1", "1_c_\u0661", "x" * 3000]
)
def test_an_unknown_message_is_not_found(web, key):
    assert get(web, f"/api/v1/outbound/messages/{key}").status_code == 404
    assert post(web, f"/api/v1/outbound/messages/{key}/resend").status_code == 404


@pytest.fixture
def add_hook(web):
    def add(**fields):
        with web.app.state.programs.writing() as session:
            row = Hook(
                **(
                    {"name": "h", "kind": "postback", "method": "GET", "statuses": ["approved"], "url": "x"}
                    | fields
                )
            )
            session.add(row)
            session.flush()
            return row.id

    return add


def test_a_hook_is_tried_with_a_made_up_conversion(web, add_hook):
    with receiving() as receiver:
        key = add_hook(url=receiver.url + "/pb?s={status}&p={payout}", statuses=["pending"], enabled=False)
        tried = post(web, f"/api/v1/hooks/{key}/test").json()
        assert [r.path for r in receiver.got] == ["/pb?s=pending&p=10.00"]
        assert (tried["outcome"], tried["response_status"], tried["next_try"]) == ("delivered", 200, None)
        assert tried["actor"] == "user:admin"
        webhook = add_hook(url=receiver.url + "/wh", kind="webhook", secret=SECRET)
        assert post(web, f"/api/v1/hooks/{webhook}/test").json()["outcome"] == "delivered"
        assert msgspec.json.decode(receiver.got[1].body)["data"]["conversion_id"] == "sample-conversion"
        assert receiver.got[1].headers["webhook-signature"].startswith("v1,")


def test_a_hook_that_fails_its_trial_says_why(web, add_hook):
    with receiving(status(500, b"broken")) as receiver:
        failed = post(web, f"/api/v1/hooks/{add_hook(url=receiver.url)}/test").json()
    assert (failed["outcome"], failed["response_body"], failed["next_try"]) == ("failed", "broken", None)
    forbidden = post(web, f"/api/v1/hooks/{add_hook(url='http://10.0.0.1/')}/test").json()
    assert (forbidden["outcome"], forbidden["address"]) == ("refused", "")
    assert "private" in forbidden["error"]
    unsigned = post(web, f"/api/v1/hooks/{add_hook(url='http://127.0.0.1/', kind='webhook')}/test").json()
    assert "whsec_" in unsigned["error"]


def test_a_partner_tries_its_own_hooks_only(web, add_hook):
    key = add_hook(url="http://10.0.0.1/")
    assert post(web, f"/api/v1/hooks/{key}/test", "partner:5").status_code == 404
    assert post(web, "/api/v1/hooks/99999/test").status_code == 404
    assert post(web, "/api/v1/hooks/x/test").status_code == 404


def test_a_hook_fails_while_the_latest_try_of_one_of_its_messages_did_not_deliver_it(web, host):
    def refuse_own(handler, request):
        status(500 if request.path.startswith("/own") else 200, b"broken")(handler, request)

    with receiving(refuse_own) as receiver, host.running() as outbound:
        host.hooks(receiver.url)
        outbound.enqueue([host.change("one"), host.change("two")])
        settled(host, outbound, 4)
        (failing,) = get(web, "/api/v1/outbound/failing", f"partner:{host.partner}").json()["items"]
        receiver.behave = status(200)
        key = f"{host.own}_{host.partner}-one_{change()['change_seq']}"
        outbound.resend([Outgoing(1_000, key, "key:ab")])
        settled(host, outbound, 5)
        (later,) = get(web, "/api/v1/outbound/failing", f"partner:{host.partner}").json()["items"]
    assert (failing["hook_id"], failing["messages"], failing["given_up"]) == (host.own, 2, 0)
    assert (failing["last_status"], failing["partner_id"], failing["exists"]) == (500, host.partner, False)
    assert later["messages"] == 1
    of_all = get(web, "/api/v1/outbound/failing", limit=1000).json()["items"]
    assert {host.own: 1} == {
        one["hook_id"]: one["messages"] for one in of_all if one["hook_id"] // 10 == host.partner
    }
    stranger = f"partner:{host.partner + 5000}"
    assert get(web, "/api/v1/outbound/failing", stranger).json()["items"] == []
