"""What an answer means for its message."""

from __future__ import annotations

import msgspec
import pytest

from tests.support.outbound import message
from tracker.outbound.attempts import attempt_row, gone, judge, tried
from tracker.outbound.delivery import Answer
from tracker.outbound.queue import DueMessage
from tracker.outbound.schedule import GIVE_UP_SECONDS, MOST_REFUSALS

NOW_S = 1_760_000_000


def due(url="https://p.example/", *, tries=0, refusals=0, began=NOW_S, attempts=0, actor=""):
    return DueMessage(1, "p.example", message(url), began, tries, attempts, refusals, actor)


def came(status=0, **changes):
    return Answer(**({"ts": NOW_S * 1000, "duration_ms": 0, "status": status} | changes))


def judged(waiting, answer):
    judgement = judge(waiting, answer, lambda: 0.5)
    return judgement.outcome, None if judgement.due_at is None else judgement.due_at - NOW_S


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_delivered(status):
    assert judged(due(), came(status)) == ("delivered", None)


@pytest.mark.parametrize(
    "status", [0, 100, 199, 301, 302, 307, 308, 400, 401, 403, 404, 409, 429, 500, 502, 503, 504]
)
def test_everything_else_is_tried_again(status):
    assert judged(due(), came(status)) == ("failed", 5.0)


def test_410_ends_it_and_says_what_to_do():
    judgement = judge(due(), came(410))
    assert (judgement.outcome, judgement.due_at) == ("refused", None)
    assert "Disable the hook" in judgement.error


def test_pauses_grow_as_the_page_says():
    pauses = [judged(due(tries=n), came(500))[1] for n in range(8)]
    assert pauses == [5, 30, 120, 600, 1800, 3600, 10800, 10800]


def test_retry_after_is_heeded_within_bounds():
    assert judged(due(), came(503, retry_after=90.0)) == ("failed", 90.0)
    assert judged(due(tries=5), came(429, retry_after=1.0)) == ("failed", 3600.0)
    assert judged(due(), came(503, retry_after=1e9)) == ("failed", 6 * 3600.0)


def test_after_three_days_it_is_given_up():
    assert judged(due(began=NOW_S - GIVE_UP_SECONDS + 60, tries=30), came(500)) == ("given_up", None)
    assert judged(due(began=NOW_S - GIVE_UP_SECONDS - 60, tries=30), came(500)) == ("given_up", None)


def test_a_name_that_leads_to_a_forbidden_address_is_tried_a_few_times():
    forbidden = came(forbidden=True, error="10.0.0.1 may not be dialled: private.")
    assert judged(due(), forbidden) == ("refused", 5.0)
    assert judged(due(tries=4, refusals=MOST_REFUSALS - 1), forbidden) == ("refused", None)
    assert judge(due(), forbidden).error == "10.0.0.1 may not be dialled: private."


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "127.0.0.1.", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0x1"]
)
def test_an_address_in_the_url_itself_is_not_tried_again(host):
    forbidden = came(forbidden=True, error="loopback")
    assert judged(due(f"http://{host}/"), forbidden) == ("refused", None)
    assert judged(due(f"http://{host}:8080/"), forbidden) == ("refused", None)


def test_a_message_whose_hook_is_gone_is_given_up_without_a_try():
    end = gone(due(attempts=4), NOW_S)
    row = msgspec.msgpack.decode(end.attempt)
    assert (end.due_at, end.delivered) == (None, False)
    assert (row["outcome"], row["attempt"], row["response_status"], row["next_try"]) == ("given_up", 5, 0, 0)
    assert "deleted or disabled" in row["error"]


def test_a_try_is_kept_with_request_and_answer():
    answer = came(503, body="busy", duration_ms=120, address="8.8.8.8:443", retry_after=60.0)
    waiting = due("https://p.example/pb?cid=1", tries=1, attempts=6, actor="user:3")
    row = msgspec.msgpack.decode(tried(waiting, answer, judge(waiting, answer, lambda: 0.5)).attempt)
    assert row == {
        "message_id": "1_conv-1_1",
        "attempt": 7,
        "ts": NOW_S * 1000,
        "hook_id": 1,
        "hook_kind": "postback",
        "hook_partner_id": 3,
        "conversion_id": "conv-1",
        "change_seq": 1,
        "partner_id": 3,
        "advertiser_id": 2,
        "offer_id": 7,
        "method": "GET",
        "url": "https://p.example/pb?cid=1",
        "request_body": "",
        "outcome": "failed",
        "error": "The receiver answered 503.",
        "response_status": 503,
        "response_body": "busy",
        "address": "8.8.8.8:443",
        "duration_ms": 120,
        "next_try": NOW_S * 1000 + 120 + 60_000,
        "actor": "user:3",
    }


def test_the_number_of_a_try_stays_within_its_column():
    assert (
        attempt_row(message("https://p.example/"), came(200), judge(due(), came(200)), 70_000, "")["attempt"]
        == 65_535
    )
