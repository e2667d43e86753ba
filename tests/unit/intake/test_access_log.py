from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from tracker.intake import BadLine, LogRow, read_log
from tracker.intake.access_log import read_access_log
from tracker.intake.lines import Line

GOOD = '203.0.113.7 - - [17/May/2015:10:05:03 +0530] "GET /a?b=c HTTP/1.1" 200 203023 "https://a.example/" "Mozilla/5.0 (X)"'


def read(*texts):
    return list(read_access_log(Line(number, text) for number, text in enumerate(texts, 1)))


def test_a_line_becomes_a_click_of_the_logs_own_partner_and_offer():
    (row,) = read(GOOD)
    assert row == LogRow(
        line=1,
        partner="channel-access-log",
        offer="app-access-log",
        ip="203.0.113.7",
        user_agent="Mozilla/5.0 (X)",
        ts=int(datetime(2015, 5, 17, 4, 35, 3, tzinfo=UTC).timestamp() * 1000),
        referrer="https://a.example/",
        labels=(("sub1", "/a?b=c"),),
    )


def test_absent_fields_are_empty_and_ipv6_and_user_names_are_read():
    line = '2001:db8::1 - Jo [Ann] Doe [17/May/2015:10:05:03 -0100] "POST / HTTP/2.0" 301 - "-" "-"'
    (row,) = read(line)
    assert (row.ip, row.referrer, row.user_agent) == ("2001:db8::1", "", "")
    assert row.ts == int(datetime(2015, 5, 17, 11, 5, 3, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"say \"hi\" \\ there", r'say "hi" \ there'), (r"nginx \x22q\x22 \x5C", 'nginx "q" \\'), (r"\xe4", r"\xe4")],
)
def test_quotes_and_backslashes_are_unescaped_and_other_bytes_stay(written, meant):
    (row,) = read(GOOD.replace("Mozilla/5.0 (X)", written))
    assert row.user_agent == meant


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD[:-1], "the fields are not those of the combined log format"),
        (GOOD + ' "extra"', "the fields are not those of the combined log format"),
        (GOOD.replace(" 200 ", " ok "), "the fields are not those of the combined log format"),
        (GOOD.replace("203.0.113.7", "host.example"), "the first field is not an IP address"),
        (GOOD.replace("203.0.113.7", "fe80::1%eth0"), "the first field is not an IP address"),
        (GOOD.replace("17/May", "31/Feb"), "the time is not one like"),
        (GOOD.replace("17/May", "17/Mai"), "the time is not one like"),
        (GOOD.replace("+0530", "+9959"), "the time is not one like"),
        (GOOD.replace("2015", "0001"), "the time is not one like"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", r"\x16\x03\x01"), "the request has no HTTP method"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "-"), "the request has no HTTP method"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "get /a HTTP/1.1"), "the request has no HTTP method"),
        (GOOD.replace("GET /a?b=c HTTP/1.1", "GET /a"), "the request is not a method, a path and a protocol"),
    ],
)
def test_a_malformed_line_says_why_and_the_next_one_is_read(line, why):
    bad, good = read(line, GOOD)
    assert isinstance(bad, BadLine)
    assert bad.why.startswith(why)
    assert good.line == 2


def test_a_path_with_spaces_is_kept_whole():
    (row,) = read(GOOD.replace("/a?b=c", "/a b c"))
    assert row.labels == (("sub1", "/a b c"),)


@pytest.mark.realdata
def test_the_real_log_has_one_malformed_line(realdata):
    rows = list(read_log(realdata / "weblogs" / "elastic_apache_logs.log.gz", "access-log"))
    assert Counter(type(row) for row in rows) == {LogRow: 9_999, BadLine: 1}
    assert [row.line for row in rows if isinstance(row, BadLine)] == [8_899]
    assert len({row.ip for row in rows if isinstance(row, LogRow)}) == 1_753
