from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from kernel.errors import ClickledgerError
from tracker.intake import BadLine, LogRow, read_log
from tracker.intake.lines import Line
from tracker.intake.talkingdata import read_talkingdata

HEADER = "ip,app,device,os,channel,click_time,attributed_time,is_attributed"


def read(*texts):
    return list(read_talkingdata(Line(number, text) for number, text in enumerate(texts, 1)))


def ms(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def test_a_click_becomes_a_row_of_its_channel_and_app():
    (row,) = read(HEADER, "124936,18,3032,607,107,2017-11-07 11:49:53,,0")
    assert (row.line, row.partner, row.offer) == (2, "channel-107", "app-18")
    assert row.ts == ms(2017, 11, 7, 11, 49, 53)
    assert row.labels == (("sub1", "3032"), ("sub2", "607"))
    assert row.conversion_ts is None
    assert row.user_agent.startswith("Mozilla/5.0 (")


def test_an_attributed_click_carries_the_time_of_its_conversion():
    (row,) = read(HEADER, "1,2,3,4,5,2017-11-07 23:59:59,2017-11-08 00:03:01,1")
    assert row.conversion_ts - row.ts == 182_000


def test_columns_are_found_by_name_and_attribution_may_be_absent():
    (row,) = read("click_time,channel,os,device,app,ip,extra", "2017-11-07 11:49:53,9,8,7,6,5,?")
    assert (row.partner, row.offer, row.labels) == ("channel-9", "app-6", (("sub1", "7"), ("sub2", "8")))
    assert row.conversion_ts is None


def test_without_a_flag_a_filled_time_is_a_conversion():
    header = "ip,app,device,os,channel,click_time,attributed_time"
    no, yes = read(header, "1,2,3,4,5,2017-11-07 11:00:00,", "1,2,3,4,5,2017-11-07 11:00:00,2017-11-07 11:00:09")
    assert (no.conversion_ts, yes.conversion_ts) == (None, ms(2017, 11, 7, 11, 0, 9))


def test_a_conversion_without_a_time_happened_with_its_click():
    (row,) = read(HEADER, "1,2,3,4,5,2017-11-07 11:00:00,,1")
    assert row.conversion_ts == row.ts


def test_quoted_fields_are_read():
    (row,) = read(HEADER.replace("ip", '"ip"'), '"1",2,3,4,5,"2017-11-07 11:00:00",,"0"')
    assert row.partner == "channel-5"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1,2,3,4,5,2017-11-07 11:00:00,", "7 fields where the first line names 8"),
        ("x,2,3,4,5,2017-11-07 11:00:00,,0", "ip is not a code of up to 9 digits"),
        ("1,-2,3,4,5,2017-11-07 11:00:00,,0", "app is not a code of up to 9 digits"),
        ("1,2,3,4,\u0665,2017-11-07 11:00:00,,0", "channel is not a code of up to 9 digits"),
        ("1,2,3,4,1234567890,2017-11-07 11:00:00,,0", "channel is not a code of up to 9 digits"),
        ("1,2,3,4,5,2017-11-31 11:00:00,,0", "click_time is not a time like"),
        ("1,2,3,4,5,2017-11-07 11:00+01,,0", "click_time is not a time like"),
        ("1,2,3,4,5,1999-12-31 23:59:59,,0", "click_time is not a time like"),
        ("1,2,3,4,5,2100-01-01 00:00:00,,0", "click_time is not a time like"),
        ("1,2,3,4,5,2017-11-07 11:00:00,soon,1", "attributed_time is not a time like"),
        ("1,2,3,4,5,2017-11-07 11:00:00,,2", "is_attributed is neither 0 nor 1"),
        ('"1,2,3,4,5,2017-11-07 11:00:00,,0', "the quoting is broken"),
    ],
)
def test_a_malformed_line_says_why_and_the_next_one_is_read(line, why):
    bad, good = read(HEADER, line, "1,2,3,4,5,2017-11-07 11:00:00,,0")
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.text) == (2, line)
    assert bad.why.startswith(why)
    assert good.line == 3


@pytest.mark.parametrize(
    ("lines", "missing"),
    [([], "ip, app, device, os, channel, click_time"), (["1,2,3"], "ip, app"), (["ip," + HEADER], "named twice")],
)
def test_a_file_without_the_column_names_is_refused(lines, missing):
    with pytest.raises(ClickledgerError, match=missing) as raised:
        read(*lines)
    assert raised.value.kind.code == "log_format_mismatch"


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "conversions"),
    [("talkingdata_dense_1131_1151.csv.gz", 334), ("talkingdata_train_sample.csv.gz", 227)],
)
def test_every_line_of_the_real_log_is_a_row(realdata, file, conversions):
    kinds, addresses, converted = Counter(), {}, 0
    for row in read_log(realdata / "clicks" / file, "talkingdata"):
        kinds[type(row)] += 1
        converted += row.conversion_ts is not None
        addresses[row.ip] = addresses.get(row.ip, 0) + 1
    assert kinds == {LogRow: 100_000}
    assert converted == conversions
    assert len(addresses) > 20_000
