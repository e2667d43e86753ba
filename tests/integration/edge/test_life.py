"""An edge's life: starting, noticing a new program, a disk that fails, health, ending."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from kernel.settings import Settings
from tests.support.edge import KEYS, OPEN, Edge, program, publish
from tests.support.offers import offer
from tests.support.valkey import running_valkey
from tracker import snapshot
from tracker.click_id import ClickIdKeys
from tracker.edge.app import build_edge
from tracker.events import Click
from tracker.journal import DIRECTORY, is_sealed, journal_paths

CLICK = "offer_id=1&partner_id=1"


def elsewhere(version):
    return program(version, offers={OPEN: offer(destination=f"https://v{version}.example/")})


def test_a_changed_program_is_taken_while_running(edge):
    publish(edge.data_dir, elsewhere(2))
    edge.wait_for(lambda: edge.holder.program.version == 2)
    assert edge.get("/click", CLICK).location == "https://v2.example/"
    assert edge.get("/readyz").json["snapshot_version"] == 2


def test_what_was_made_a_moment_ago_is_known_to_its_first_click(edge, monkeypatch, click_id):
    monkeypatch.setattr("tracker.edge.program.MISS_SECONDS", 0.0)
    new = {**program().offers, 50: offer(id=50, destination="https://new.example/")}
    publish(edge.data_dir, program(2, offers=new))
    assert edge.get("/click", "offer_id=50&partner_id=1").location == "https://new.example/"
    publish(edge.data_dir, program(3, offers={**new, 51: offer(id=51)}))
    assert edge.get("/postback", f"click_id={click_id(51)}").status == 200


def test_a_damaged_snapshot_changes_nothing(edge):
    snapshot.save(edge.data_dir, b"\x00damaged")
    assert not edge.holder.look_at_file()
    assert edge.get("/click", CLICK).status == 302


def test_a_program_published_to_redis_reaches_an_edge_whose_disk_has_none(tmp_path, valkey, valkey_socket):
    chosen = Settings(data_dir=tmp_path, redis_url=SecretStr(f"unix://{valkey_socket}"))
    with Edge(chosen) as edge:
        assert edge.get("/click", CLICK).status == 404
        valkey.set(snapshot.REDIS_VERSION_KEY, "nonsense")
        asked, fetch = [], edge.holder._fetch
        edge.holder._fetch = lambda version: asked.append(version) or fetch(version)
        edge.wait_for(lambda: len(asked) >= 2)
        valkey.mset({snapshot.REDIS_KEY: snapshot.encode(elsewhere(7)), snapshot.REDIS_VERSION_KEY: 7})
        edge.wait_for((tmp_path / snapshot.SNAPSHOT_FILE).exists)
        assert edge.get("/click", CLICK).location == "https://v7.example/"
    with Edge(Settings(data_dir=tmp_path)) as edge:
        assert edge.get("/click", CLICK).location == "https://v7.example/"


def test_with_an_unwritable_journal_nothing_is_acknowledged(edge, events, click_id, disk):
    disk.break_down()
    click = edge.get("/click", CLICK)
    page = edge.get("/click")
    taken = edge.get("/postback", f"click_id={click_id()}")
    refused = edge.get("/postback", "")
    for answer in (click, page, taken, refused):
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "location" not in answer.headers
    assert taken.json["error"]["code"] == refused.json["error"]["code"] == "journal_unavailable"
    assert edge.get("/readyz").status == 503
    assert edge.get("/healthz").status == 200
    assert events() == []


def test_an_edge_takes_events_again_once_the_disk_is_mended(edge, events, disk, click_id):
    query = f"click_id={click_id()}"
    disk.break_down()
    assert edge.get("/postback", query).status == 503
    disk.mend()
    edge.wait_for_answer("/readyz", "", lambda answer: answer.status == 200)
    assert edge.get("/click", CLICK).status == 302
    assert edge.get("/postback", query).status == 200
    assert [type(event).__name__ for event in events()] == ["Click", "Postback"]


def test_readiness_alone_brings_an_edge_back_that_gets_no_requests(edge, events, disk):
    disk.break_down()
    assert edge.get("/click", CLICK).status == 503
    disk.mend()
    assert edge.get("/readyz").status == 503
    edge.wait_for_answer("/readyz", "", lambda answer: answer.json["ready"])
    assert events() == []


def test_health_says_who_answers(edge):
    assert edge.get("/healthz").json == {"status": "ok", "worker": "edge-0"}
    assert edge.get("/readyz").json == {"ready": True, "snapshot_version": 1, "worker": "edge-0"}


def counted(edge, series):
    for line in edge.get("/metrics").body.decode().splitlines():
        if line.startswith(series + " "):
            return float(line.rpartition(" ")[2])
    return 0.0


@pytest.mark.parametrize(
    ("path", "query", "series"),
    [
        ("/click", CLICK, 'clickledger_clicks_total{outcome="redirected"}'),
        ("/click", "offer_id=2&partner_id=1", 'clickledger_clicks_total{outcome="trafficback"}'),
        ("/click", "", 'clickledger_clicks_total{outcome="page"}'),
        ("/click", "offer_id=2&partner_id=1", 'clickledger_trafficback_total{reason="offer_paused"}'),
        ("/postback", "", 'clickledger_postbacks_total{outcome="refused"}'),
        ("/postback", "", 'clickledger_refused_total{reason="click_id_missing"}'),
        ("/postback", "click_id=GOOD", 'clickledger_postbacks_total{outcome="accepted"}'),
        ("/click", CLICK, "clickledger_journal_events_total"),
    ],
)
def test_what_happened_is_counted(edge, click_id, path, query, series):
    before = counted(edge, series)
    edge.get(path, query.replace("GOOD", click_id()))
    assert counted(edge, series) == before + 1


def test_events_that_could_not_be_stored_are_counted(edge, disk):
    before = counted(edge, "clickledger_not_durable_total")
    disk.break_down()
    edge.get("/click", CLICK)
    edge.get("/postback", "")
    assert counted(edge, "clickledger_not_durable_total") == before + 2


def test_no_metric_names_what_a_visitor_chose(edge):
    edge.get("/click", "offer_id=visitors-choice&partner_id=1&sub1=visitors-choice")
    edge.get("/postback", "click_id=visitors-choice")
    assert b"visitors-choice" not in edge.get("/metrics").body


def test_unknown_addresses_and_methods_have_the_one_error_shape(edge, events):
    for path in ("/", "/nothing", "/c/", "/c", "/c/a/b", "/click/x", "/postback/x"):
        answer = edge.get(path)
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found"), path
    answer = edge.post("/healthz", b"")
    assert (answer.status, answer.json["error"]["code"]) == (405, "method_not_allowed")
    assert events() == []


def test_a_slash_too_many_is_no_reason_to_lose_a_click_or_a_postback(edge, events, click_id):
    assert edge.get("/click/", CLICK + "&sub2=%ff").status == 302
    assert edge.get("/c/summer/", "sub1=a").location.endswith("&s=a")
    assert edge.get("/postback/", f"click_id={click_id()}").json["status"] == "accepted"
    assert [type(event).__name__ for event in events()] == ["Click", "Click", "Postback"]


def test_ending_commits_what_waits_and_seals_the_journal(chosen, events):
    publish(chosen.data_dir, program())
    with Edge(chosen) as edge:
        answers = edge.send_all(edge.ask("GET", "/click", CLICK.encode()) for _ in range(50))
        assert not is_sealed(journal_paths(chosen.data_dir / DIRECTORY)[0])
    assert {answer.status for answer in answers} == {302}
    assert len(events()) == 50
    assert all(is_sealed(path) for path in journal_paths(chosen.data_dir / DIRECTORY))


def test_journals_are_rotated_while_clicks_come_in(chosen, events, monkeypatch):
    publish(chosen.data_dir, program())
    monkeypatch.setattr("tracker.edge.app._MIB", 200)
    with Edge(chosen.model_copy(update={"journal_rotate_mib": 1})) as edge:
        for _ in range(8):
            edge.get("/click", CLICK)
    assert len(journal_paths(chosen.data_dir / DIRECTORY)) > 2
    assert len(events()) == 8


def test_an_edge_that_cant_write_doesnt_start(chosen):
    (chosen.data_dir / DIRECTORY).write_text("a file where the directory should be")
    with pytest.raises(OSError, match=DIRECTORY), Edge(chosen):
        pytest.fail("it started")


def test_over_http_a_visitor_and_an_advertiser_see_what_they_should(chosen, events):
    publish(chosen.data_dir, program())
    told = []
    app = build_edge(
        chosen, KEYS, "edge-0", on_started=lambda: told.append(len(journal_paths(chosen.data_dir / DIRECTORY)))
    )
    with TestClient(app, follow_redirects=False, client=("127.0.0.1", 1)) as client:
        assert told == [1]
        headers = {"X-Forwarded-For": "198.51.100.4", "User-Agent": "Mozilla/5.0"}
        click = client.get("/c/summer", params={"sub1": "a b&c"}, headers=headers)
        assert (click.status_code, click.content) == (302, b"")
        event = events()[0]
        assert click.headers["location"] == f"https://shop.example/lp?cid={event.click_id}&src=1&s=a%20b%26c"
        assert isinstance(event, Click)
        assert (event.ip, event.user_agent) == ("198.51.100.4", "Mozilla/5.0")
        sent = {"click_id": event.click_id, "amount": "5"}
        answers = [
            client.post("/postback", data=sent),
            client.post("/postback", json=sent),
            client.get("/postback", params=sent),
        ]
        assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate", "duplicate"]
        assert client.head("/click").status_code == 404
        assert client.put("/click").status_code == 405
    assert len(events()) == 5


def test_keys_of_another_installation_are_refused_and_older_ones_are_not(tmp_path, click_id):
    publish(tmp_path, program())
    rotated = ClickIdKeys({2: b"n" * 32, 1: b"k" * 32}, 2)
    with Edge(Settings(data_dir=tmp_path), rotated) as edge:
        assert edge.get("/postback", f"click_id={click_id()}").status == 200
    with Edge(Settings(data_dir=tmp_path), ClickIdKeys({1: b"x" * 32}, 1)) as edge:
        assert edge.get("/postback", f"click_id={click_id()}").status == 403


def test_redis_going_away_costs_no_postback(tmp_path, events, click_id):
    publish(tmp_path, program())
    query = f"click_id={click_id()}"
    with ExitStack() as server:
        socket = server.enter_context(running_valkey())
        with Edge(Settings(data_dir=tmp_path, redis_url=SecretStr(f"unix://{socket}"))) as edge:
            assert edge.get("/postback", query).json["status"] == "accepted"
            server.close()
            answer = edge.get("/postback", query).json
            assert (answer["status"], answer["provisional"]) == ("duplicate", True)
            assert edge.get("/click", CLICK).status == 302
    assert len(events()) == 3
