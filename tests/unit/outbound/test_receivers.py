"""Connections are shared so that bad receivers can't take those of good ones."""

from __future__ import annotations

from tracker.outbound.receivers import FORGOTTEN_SECONDS, LONGEST_REST_SECONDS, Receivers

NOW = 1_000.0


def tried(receivers, host, times=1, *, seconds=0.1, answered=True, now=NOW):
    for _ in range(times):
        receivers.began(host, now)
        receivers.ended(host, seconds, now, answered=answered)


def begin(receivers, shares, now=NOW):
    for host, share in shares.items():
        for _ in range(share):
            receivers.began(host, now)


def test_an_unknown_receiver_gets_two_and_a_quick_one_eight():
    receivers = Receivers(100)
    assert receivers.shares({"new": 0.0}, NOW) == {"new": 2}
    tried(receivers, "new")
    assert receivers.shares({"new": 0.0}, NOW) == {"new": 8}
    begin(receivers, {"new": 5})
    assert receivers.shares({"new": 0.0}, NOW) == {"new": 3}


def test_a_receiver_that_is_slow_or_silent_is_back_to_two():
    receivers = Receivers(100)
    tried(receivers, "slow", seconds=3.0)
    tried(receivers, "silent", answered=False)
    assert receivers.shares({"slow": 0.0, "silent": 0.0}, NOW) == {"slow": 2, "silent": 2}


def test_an_answer_that_says_no_is_an_answer():
    receivers = Receivers(100)
    tried(receivers, "angry", 10)
    assert receivers.shares({"angry": 0.0}, NOW) == {"angry": 8}


def test_any_number_of_slow_receivers_leaves_half_of_the_connections_to_the_others():
    receivers = Receivers(20)
    slow = [f"slow{n}" for n in range(40)]
    for host in slow:
        tried(receivers, host, seconds=9.0)
    shares = receivers.shares(dict.fromkeys(slow, 0.0), NOW)
    assert sum(shares.values()) == 10
    begin(receivers, shares)
    assert receivers.shares(dict.fromkeys(slow, 0.0), NOW) == {}
    tried(receivers, "good")
    assert receivers.shares(dict.fromkeys(slow, 0.0) | {"good": 999.0}, NOW) == {"good": 8}


def test_new_receivers_leave_a_quarter_to_those_known_to_be_quick():
    receivers = Receivers(20)
    tried(receivers, "good")
    new = dict.fromkeys([f"new{n}" for n in range(40)], 0.0)
    shares = receivers.shares(new, NOW)
    assert sum(shares.values()) == 15
    begin(receivers, shares)
    assert receivers.shares(new | {"good": 999.0}, NOW) == {"good": 5}


def test_few_connections_go_round_to_all_who_wait():
    receivers = Receivers(6)
    hosts = [f"h{n}" for n in range(4)]
    for host in hosts:
        tried(receivers, host)
    assert sorted(receivers.shares(dict.fromkeys(hosts, 0.0), NOW).values()) == [1, 1, 2, 2]


def test_who_has_fewest_under_way_and_then_who_waits_longest_is_first():
    receivers = Receivers(4)
    for host in ("busy", "old", "young"):
        tried(receivers, host)
    begin(receivers, {"busy": 3})
    assert receivers.shares({"busy": 1.0, "young": 3.0, "old": 2.0}, NOW) == {"old": 1}


def test_a_receiver_silent_three_times_rests_ever_longer_and_then_gets_one_try():
    receivers = Receivers(100)
    tried(receivers, "dead", 3, answered=False)
    assert receivers.shares({"dead": 0.0}, NOW) == {}
    assert receivers.wakes_at("dead") == NOW + 1
    assert receivers.shares({"dead": 0.0}, NOW + 1) == {"dead": 1}
    rests = []
    now = NOW
    for _ in range(10):
        now = receivers.wakes_at("dead")
        tried(receivers, "dead", answered=False, now=now)
        rests.append(receivers.wakes_at("dead") - now)
    assert rests == [2, 4, 8, 16, 32, *[LONGEST_REST_SECONDS] * 5]
    tried(receivers, "dead", now=now)
    assert receivers.shares({"dead": 0.0}, now) == {"dead": 8}, "one answer and it is back"


def test_receivers_without_messages_are_forgotten_but_not_while_one_is_under_way():
    receivers = Receivers(100)
    tried(receivers, "old")
    receivers.began("busy", NOW)
    receivers.forget(NOW + FORGOTTEN_SECONDS + 1)
    assert receivers.shares({"old": 0.0}, NOW) == {"old": 2}
    receivers.ended("busy", 0.1, NOW, answered=True)
    assert receivers.shares({"busy": 0.0}, NOW) == {"busy": 8}
