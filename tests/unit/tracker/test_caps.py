from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.valkey import valkey, valkey_socket
from tracker import caps
from tracker.routes import CapRoute

__all__ = ["valkey", "valkey_socket"]


def _cap(period="day", timezone="UTC", **changes):
    return CapRoute(7, "click", period, "10", timezone, **changes)


def _ms(text, timezone="UTC"):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "timezone", "moment", "start", "end"),
    [
        ("day", "UTC", "2026-03-01T00:00", "2026-03-01T00:00", "2026-03-02T00:00"),
        ("week", "UTC", "2026-03-01T23:59", "2026-02-23T00:00", "2026-03-02T00:00"),
        ("month", "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "Asia/Kolkata", "2026-02-28T23:59", "2026-02-01T00:00", "2026-03-01T00:00"),
        # 23 and 25 hours: clocks go forward on 29 March and back on 25 October.
        ("day", "Europe/Berlin", "2026-03-29T12:00", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("day", "Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:00", "2026-10-26T00:00"),
        ("week", "Europe/Berlin", "2026-10-25T12:00", "2026-10-19T00:00", "2026-10-26T00:00"),
    ],
)
def test_a_period_begins_and_ends_at_midnight_of_the_caps_zone(period, timezone, moment, start, end):
    cap, now = _cap(period, timezone), _ms(moment, timezone)
    assert caps.period_start(cap, now).timestamp() * 1000 == _ms(start, timezone)
    assert caps.period_end(cap, now).timestamp() * 1000 == _ms(end, timezone)
    assert caps.expires_at_ms(cap, now) == _ms(end, timezone) + caps.MARGIN_MS


def test_a_cap_on_everything_has_no_period_and_is_never_forgotten():
    cap = _cap("total")
    assert caps.period_start(cap, 0) is None
    assert caps.period_end(cap, 0) is None
    assert caps.expires_at_ms(cap, 0) == 0


def test_a_zone_nobody_knows_is_utc():
    now = _ms("2026-05-05T12:00")
    assert caps.period_start(_cap(timezone="Mars/Olympus"), now).timestamp() * 1000 == _ms("2026-05-05T00:00")


def test_a_key_names_cap_period_and_partner_and_no_visitor():
    now = _ms("2026-05-05T23:30")
    assert caps.key(_cap(), 3, now) == "clickledger:cap:7:day:20260505"
    assert caps.key(_cap(timezone="Europe/Berlin"), 3, now) == "clickledger:cap:7:day:20260506"
    assert caps.key(_cap("week", each_partner=True), 3, now) == "clickledger:cap:7:week:20260504:3"
    assert caps.key(_cap("total", partner_id=3), 3, now) == "clickledger:cap:7:total:total"


def test_counts_are_raised_to_a_value_and_never_lowered(valkey):
    valkey.set("low", 3)
    valkey.set("high", 9)
    assert valkey.eval(caps.RAISE, 3, "low", "high", "none", 5, 0, 5, 0, 5, 4_093_683_200_000) == 2
    assert valkey.mget("low", "high", "none") == [b"5", b"9", b"5"]
    assert valkey.pexpiretime("none") == 4_093_683_200_000
    assert valkey.pexpiretime("low") == -1
