import gzip
import json

import pytest

from fraud import REASONS, RULES_VERSION, Rulebook, inspect_agent
from fraud.counts import MemoryCounts
from fraud.entries import RuleEntry
from fraud.lists import Lists, read_addresses
from fraud.rules.behaviour import BEHAVIOUR_RULES, GIVEN_ELSEWHERE, oddity
from fraud.rules.catalogue import RULES
from fraud.rules.look import Look, examine
from fraud.rules.request import REQUEST_RULES, contradiction
from fraud.usual.clicks import NOTHING_USUAL, PartnerPace, UsualClicks
from tests.support.clicks import NOON
from tests.support.traffic import traffic
from tracker.visitor import describe

HOUR = 3_600_000


def found(batch, *entries, lists=None, usual=NOTHING_USUAL):
    book = Rulebook.of(entries)
    counts = MemoryCounts().count(batch)
    look = Look(batch, lists or Lists(), usual, counts)
    return {
        row: {finding.code: finding.facts for finding in findings}
        for row, findings in examine((*REQUEST_RULES, *BEHAVIOUR_RULES), look, book).items()
    }


def codes(batch, *entries, **known):
    return {row: set(of_row) for row, of_row in found(batch, *entries, **known).items()}


def told(batch, code, *entries, row=-1, **known):
    rows = found(batch, *entries, **known)
    return REASONS[code].told(rows[max(rows) if row < 0 else row][code])


# the request


def test_ordinary_traffic_has_no_reasons():
    assert found(traffic(50)) == {}


@pytest.mark.parametrize(
    ("user_agent", "code", "sentence"),
    [
        ("Googlebot/2.1", "bot_user_agent", "The user agent names Googlebot, a program and no person's browser."),
        ("", "empty_user_agent", "The click carried no user agent."),
        ("null", "malformed_user_agent", "The click's user agent is not one that any browser writes."),
    ],
)
def test_what_an_agent_gives_away_becomes_its_row_s_reason(user_agent, code, sentence):
    batch = traffic(agents=[inspect_agent("Mozilla/5.0 (X11; Linux) Firefox/140"), inspect_agent(user_agent)])
    assert codes(batch) == {1: {code}}
    assert told(batch, code) == sentence


def test_a_program_is_a_bot_and_has_the_reason_of_its_kind_beside_it():
    batch = traffic(agents=[inspect_agent("curl/8"), inspect_agent("Mozilla/5.0 HeadlessChrome/140.0")])
    assert codes(batch) == {0: {"bot_user_agent", "http_library"}, 1: {"bot_user_agent", "headless_browser"}}
    sentence = "The click was made by curl, a programming library or command line tool, not by a browser."
    assert told(batch, "http_library", row=0) == sentence


def test_a_partner_s_own_server_is_spared_by_turning_libraries_off():
    entries = [
        RuleEntry("http_library", partner_id=4, enabled=False),
        RuleEntry("bot_user_agent", partner_id=4, settings={"libraries": False}),
    ]
    agents = [inspect_agent("curl/8"), inspect_agent("Googlebot/2.1"), inspect_agent("curl/8")]
    batch = traffic(agents=agents, partner_ids=[4, 4, 5])
    expected = {1: {"bot_user_agent"}, 2: {"bot_user_agent", "http_library"}}
    assert codes(batch, *entries) == expected


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "preview", "instant"])
def test_a_prefetch_is_found(purpose):
    assert codes(traffic(purposes=["", purpose])) == {1: {"prefetch"}}


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "get", "<x>"])
def test_any_method_but_get_is_found(method):
    assert codes(traffic(methods=[method, "GET"])) == {0: {"non_get_method"}}


def test_flags_of_the_address_become_reasons():
    batch = traffic(
        is_datacenter=[True, False, False], is_proxy=[False, True, False], is_private=[False, False, True]
    )
    assert codes(batch) == {0: {"datacenter_ip"}, 1: {"anonymous_proxy"}, 2: {"private_ip"}}


def test_lists_name_addresses_and_referring_sites_with_all_below_them():
    networks = [read_addresses([text])[0] for text in ("192.0.2.0/24", "2001:db8::/32", "198.51.100.7")]
    lists = Lists(*networks, frozenset({"spam.example"}))
    batch = traffic(
        ips=["192.0.2.9", "2001:db8::1", "198.51.100.7", "198.51.100.8", "nonsense"],
        referrer_hosts=["", "", "", "www.spam.example", "notspam.example"],
    )
    assert codes(batch, lists=lists) == {
        0: {"datacenter_ip"},
        1: {"anonymous_proxy"},
        2: {"tor_exit"},
        3: {"spam_referrer"},
    }


def test_an_address_flagged_by_database_and_list_has_the_reason_once():
    lists = Lists(datacenters=read_addresses(["81.2.69.1"])[0])
    assert found(traffic(1, is_datacenter=True), lists=lists) == {0: {"datacenter_ip": ""}}


@pytest.mark.parametrize(
    ("os", "device", "platform", "mobile", "contradicts"),
    [
        ("iOS", "mobile", "Windows", "?0", True),
        ("Android", "mobile", "Linux", "?1", False),
        ("Linux", "desktop", "Android", "?0", False),
        ("Ubuntu", "desktop", "Linux", "?0", False),
        ("Windows", "desktop", "Windows", "?1", True),
        ("Windows", "desktop", "windows", "?0", False),
        ("Mac OS X", "desktop", "macOS", "?0", False),
        ("Android", "mobile", "Windows", "?0", True),
        ("Android", "tablet", "Android", "?0", False),
        ("Android", "mobile", "Android", "?0", False),
        ("", "other", "Windows", "?0", False),
        ("Tizen", "other", "Fuchsia", "", False),
    ],
)
def test_a_device_contradicts_its_hints_only_where_no_browser_does(os, device, platform, mobile, contradicts):
    assert (contradiction(os, device, platform, mobile) is not None) == contradicts
    batch = traffic(1, oses=os, device_types=device, hint_platforms=platform, hint_mobiles=mobile)
    assert ("device_mismatch" in codes(batch).get(0, ())) == contradicts


def test_a_browser_is_outdated_by_the_time_of_its_click():
    old = traffic(1, browsers="Chrome", browser_versions="60.0.3112", ts=1_780_000_000_000)
    assert told(old, "outdated_browser") == "Chrome 60 was 9 years old at the time of the click."
    then = traffic(1, browsers="Chrome", browser_versions="60.0.3112", ts=1_510_000_000_000)
    assert codes(then) == codes(traffic(1, browsers="Safari", browser_versions="5")) == {}
    for left_behind in ({"browsers": "Chrome Mobile"}, {"browsers": "Chrome", "is_in_app": True}):
        assert codes(traffic(1, browser_versions="50", ts=1_780_000_000_000, **left_behind)) == {}


def test_a_language_that_is_not_spoken_there_is_recorded_and_weighs_nothing():
    batch = traffic(languages=["vi", "en", "tr", "xx", ""], countries=["DE", "DE", "DE", "DE", "DE"])
    assert codes(batch) == {0: {"geo_language_mismatch"}}
    assert told(batch, "geo_language_mismatch") == "The browser asks for vi, which is not spoken in DE."
    assert not Rulebook.of().settings("geo_language_mismatch").counts


# behaviour


def test_an_address_is_too_fast_from_its_sixty_first_click_in_a_minute():
    batch = traffic(62, ips="81.2.69.9", ts=[NOON + n for n in range(62)])
    usual = UsualClicks(address_minute=1.0)
    assert codes(batch, usual=usual) == {60: {"ip_velocity"}, 61: {"ip_velocity"}}
    assert told(batch, "ip_velocity", usual=usual) == "62 clicks from this address in one minute, usually 1."
    twelve = traffic(12, ips="81.2.69.9")
    lower = RuleEntry("ip_velocity", settings={"per_minute": 10})
    assert told(twelve, "ip_velocity", lower) == "12 clicks from this address in one minute, usually 1."


def test_an_hour_of_clicks_can_be_too_many_too():
    entry = RuleEntry("ip_velocity", settings={"per_minute": 20, "per_hour": 30})
    batch = traffic(31, ips="81.2.69.9", ts=[NOON + n * 60_000 for n in range(31)])
    assert codes(batch, entry) == {30: {"ip_velocity"}}


def test_an_own_proxy_s_address_hides_many_visitors_and_is_never_too_fast():
    assert codes(traffic(100, ips="10.0.0.1", is_private=True)) == {n: {"private_ip"} for n in range(100)}


def test_a_network_is_too_fast_though_each_of_its_addresses_is_slow():
    batch = traffic(301, user_agents=[f"Browser/{n}" for n in range(301)])
    assert codes(batch) == {300: {"prefix_velocity"}}
    sentence = "301 clicks from the network 81.2.69.0/24 in one minute, usually 1."
    assert told(batch, "prefix_velocity") == sentence


def test_one_user_agent_behind_nearly_all_of_a_partner_s_clicks_is_found():
    names = [f"81.{n}.1.1" for n in range(130)]
    batch = traffic(ips=names, prefixes=names)
    assert codes(batch) == {n: {"ua_velocity"} for n in range(120, 130)}
    mixed = traffic(ips=names, prefixes=names, user_agents=[f"Browser/{n % 2}" for n in range(130)])
    assert codes(mixed) == {}


def test_a_click_before_anybody_can_react_is_too_fast():
    batch = traffic(impression_ages=[-1, 0, 799, 800, 5_000])
    assert codes(batch) == {1: {"fast_click"}, 2: {"fast_click"}}
    sentence = "The click came 799 ms after the banner was shown; people need 800 ms and more."
    assert told(batch, "fast_click") == sentence


def test_a_clock_in_another_part_of_the_world_is_found():
    batch = traffic(
        client_zones=["Europe/Paris", "America/New_York", "", "Nowhere/At_All", "America/New_York"],
        timezones=["Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "Europe/Berlin", ""],
    )
    assert codes(batch) == {1: {"geo_timezone_mismatch"}}
    assert told(batch, "geo_timezone_mismatch") == (
        "The device's clock runs in America/New_York, its address lies in Europe/Berlin: 6 hours apart."
    )


@pytest.mark.parametrize(
    "label", ["{sub_id}", "%SUBID%", "[clickid]", "${SUB}", "undefined", "<script>x", "1' OR '1'='1", "a\x00b"]
)
def test_a_label_that_makes_no_sense_is_spam(label):
    assert codes(traffic(sub1s=["summer", label])) == {1: {"sub_id_spam"}}


@pytest.mark.parametrize(
    "label",
    ["", "summer-2026", "a8f5f167f44f4964e6c998dee827110c", "50%", "Café & Bar", "$5 off", "a[1]", "x<y", "#1"],
)
def test_a_label_that_people_use_is_ordinary(label):
    assert oddity(label) == ""


def test_ever_new_labels_from_one_device_are_spam():
    labels = [f"s{n}" for n in range(25)]
    times = [NOON + n * 60_000 for n in range(25)]
    one_device = traffic(ips=["81.2.69.9"] * 25, sub1s=labels, ts=times)
    assert codes(one_device) == {n: {"sub_id_spam"} for n in range(20, 25)}
    assert told(one_device, "sub_id_spam") == "25 different sub1 came from the same device in one hour."
    assert codes(traffic(sub1s=labels, ts=times)) == {}
    assert codes(traffic(ips=["81.2.69.9"] * 25, sub1s=["s"] * 25, ts=times)) == {}


def test_visitors_whom_the_offer_is_not_for_are_out_of_target():
    batch = traffic(trafficback_reasons=["", "targeting_country", "cap_click", "offer_paused"])
    assert codes(batch) == {1: {"out_of_target"}}


PACE = PartnerPace(14, 14_000, 3.0, 20.0, (40.0,) * 24)


def test_a_burst_is_one_against_the_partner_s_own_busiest_minute():
    names = [f"81.{n // 200}.{n % 200}.1" for n in range(130)]
    batch = traffic(ips=names, prefixes=names, user_agents=names)
    usual = UsualClicks({3: PACE})
    assert codes(batch, usual=usual) == {n: {"burst_against_baseline"} for n in range(120, 130)}
    assert told(batch, "burst_against_baseline", usual=usual) == (
        "130 clicks of this partner in one minute, usually 3 and never more than 20."
    )
    for other in (NOTHING_USUAL, UsualClicks({4: PACE}), UsualClicks({3: PACE._replace(days=2)})):
        assert codes(batch, usual=other) == {}
    assert codes(batch, usual=UsualClicks({3: PACE._replace(busiest_minute=50.0)})) == {}


def test_many_clicks_at_an_hour_that_usually_has_few_are_recorded():
    by_hour = [500.0] * 24
    hour = NOON // HOUR % 24
    by_hour[hour] = by_hour[hour - 1] = 2.0
    names = [f"81.{n // 200}.{n % 200}.1" for n in range(210)]
    batch = traffic(ips=names, prefixes=names, user_agents=names, ts=[NOON + n * 1_000 for n in range(210)])
    usual = UsualClicks({3: PACE._replace(by_hour=tuple(by_hour), busiest_minute=1_000.0)})
    assert codes(batch, usual=usual) == {n: {"hour_of_day_anomaly"} for n in range(200, 210)}
    at_day = UsualClicks({3: PACE._replace(by_hour=(500.0,) * 24, busiest_minute=1_000.0)})
    assert codes(batch, usual=at_day) == {}


def test_impressions_and_self_tests_have_no_behaviour():
    batch = traffic(
        100, ips="81.2.69.9", is_impression=[True] * 50 + [False] * 50, is_test=[False] * 50 + [True] * 50
    )
    assert codes(batch) == {}


# all of them


def test_a_row_collects_all_its_reasons():
    batch = traffic(1, agents=inspect_agent("curl/8"), methods="HEAD", is_proxy=True)
    assert codes(batch)[0] == {"bot_user_agent", "http_library", "non_get_method", "anonymous_proxy"}


def test_a_partner_s_own_settings_concern_its_clicks_alone():
    entries = [
        RuleEntry("ip_velocity", partner_id=4, settings={"per_minute": 5}),
        RuleEntry("ip_velocity", offer_id=8, enabled=False),
    ]
    batch = traffic(80, ips=[f"81.2.{n % 4}.9" for n in range(80)], partner_ids=[3 + n % 2 for n in range(80)])
    rows = codes(batch, *entries)
    assert set(rows) == {n for n in range(80) if n % 2 and n // 4 >= 5}
    assert codes(traffic(80, ips="81.2.69.9", offer_ids=8), *entries) == {}


def test_every_reason_is_given_by_one_rule_or_elsewhere():
    given = [rule.code for rule in (*REQUEST_RULES, *BEHAVIOUR_RULES)]
    assert len(given) == len(set(given))
    of_clicks = {code for code, spec in RULES.items() if spec.subject in {"request", "click"}}
    assert set(given) | GIVEN_ELSEWHERE == of_clicks
    assert {rule.code for rule in REQUEST_RULES} == {c for c, spec in RULES.items() if spec.subject == "request"}
    assert Rulebook.of().version == RULES_VERSION


def test_what_weighs_by_default_is_the_same_in_rules_and_reasons():
    assert {code: Rulebook.of().settings(code).counts for code in REASONS} == {
        code: reason.counts for code, reason in REASONS.items()
    }


def test_facts_that_are_no_unicode_are_told_all_the_same():
    assert codes(traffic(sub1s=["{\ud800}"])) == {0: {"sub_id_spam"}}


@pytest.mark.realdata
def test_hardly_any_real_browser_is_suspected_for_what_it_is(realdata):
    with gzip.open(realdata / "ua" / "user_agents_weighted.json.gz") as file:
        profiles = json.load(file)
    texts = [profile["userAgent"] for profile in profiles]
    devices = [describe(text) for text in texts]
    batch = traffic(
        user_agents=texts,
        agents=[device.finding for device in devices],
        device_types=[device.device_type for device in devices],
        oses=[device.os for device in devices],
        browsers=[device.browser for device in devices],
        browser_versions=[device.browser_version for device in devices],
        is_in_app=[device.is_in_app for device in devices],
        ts=[NOON + n * 60_000 for n in range(len(texts))],
    )
    suspected = found(batch)
    weight = sum(profiles[row]["weight"] for row in suspected)
    assert weight / sum(profile["weight"] for profile in profiles) <= 0.001
