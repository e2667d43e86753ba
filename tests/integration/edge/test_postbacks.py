from __future__ import annotations

import json
import time

import msgspec
import pytest
from pydantic import SecretStr

from kernel.settings import Settings
from tests.support.edge import KEYS, OPEN, SHARE, SHORT, STRICT, TOKEN, VISITOR, Edge, program, publish
from tests.support.offers import offer
from tracker.conversion_state import conversion_id
from tracker.events import Postback, PostbackFields, Refused
from tracker.senders import sign

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def shared(tmp_path, valkey, valkey_socket):
    """A running edge with a real Valkey."""
    publish(tmp_path, program())
    with Edge(Settings(data_dir=tmp_path, redis_url=SecretStr(f"unix://{valkey_socket}"))) as running:
        yield running


def refused(answer, events):
    """Return status and code of a refusal, which must be the last event in the journal and one of a kind."""
    event = events()[-1]
    assert isinstance(event, Refused)
    body = answer.json
    assert body["status"] == "rejected"
    assert event.reason == body["error"]["code"]
    assert event.detail == body["error"]["message"]
    assert event.kind == "postback"
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, event.reason


def test_a_postback_is_accepted_once_and_every_arrival_is_written_down(shared, events, click_id):
    click = click_id()
    query = f"cid={click}&order_id=A-1&sum=49.90&currency=eur&adv_sub=x"
    answers = [shared.get("/postback", query, {"user-agent": "acme/1"}) for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert [answer.json["status"] for answer in answers] == ["accepted", "duplicate", "duplicate"]
    assert answers[0].json == {
        "status": "accepted",
        "conversion_id": conversion_id(click, "", "A-1"),
        "click_id": click,
        "conversion_status": "approved",
    }
    assert answers[0].headers["content-type"] == "application/json"
    found = events()
    assert len(found) == 3
    for event in found:
        assert event == Postback(
            ts=event.ts,
            fields=PostbackFields(click, "A-1", amount="49.9", currency="EUR", adv=("x", "", "", "", "")),
            offer_id=OPEN,
            method="GET",
            raw=query.encode(),
            ip=VISITOR,
            user_agent="acme/1",
        )


def test_a_conversion_moves_on_and_a_move_that_isnt_allowed_is_a_409(shared, events, click_id):
    click = click_id(SHARE)
    steps = [
        ("amount=80", 200, "accepted", "pending"),
        ("amount=100", 200, "updated", "pending"),
        ("status=hold", 200, "updated", "hold"),
        ("status=2", 409, "rejected", None),
        ("status=sale", 200, "updated", "approved"),
        ("status=hold", 409, "rejected", None),
        ("status=3&reject_reason=returned", 200, "updated", "rejected"),
        ("status=approved", 409, "rejected", None),
        ("amount=5", 409, "rejected", None),
        ("status=rejected", 200, "duplicate", "rejected"),
    ]
    for query, status, outcome, conversion_status in steps:
        answer = shared.get("/postback", f"click_id={click}&{query}")
        assert (answer.status, answer.json["status"]) == (status, outcome), query
        assert answer.json.get("conversion_status") == conversion_status
        if status == 409:
            assert refused(answer, events) == (409, "transition_not_allowed")
            assert events()[-1].click_id == click
    assert len(events()) == len(steps)


def test_goals_and_transactions_are_conversions_of_their_own(shared, click_id):
    click = click_id()
    keys = ["", "txn_id=1", "txn_id=2", "goal=signup", "goal=signup&txn_id=1"]
    answers = [shared.get("/postback", f"click_id={click}&{key}").json for key in keys]
    assert [answer["status"] for answer in answers] == ["accepted"] * 5
    assert len({answer["conversion_id"] for answer in answers}) == 5


@pytest.mark.parametrize("with_redis", [True, False])
def test_a_postback_that_could_not_be_stored_leaves_no_trace(request, with_redis, events, click_id, disk):
    edge = request.getfixturevalue("shared" if with_redis else "edge")
    query = f"click_id={click_id()}&status="
    assert edge.get("/postback", query + "pending").json["status"] == "accepted"
    disk.break_down()
    assert edge.get("/postback", query + "rejected").status == 503
    disk.mend()
    edge.wait_for_answer("/readyz", "", lambda answer: answer.status == 200)
    assert edge.get("/postback", query + "approved").json["conversion_status"] == "approved"
    assert [event.fields.status for event in events()] == ["pending", "approved"]


def test_of_identical_postbacks_at_the_same_moment_exactly_one_is_accepted(shared, events, click_id, tmp_path):
    query = f"click_id={click_id()}&txn_id=1&amount=5".encode()
    answers = shared.send_all(shared.ask("GET", "/postback", query) for _ in range(60))
    assert sorted(answer.json["status"] for answer in answers) == ["accepted"] + ["duplicate"] * 59
    assert not any("provisional" in answer.json for answer in answers)
    assert len(events()) == 60


def test_two_workers_agree_on_who_was_first(shared, click_id, tmp_path_factory, valkey_socket):
    other = tmp_path_factory.mktemp("other-host")
    publish(other, program())
    query = f"click_id={click_id()}"
    with Edge(Settings(data_dir=other, redis_url=SecretStr(f"unix://{valkey_socket}"))) as second:
        assert shared.get("/postback", query).json["status"] == "accepted"
        assert second.get("/postback", query).json["status"] == "duplicate"
        assert second.get("/postback", query + "&status=rejected").json["status"] == "updated"
        assert shared.get("/postback", query + "&status=rejected").json["status"] == "duplicate"


def test_with_redis_away_answers_are_provisional_and_everything_is_written_down(edge, events, click_id):
    query = f"click_id={click_id()}&amount=5".encode()
    answers = edge.send_all(edge.ask("GET", "/postback", query) for _ in range(20))
    assert [answer.status for answer in answers] == [200] * 20
    assert sorted(answer.json["status"] for answer in answers) == ["accepted"] + ["duplicate"] * 19
    assert all(answer.json["provisional"] is True for answer in answers)
    assert len(events()) == 20


def test_form_json_and_query_say_the_same(shared, events, click_id):
    click = click_id()
    form = shared.post("/postback", f"click_id={click}&txn_id=1&amount=12.50".encode(), FORM)
    body = json.dumps({"click_id": click, "txn_id": "1", "amount": 12.5}).encode()
    plain = shared.post("/postback", body, "application/json")
    mixed = shared.post("/postback", b'{"amount": "99", "txn_id": 1}', "", query=f"click_id={click}&amount=12.5")
    assert [form.json["status"], plain.json["status"], mixed.json["status"]] == [
        "accepted",
        "duplicate",
        "duplicate",
    ]
    stored, from_json, from_both = events()
    assert stored.fields == from_json.fields == from_both.fields
    assert stored.raw == f"\nclick_id={click}&txn_id=1&amount=12.50".encode()
    assert from_both.raw == f"click_id={click}&amount=12.5".encode() + b'\n{"amount": "99", "txn_id": 1}'
    assert {event.method for event in events()} == {"POST"}


def test_a_network_gets_the_literal_answer_it_asked_for(edge, click_id):
    answer = edge.get("/postback", f"click_id={click_id()}&return=OK")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        200,
        b"OK",
        "text/plain; charset=utf-8",
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = edge.get("/postback", f"click_id={click_id()}&return=%3Cscript%3E")
    assert again.headers["content-type"] == "text/plain; charset=utf-8"
    assert edge.get("/postback", "return=OK").json["error"]["code"] == "click_id_missing"


def test_a_payout_that_isnt_allowed_is_said_to_be_ignored(shared, click_id):
    ignored = shared.get("/postback", f"click_id={click_id()}&payout=9&revenue=10").json
    assert (ignored["status"], ignored["ignored"]) == ("accepted", ["payout", "revenue"])
    taken = shared.get("/postback", f"click_id={click_id(SHARE)}&payout=9").json
    assert (taken["status"], "ignored" in taken) == ("accepted", False)


BAD = [
    ("", 400, "click_id_missing"),
    ("click_id=", 400, "click_id_missing"),
    ("click_id={click_id}", 400, "click_id_malformed"),
    ("click_id=abc", 400, "click_id_malformed"),
    ("click_id=CUT", 400, "click_id_malformed"),
    ("click_id=MADEUP", 403, "click_id_forged"),
    ("click_id=ALTERED", 403, "click_id_forged"),
    ("click_id=OLD", 410, "click_id_expired"),
    ("click_id=NOOFFER", 404, "offer_unknown"),
    ("click_id=GOOD&amount=12,50", 400, "amount_invalid"),
    ("click_id=GOOD&amount=abc", 400, "amount_invalid"),
    ("click_id=GOOD&payout=-1", 400, "amount_negative"),
    ("click_id=GOOD&currency=XXX", 400, "currency_unknown"),
    ("click_id=GOOD&status=paid", 400, "status_unknown"),
    ("click_id=GOOD&token=wrong", 403, "token_invalid"),
    ("click_id=GOOD&signature=0&expires=9999999999", 403, "token_invalid"),
    ("click_id=STRICT", 401, "token_missing"),
]


@pytest.mark.parametrize(("query", "status", "code"), BAD)
def test_a_bad_postback_is_refused_with_its_code_and_kept(edge, events, click_id, query, status, code):
    good = click_id()
    ids = {
        "CUT": good[:-1],
        "MADEUP": "A" * 32,
        "ALTERED": good[:20] + ("A" if good[20] != "A" else "B") + good[21:],
        "OLD": click_id(seconds_ago=31 * 86_400),
        "NOOFFER": click_id(999),
        "GOOD": good,
        "STRICT": click_id(STRICT),
    }
    name = query.partition("=")[2].partition("&")[0]
    sent = query.replace(name, ids.get(name, name)) if name else query
    assert refused(edge.get("/postback", sent), events) == (status, code)
    (event,) = events()
    assert (event.raw, event.method, event.ip) == (sent.encode(), "GET", VISITOR)
    assert event.click_id == ids.get(name, name)


def test_an_amount_that_earns_more_than_can_be_stored_is_refused(chosen, events, click_id):
    publish(chosen.data_dir, program(offers={OPEN: offer(payout_percent="1000")}))
    with Edge(chosen) as edge:
        answer = edge.get("/postback", f"click_id={click_id()}&amount=999999999999")
        assert refused(answer, events) == (400, "amount_invalid")


def test_an_offers_own_window_counts_before_the_networks(edge, events, click_id):
    assert edge.get("/postback", f"click_id={click_id(SHORT, 50)}").status == 200
    assert refused(edge.get("/postback", f"click_id={click_id(SHORT, 70)}"), events) == (410, "click_id_expired")
    assert edge.get("/postback", f"click_id={click_id(OPEN, 29 * 86_400)}").status == 200


@pytest.mark.parametrize("remembered_by", ["redis", "the edge itself"])
def test_a_known_conversion_may_change_after_its_window_is_over(
    chosen, events, click_id, valkey, valkey_socket, remembered_by
):
    if remembered_by == "redis":
        chosen = chosen.model_copy(update={"redis_url": SecretStr(f"unix://{valkey_socket}")})
    late = program(offers={OPEN: offer(attribution_window_s=3_600)})
    publish(chosen.data_dir, late)
    with Edge(chosen) as edge:
        click = click_id(OPEN, 3_590)
        assert edge.get("/postback", f"click_id={click}&txn_id=a").json["status"] == "accepted"
        publish(
            chosen.data_dir,
            msgspec.structs.replace(late, version=2, offers={OPEN: offer(attribution_window_s=60)}),
        )
        edge.wait_for(lambda: edge.holder.program.version == 2)
        assert edge.get("/postback", f"click_id={click}&txn_id=a&status=rejected").json["status"] == "updated"
        assert refused(edge.get("/postback", f"click_id={click}&txn_id=b"), events) == (410, "click_id_expired")


def test_a_new_conversion_too_soon_after_its_click_is_refused(chosen, events, click_id):
    publish(chosen.data_dir, program(offers={OPEN: offer(min_conversion_s=30)}))
    with Edge(chosen) as edge:
        answer = edge.get("/postback", f"click_id={click_id(OPEN, 10)}")
        assert refused(answer, events) == (409, "conversion_too_early")
        assert edge.get("/postback", f"click_id={click_id(OPEN, 40)}").json["status"] == "accepted"


def test_token_and_signature_open_the_way_where_one_is_required(edge, events, click_id):
    click = click_id(STRICT)
    assert edge.get("/postback", f"click_id={click}&security_token={TOKEN}").json["status"] == "accepted"
    parameters = {"click_id": click, "txn_id": "ü&1", "expires": str(int(time.time()) + 60)}
    signed = {**parameters, "signature": sign(parameters, TOKEN.encode())}
    assert edge.post("/postback", json.dumps(signed).encode(), "application/json").json["status"] == "accepted"
    changed = json.dumps({**signed, "txn_id": "2"}).encode()
    assert refused(edge.post("/postback", changed, "application/json"), events) == (403, "token_invalid")
    late = {**parameters, "expires": str(int(time.time()) - 1)}
    late["signature"] = sign(late, TOKEN.encode())
    assert refused(edge.post("/postback", json.dumps(late).encode()), events) == (403, "signature_expired")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"click_id": ', "application/json"),
        (b"[1, 2]", "application/json"),
        (b'{"click_id": {"a": 1}}', FORM),
        (b"\xff\xfe\x00", "application/json"),
        (b"<xml/>", "text/xml"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
    ],
)
def test_a_body_that_cant_be_read_is_kept_whole(edge, events, body, content_type):
    answer = edge.post("/postback", body, content_type, query="txn_id=7")
    assert refused(answer, events) == (400, "postback_body_invalid")
    assert events()[-1].raw == b"txn_id=7\n" + body


def test_a_body_that_is_too_large_is_refused_before_it_is_held(tmp_path, events):
    publish(tmp_path, program())
    with Edge(Settings(data_dir=tmp_path, max_postback_bytes=1024)) as edge:
        largest = edge.post("/postback", b"x=" + b"y" * 1022)
        assert refused(largest, events) == (400, "click_id_missing")
        sent = edge.run(edge.ask("POST", "/postback", b"txn_id=1", body=[b"x" * 1000, b"x" * 25, b"x" * 10**6]))
        assert refused(sent, events) == (413, "postback_too_large")
        assert events()[-1].raw == b"txn_id=1"


@pytest.mark.parametrize("chunks", [[], [b"amount=12"], [b"amount=1", b"2"]])
def test_a_body_that_broke_off_is_not_taken_for_a_whole_one(edge, events, click_id, chunks):
    query = f"click_id={click_id()}".encode()
    answer = edge.run(edge.ask("POST", "/postback", query, body=chunks, breaks_off=True))
    assert refused(answer, events) == (400, "postback_body_invalid")


def test_a_get_has_no_body(edge, events, click_id):
    query = f"click_id={click_id()}".encode()
    answer = edge.run(edge.ask("GET", "/postback", query, body=[b"amount=not a number"]))
    assert answer.status == 200
    assert events()[0].raw == query


def test_other_methods_are_no_postbacks(edge, events, click_id):
    for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = edge.send(method, "/postback", f"click_id={click_id()}")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    assert events() == []


def test_the_first_content_type_counts(edge, click_id):
    headers = [(b"content-type", b"application/json"), (b"content-type", b"text/xml")]
    body = json.dumps({"click_id": click_id()}).encode()
    assert edge.run(edge.ask("POST", "/postback", b"", headers, body=[body])).status == 200


def test_no_secret_is_in_an_answer(edge, click_id):
    for query in (
        f"click_id={click_id(STRICT)}",
        f"click_id={click_id(STRICT)}&token=x",
        f"click_id={click_id()}",
    ):
        assert TOKEN.encode() not in edge.get("/postback", query).body


def test_an_id_minted_by_a_click_is_good_for_its_postback(edge, click_id):
    location = edge.get("/click", "offer_id=1&partner_id=1").location
    clicked = location.partition("cid=")[2].partition("&")[0]
    assert KEYS.read(clicked).offer_id == OPEN
    assert edge.get("/postback", f"clickid={clicked}").json["status"] == "accepted"
