import gzip
import json

import pytest
import yaml

from tests.support.clicks import CHROME, GOOGLEBOT, PHONE, row
from tracker.visitor import Hints, describe

IPAD = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0 Mobile/15E148 Safari/604.1"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


def test_the_device_columns_are_filled():
    expected = {
        "device_type": "mobile",
        "device_brand": "Apple",
        "device_model": "iPhone",
        "os": "iOS",
        "os_version": "16.6",
        "browser": "Mobile Safari",
        "browser_version": "16.6",
        "is_in_app": False,
        "is_bot": False,
        "bot_family": "",
        "user_agent": IPHONE,
    }
    enriched = row(user_agent=IPHONE)
    assert {name: enriched[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("user_agent", "device_type"),
    [
        (CHROME, "desktop"),
        (MAC, "desktop"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
            "desktop",
        ),
        (PHONE, "mobile"),
        (IPHONE, "mobile"),
        (IPAD, "tablet"),
        (PHONE.replace(" Mobile", ""), "tablet"),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-X200; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Safari/537.36",
            "tablet",
        ),
        ("Opera/9.80 (Android; Opera Mini/36.2/191; U; en) Presto/2.12 Version/12.16", "mobile"),
        ("Dalvik/2.1.0 (Linux; U; Android 9; SM-G960F Build/PPR1)", "mobile"),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36",
            "other",
        ),
        (GOOGLEBOT, "bot"),
        ("curl/8.5.0", "bot"),
        ("", "other"),
        ("something else entirely", "other"),
    ],
)
def test_the_kind_of_device(user_agent, device_type):
    assert describe(user_agent).device_type == device_type


def test_a_bot_is_a_bot_everywhere_in_its_row():
    enriched = row(user_agent=GOOGLEBOT)
    assert (enriched["device_type"], enriched["is_bot"], enriched["bot_family"]) == ("bot", True, "Googlebot")
    assert (enriched["verdict"], enriched["fraud_reasons"]) == ("invalid", ["bot_user_agent"])


def test_a_bot_only_the_parser_knows_is_flagged_too():
    device = describe("SomeNewbot/1.0 (+https://newbot.example)")
    assert (device.is_bot, device.bot_family, device.finding.reason) == (True, "SomeNewbot", "bot_user_agent")


def test_names_the_parser_does_not_know_are_empty():
    device = describe(PHONE)
    assert (device.device_brand, device.device_model, device.os_version) == ("", "", "10")
    assert describe("???? ????")[1:7] == ("", "", "", "", "", "")


def test_client_hints_fill_in_what_a_frozen_user_agent_hides():
    device = describe(PHONE, Hints('"Pixel 7"', '"14.0.0"', "?1"))
    assert (device.device_brand, device.device_model) == ("Google", "Pixel 7")
    assert (device.os, device.os_version, device.device_type) == ("Android", "14.0.0", "mobile")


@pytest.mark.parametrize(
    ("user_agent", "platform_version", "os_version"),
    [
        (CHROME, '"15.0.0"', "11"),
        (CHROME, '"13.0.0"', "11"),
        (CHROME, '"10.0.0"', "10"),
        (CHROME, "", "10"),
        (MAC, '"14.2.1"', "14.2.1"),
        (MAC, "", "10.15.7"),
        (MAC, '"not a version"', "10.15.7"),
        (IPHONE, '"99.0.0"', "16.6"),
    ],
)
def test_the_platform_version_hint_replaces_a_frozen_version_only(user_agent, platform_version, os_version):
    assert describe(user_agent, Hints(platform_version=platform_version)).os_version == os_version


def test_hints_reach_the_row_from_the_click_s_headers():
    headers = {"sec-ch-ua-model": '"SM-S918B"', "sec-ch-ua-platform-version": '"14.0.0"', "sec-ch-ua-mobile": "?1"}
    enriched = row(user_agent=PHONE, headers=headers)
    assert (enriched["device_brand"], enriched["device_model"], enriched["os_version"]) == (
        "Samsung",
        "SM-S918B",
        "14.0.0",
    )


def test_a_hint_can_t_break_out_of_the_user_agent():
    device = describe(PHONE, Hints('"x) curl/8 (compatible; Googlebot/2.1"'))
    assert device.finding.reason == ""
    assert device.device_type == "mobile"


def test_the_mobile_hint_helps_where_the_user_agent_says_nothing():
    assert describe("something else entirely", Hints(mobile="?1")).device_type == "mobile"


@pytest.mark.parametrize(
    "mark",
    [
        "[FBAN/FBIOS;FBAV/430.0.0.35]",
        "Instagram 312.0.0.22.114",
        "Line/13.20.0",
        "MicroMessenger/8.0.44",
        "musical_ly_32.5.0 BytedanceWebview/d8a21c6",
        "GSA/292.0.590",
        "Snapchat/12.60",
        "[Pinterest/iOS]",
        "LinkedInApp/9.29",
    ],
)
def test_an_app_s_own_browser_is_seen(mark):
    assert describe(f"{IPHONE} {mark}").is_in_app


def test_androids_mark_of_a_web_view_is_seen():
    assert describe(PHONE.replace("; K)", "; Pixel 7; wv)")).is_in_app


@pytest.mark.parametrize(
    ("app", "is_in_app"),
    [
        ("com.facebook.katana", True),
        ("com.android.chrome", False),
        ("com.mi.globalbrowser", False),
        ("XMLHttpRequest", False),
        ("", False),
    ],
)
def test_the_app_around_a_web_view_names_itself_in_x_requested_with(app, is_in_app):
    assert row(user_agent=PHONE, headers={"x-requested-with": app})["is_in_app"] is is_in_app


def test_a_version_that_only_looks_like_digits_is_no_error():
    assert describe("Mozilla/5.0 (Windows NT ²; x) Firefox/².³").device_type == "desktop"


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "column"), [("uap_test_ua.yaml", "browser"), ("uap_test_os.yaml", "os")])
def test_expected_families_and_versions_are_found(realdata, name, column):
    cases = yaml.load((realdata / "ua" / name).read_text(), yaml.CSafeLoader)["test_cases"]
    families = versions = 0
    for case in cases:
        device = describe(case["user_agent_string"])
        families += getattr(device, column) == case["family"].replace("Other", "")
        parts = [case[part] for part in ("major", "minor", "patch") if case[part] is not None]
        expected = ".".join(str(int(part)) if part.isdigit() else part for part in parts)
        versions += getattr(device, f"{column}_version") == expected
    assert families / len(cases) >= 0.99
    assert versions / len(cases) >= 0.99


@pytest.mark.realdata
def test_the_kind_of_device_agrees_with_real_profiles(realdata):
    with gzip.open(realdata / "ua" / "user_agents_weighted.json.gz") as file:
        profiles = json.load(file)
    right = sum(p["weight"] for p in profiles if describe(p["userAgent"]).device_type == p["deviceCategory"])
    assert right / sum(p["weight"] for p in profiles) >= 0.995
