from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.support.visits import visit
from tracker.edge.targeting import TARGETING_REASONS, Targeting
from tracker.routes import TargetingRoute


class Facts:
    """Facts as a test names them; counts how often place and device were looked up."""

    def __init__(self, **known):
        self.known = known
        self.places = self.devices = 0

    def place(self, _ip):
        self.places += 1
        return SimpleNamespace(
            **{name: self.known.get(name, "") for name in ("country", "region", "connection_type")}
        )

    def device(self, _agent, _headers):
        self.devices += 1
        names = ("device_type", "os", "os_version", "browser", "browser_version")
        return SimpleNamespace(**{name: self.known.get(name, "") for name in names})

    def language(self, _header):
        return self.known.get("language", "")


def failing(facts, ts=0, **rules):
    return Targeting(TargetingRoute(**rules)).failing(visit(ts=ts), facts)


@pytest.mark.parametrize(
    ("field", "allowed", "denied", "known", "passes"),
    [
        ("country", ["DE", "AT"], [], {"country": "DE"}, True),
        ("country", ["DE", "AT"], [], {"country": "US"}, False),
        ("country", ["DE"], [], {}, False),
        ("country", [], ["US"], {"country": "US"}, False),
        ("country", [], ["US"], {"country": "DE"}, True),
        ("country", [], ["US"], {}, True),
        ("country", ["DE"], ["DE"], {"country": "DE"}, False),
        ("region", ["US:California"], [], {"country": "US", "region": "california"}, True),
        ("region", ["us:CALIFORNIA"], [], {"country": "US", "region": "California"}, True),
        ("region", ["US:California"], [], {"country": "MX", "region": "California"}, False),
        ("region", ["US:California"], [], {"country": "US"}, False),
        ("region", [], ["US:Texas"], {"country": "US", "region": "Texas"}, False),
        ("region", [], ["US:Texas"], {"country": "US"}, True),
        ("device", ["mobile", "tablet"], [], {"device_type": "tablet"}, True),
        ("device", ["mobile"], [], {"device_type": "desktop"}, False),
        ("device", ["other"], [], {"device_type": "bot"}, True),
        ("device", [], ["desktop"], {"device_type": "bot"}, True),
        ("device", [], ["desktop"], {"device_type": "desktop"}, False),
        ("os", ["iOS"], [], {"os": "iOS", "os_version": "17.2"}, True),
        ("os", ["ios"], [], {"os": "iOS"}, True),
        ("os", ["iOS"], [], {"os": "Android", "os_version": "12"}, False),
        ("os", ["iOS"], [], {}, False),
        ("os", [], ["iOS"], {}, True),
        ("os", ["Mac OS X >= 10.15"], [], {"os": "Mac OS X", "os_version": "10.15.7"}, True),
        ("browser", ["Chrome Mobile>=100"], [], {"browser": "Chrome Mobile", "browser_version": "99.0.1"}, False),
        ("browser", ["Chrome Mobile>=100"], [], {"browser": "Chrome Mobile", "browser_version": "100.0"}, True),
        ("browser", [], ["Firefox<115"], {"browser": "Firefox", "browser_version": "102.0"}, False),
        ("browser", [], ["Firefox<115"], {"browser": "Firefox", "browser_version": "115.0"}, True),
        ("browser", [], ["Firefox<115"], {"browser": "Firefox"}, True),
        ("language", ["en"], [], {"language": "en-GB"}, True),
        ("language", ["en-GB"], [], {"language": "en-GB"}, True),
        ("language", ["en-GB"], [], {"language": "en-US"}, False),
        ("language", ["en-GB"], [], {"language": "en"}, False),
        ("language", ["zh-TW"], [], {"language": "zh-Hant-TW"}, True),
        ("language", ["en"], [], {}, False),
        ("language", [], ["de"], {"language": "de-AT"}, False),
        ("language", [], ["de-DE"], {"language": "de-AT"}, True),
        ("language", [], ["de"], {}, True),
        ("connection", ["Cellular"], [], {"connection_type": "cellular"}, True),
        ("connection", ["Cellular"], [], {"connection_type": "Cable/DSL"}, False),
        ("connection", ["Cellular"], [], {}, False),
        ("connection", [], ["corporate"], {"connection_type": "Corporate"}, False),
    ],
)
def test_a_condition_lets_in_what_it_allows_and_not_what_it_denies(field, allowed, denied, known, passes):
    reason = failing(Facts(**known), **{field: (tuple(allowed), tuple(denied))})
    assert reason == ("" if passes else f"targeting_{field}")


@pytest.mark.parametrize(
    ("rule", "holds", "fails"),
    [
        ("Android>=12", ["12", "12.1", "13"], ["11.9", "9", "", "x"]),
        ("Android>=12.1", ["12.1", "12.1.3", "12.2"], ["12", "12.0.9"]),
        ("Android>12", ["13", "13.0"], ["12", "12.1", "11"]),
        ("Android<=12", ["12", "12.9", "4.4.2"], ["13"]),
        ("Android<9", ["8.1", "4.4"], ["9", "9.1", "10", ""]),
        ("Android=10", ["10", "10.0.1"], ["1", "100", "9", ""]),
        ("Android = 10.0", ["10", "10.0.5"], ["10.1"]),
        ("Android", ["10", "", "x"], []),
    ],
)
def test_versions_are_compared_as_exactly_as_the_rule_is_written(rule, holds, fails):
    for version in holds:
        assert failing(Facts(os="Android", os_version=version), os=((rule,), ())) == ""
        assert failing(Facts(os="Android", os_version=version), os=((), (rule,))) == "targeting_os"
    for version in fails:
        assert failing(Facts(os="Android", os_version=version), os=((rule,), ())) == "targeting_os"
        assert failing(Facts(os="Android", os_version=version), os=((), (rule,))) == ""


def test_windows_versions_that_are_names_have_their_place():
    names = ["XP", "Vista", "7", "8.1", "10", "11"]
    old = [name for name in names if not failing(Facts(os="Windows", os_version=name), os=(("Windows<8",), ()))]
    assert old == ["XP", "Vista", "7"]


@pytest.mark.parametrize("rule", ["", ">=12", "Android>=", "Android>=x", "Android>=" + "9" * 5000, "\n", "=="])
def test_a_rule_that_cant_be_read_matches_nobody(rule):
    for known in ({"os": "Android", "os_version": "12"}, {}):
        assert failing(Facts(**known), os=((rule,), ())) == "targeting_os"
        assert failing(Facts(**known), os=((), (rule,))) == ""


def moment(text, zone):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "local", "hour"),
    [
        ("UTC", "2026-01-05T00:00", 0),
        ("UTC", "2026-01-05T00:59:59.999", 0),
        ("UTC", "2026-01-11T23:30", 167),
        ("Asia/Kolkata", "2026-01-05T09:30", 9),
        ("Asia/Kolkata", "2026-01-05T09:00", 9),
        ("Asia/Kathmandu", "2026-01-06T00:00", 24),
        ("Europe/Berlin", "2026-07-01T08:00", 48 + 8),
        ("Europe/Berlin", "2026-01-07T08:00", 48 + 8),
        ("America/St_Johns", "2026-07-05T23:45", 167),
    ],
)
def test_an_hour_of_the_week_is_the_offers_own(zone, local, hour):
    ts = moment(local, zone)
    assert failing(Facts(), ts, hours=(hour,), timezone=zone) == ""
    others = tuple(h for h in range(168) if h != hour)
    assert failing(Facts(), ts, hours=others, timezone=zone) == "targeting_hours"


def test_clocks_that_are_set_forward_or_back_move_the_hour_with_them():
    # 2026-03-29 in Berlin: 02:00 becomes 03:00; 2026-10-25: 03:00 becomes 02:00. Both are Sundays.
    sunday = 6 * 24

    def opened(utc, hour):
        ts = int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp() * 1000)
        return not failing(Facts(), ts, hours=(sunday + hour,), timezone="Europe/Berlin")

    assert [opened("2026-03-29T00:59", 1), opened("2026-03-29T01:00", 2), opened("2026-03-29T01:00", 3)] == [
        True,
        False,
        True,
    ]
    assert [opened("2026-10-25T00:30", 2), opened("2026-10-25T01:30", 2), opened("2026-10-25T02:00", 3)] == [
        True,
        True,
        True,
    ]


def test_a_zone_that_isnt_known_counts_in_utc():
    assert failing(Facts(), moment("2026-01-05T03:10", "UTC"), hours=(3,), timezone="Mars/Olympus") == ""


def test_the_first_condition_that_fails_is_the_reason_in_the_documented_order():
    nobody = dict.fromkeys(
        ("country", "region", "device", "os", "browser", "language", "connection"), (("nobody",), ())
    )
    rules = nobody | {"hours": (1,)}
    found = []
    while rules:
        found.append(failing(Facts(), 0, **rules))
        rules.pop(found[-1].removeprefix("targeting_"))
    assert found == list(TARGETING_REASONS)


def test_place_and_device_are_looked_up_only_when_a_condition_asks():
    facts = Facts(language="de", device_type="mobile", country="DE")
    assert failing(facts, language=(("de",), ()), hours=tuple(range(168))) == ""
    assert (facts.places, facts.devices) == (0, 0)
    assert failing(facts, device=(("mobile",), ())) == ""
    assert (facts.places, facts.devices) == (0, 1)
    assert failing(facts, country=(("US",), ()), device=(("mobile",), ())) == "targeting_country"
    assert (facts.places, facts.devices) == (1, 1)
