from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter

import pytest

from clickledger.replay import edge_client
from clickledger.replay.replaying import Replay
from clickledger.replay.showing import Screen
from kernel.errors import ClickledgerError
from tests.support.waiting import PATIENCE_SECONDS, join


def replay(log, edge, admin_api, rate="max"):
    run = Replay(log, "talkingdata", rate, Screen(quiet=True))
    run.run(admin_api, edge.url)
    return run.result()


def assert_everything_is_counted_once(result, rows):
    assert result["clicks_sent"] == rows
    answered = result["redirected"] + result["conversions_accepted"] + result["refused"] + result["unanswered"]
    assert answered == result["clicks_sent"] + result["conversions_sent"]


def test_every_row_is_a_click_of_its_partner_and_offer(log, edge, admin_api):
    result = replay(log(100), edge, admin_api)
    elapsed = result.pop("elapsed_s")
    assert 0 < elapsed < 60
    assert result == {
        "clicks_sent": 100,
        "redirected": 100,
        "conversions_sent": 20,
        "conversions_accepted": 20,
        "refused": 0,
        "unanswered": 0,
        "unsent_conversions": 0,
        "bad_lines": 0,
    }
    partners, offers = admin_api.known["partners"], admin_api.known["offers"]
    assert set(partners) == {"channel-0", "channel-1", "channel-2", "channel-3"}
    assert set(offers) == {"app-0", "app-1", "app-2"}
    sent = Counter((c["query"]["partner_id"], c["query"]["offer_id"]) for c in edge.clicks)
    expected = Counter((str(partners[f"channel-{n % 4}"]), str(offers[f"app-{n % 3}"])) for n in range(100))
    assert sent == expected


def test_a_click_carries_what_the_log_knows_of_its_visitor(log, edge, admin_api):
    replay(log(1), edge, admin_api)
    (click,) = edge.clicks
    headers = click["headers"]
    assert headers["X-Forwarded-For"] == "1.0.0.0"
    assert headers["User-Agent"].startswith("Mozilla/5.0 (")
    assert headers["Accept-Language"].startswith("zh-CN")
    assert not headers.keys() & {"Referer", "Accept-Encoding", "Cookie"}
    assert click["query"]["sub1"] == "1"
    assert click["query"]["sub2"] == "0"


def test_an_access_log_brings_its_own_agents_and_referrers(tmp_path, edge, admin_api):
    log = tmp_path / "access.log"
    log.write_text(
        '203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c&d=é%20 HTTP/1.1" 200 1 "https://a.example/x y" "Agent é/1"\n'
        '203.0.113.8 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n'
    )
    run = Replay(log, "access-log", "max", Screen(quiet=True))
    run.run(admin_api, edge.url)
    assert run.result()["redirected"] == 2
    first, second = sorted(edge.clicks, key=lambda c: c["headers"]["X-Forwarded-For"])
    assert first["query"]["sub1"] == "/a?b=c&d=é%20"
    assert first["headers"]["User-Agent"] == "Agent é/1"
    assert first["headers"]["Referer"] == "https://a.example/x y"
    assert not second["headers"].keys() & {"User-Agent", "Referer", "Accept-Language"}


def test_conversions_carry_the_click_id_their_click_was_given(log, edge, admin_api):
    replay(log(50), edge, admin_api)
    line_of = {}
    for click in edge.clicks:
        line_of[click["id"]] = click["headers"]["X-Forwarded-For"]
    assert len(edge.postbacks) == 10
    assert {p["txn_id"] for p in edge.postbacks} == {f"line-{2 + n}" for n in range(0, 50, 5)}
    from tracker.intake.addresses import public_address

    for postback in edge.postbacks:
        code = int(postback["txn_id"].removeprefix("line-")) - 2
        assert line_of[postback["click_id"]] == public_address(code)


def test_a_click_whose_answer_is_lost_is_not_sent_again(log, edge, admin_api):
    edge.lose_click_answers = set(range(80, 120, 4))
    result = replay(log(200), edge, admin_api)
    # Each row's address is its own, so a click sent twice would show.
    assert max(Counter(c["headers"]["X-Forwarded-For"] for c in edge.clicks).values()) == 1
    assert len(edge.clicks) == 200
    assert result["unanswered"] == 10
    assert result["redirected"] == 190
    assert_everything_is_counted_once(result, 200)
    assert result["conversions_sent"] + result["unsent_conversions"] == 40


def test_a_postback_whose_answer_is_lost_or_refused_for_now_is_sent_again(log, edge, admin_api):
    edge.lose_postback_answers = {1, 3}
    edge.unstored_postbacks = {2, 5}
    result = replay(log(50), edge, admin_api)
    assert len(edge.postbacks) == 14
    assert Counter(p["txn_id"] for p in edge.postbacks).keys() == {f"line-{2 + n}" for n in range(0, 50, 5)}
    assert (result["conversions_sent"], result["conversions_accepted"], result["unanswered"]) == (10, 10, 0)


def test_pages_and_foreign_redirects_are_refusals_and_their_conversions_stay_unsent(log, edge, admin_api):
    edge.page_clicks, edge.elsewhere_clicks = set(range(1, 11)), set(range(11, 14))
    edge.refuse_postbacks = True
    result = replay(log(60), edge, admin_api)
    assert result["redirected"] == 47
    sent = result["conversions_sent"]
    assert result["conversions_accepted"] == 0
    assert result["refusals"] == {
        "click 404": 10,
        "click 302 to somewhere else": 3,
        "postback 403 click_id_forged": sent,
    }
    assert sent + result["unsent_conversions"] == 12
    assert_everything_is_counted_once(result, 60)


def test_bad_lines_are_shown_counted_and_skipped(log, edge, admin_api, capsys):
    path = log(10, "not a click", "1,2,3,4,5,yesterday,,0")
    run = Replay(path, "talkingdata", "max", Screen(quiet=False))
    run.run(admin_api, edge.url)
    shown = capsys.readouterr()
    assert run.result()["bad_lines"] == 2
    assert run.result()["clicks_sent"] == 10
    assert "line 12 skipped: 1 fields where the first line names 8: not a click" in shown.err
    assert "line 13 skipped: click_time is not a time like" in shown.err
    assert shown.out == ""


def test_of_many_bad_lines_the_first_are_shown_and_the_rest_counted(log, edge, admin_api, capsys):
    run = Replay(log(1, *["?"] * 50), "talkingdata", "max", Screen(quiet=False))
    run.run(admin_api, edge.url)
    shown = capsys.readouterr().err
    assert shown.count(" skipped: ") == 20
    assert "and 30 more bad lines skipped" in shown


def test_a_rate_spaces_the_clicks_evenly(log, edge, admin_api):
    begin = time.monotonic()
    result = replay(log(60), edge, admin_api, rate="100")
    assert result["redirected"] == 60
    # 100 a second: none comes before its time. How much later says nothing on a busy machine.
    moments = sorted(c["at"] for c in edge.clicks)
    early = [n for n, at in enumerate(moments) if at < begin + n / 100 - 0.001]
    assert early == []


@pytest.mark.parametrize("rate", ["0", "-3", "fast", "nan", "inf", ""])
def test_a_rate_that_is_none_is_refused(log, rate):
    with pytest.raises(ClickledgerError) as raised:
        Replay(log(1), "talkingdata", rate, Screen(quiet=True))
    assert raised.value.kind.code == "rate_invalid"


def test_nothing_is_sent_before_every_worker_knows_the_program(log, edge, admin_api):
    edge.behind_answers = 5
    assert replay(log(10), edge, admin_api)["redirected"] == 10
    assert edge.behind_answers == 0


def test_an_edge_that_never_learns_of_the_program_gets_no_clicks(log, edge, admin_api, monkeypatch):
    monkeypatch.setattr(edge_client, "READY_SECONDS", 0.3)
    edge.behind_answers = 10_000
    with pytest.raises(ClickledgerError) as raised:
        replay(log(10), edge, admin_api)
    assert raised.value.kind.code == "edge_behind"
    assert edge.clicks == []


def test_an_edge_that_is_not_there_is_named(log, admin_api, edge, monkeypatch):
    monkeypatch.setattr(edge_client, "READY_SECONDS", 0.3)
    edge_url, edge.url = edge.url, "http://127.0.0.1:1"
    with pytest.raises(ClickledgerError, match=r"http://127\.0\.0\.1:1") as raised:
        replay(log(10), edge, admin_api)
    assert raised.value.kind.code == "edge_away"
    edge.url = edge_url


def test_a_request_that_could_not_leave_is_tried_until_patience_ends(edge, monkeypatch):
    import asyncio

    monkeypatch.setattr(edge_client, "PATIENCE_SECONDS", 0.5)

    async def click():
        async with edge_client.EdgeClient("http://127.0.0.1:1", 1, asyncio.Event()) as client:
            return await client.click("a=b", {})

    begun = time.monotonic()
    with pytest.raises(ClickledgerError) as raised:
        asyncio.run(click())
    assert raised.value.kind.code == "edge_away"
    assert time.monotonic() - begun >= 0.5


def test_ctrl_c_finishes_what_is_under_way_and_keeps_the_counts(log, edge, admin_api):
    edge.delay_s = 0.02
    run = Replay(log(5_000), "talkingdata", "400", Screen(quiet=True))

    def interrupt():
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(edge.clicks) < 50 and time.monotonic() < deadline:
            time.sleep(0.01)
        if edge.clicks:  # else the replay doesn't listen, and it is the tests that would end
            os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    run.run(admin_api, edge.url)
    join(interrupter)
    result = run.result()
    assert result["interrupted"] is True
    assert 50 <= result["clicks_sent"] < 5_000
    assert result["clicks_sent"] == len(edge.clicks)
    assert result["unanswered"] == 0
    assert_everything_is_counted_once(result, len(edge.clicks))


@pytest.mark.parametrize("name", ["", "csv", "TalkingData"])
def test_an_unknown_format_is_refused_with_the_known_ones(log, name):
    with pytest.raises(ClickledgerError, match="talkingdata, access-log") as raised:
        Replay(log(1), name, "max", Screen(quiet=True))
    assert raised.value.kind.code == "log_format_unknown"


def test_a_log_that_cannot_be_read_twice_is_refused(tmp_path, edge, admin_api):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ClickledgerError, match="not a file that can be read twice"):
        replay(pipe, edge, admin_api)


def test_an_edge_that_goes_away_for_good_ends_the_replay_with_its_counts(log, edge, admin_api, monkeypatch):
    monkeypatch.setattr(edge_client, "PATIENCE_SECONDS", 0.3)
    run = Replay(log(3_000), "talkingdata", "1000", Screen(quiet=True))
    stopper = threading.Thread(target=lambda: _stop_after(edge, 50))
    stopper.start()
    with pytest.raises(ClickledgerError) as raised:
        run.run(admin_api, edge.url)
    join(stopper)
    assert raised.value.kind.code == "edge_away"
    assert 0 < run.result()["redirected"] < 3_000


def _stop_after(edge, clicks):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(edge.clicks) < clicks and time.monotonic() < deadline:
        time.sleep(0.01)
    edge.thread.stop()
