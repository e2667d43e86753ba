from __future__ import annotations

import contextlib
import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.errors import ClickledgerError
from tracker.intake import FORMATS, BadLine, LogRow, read_log

HEADER = b"ip,app,device,os,channel,click_time,attributed_time,is_attributed\n"
TALKINGDATA = b"124936,18,3032,607,107,2017-11-07 11:49:53,2017-11-07 12:00:00,1"
COMBINED = b'203.0.113.7 - - [17/May/2015:10:05:03 +0530] "GET /a HTTP/1.1" 200 203 "-" "Mozilla/5.0 (X)"'


@st.composite
def damaged(draw, line):
    """A good line with some of its bytes replaced, removed or added."""
    edited = bytearray(line)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(edited)))
        edited[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(edited)


contents = st.one_of(
    st.binary(max_size=2_000),
    st.text(max_size=500).map(lambda text: HEADER + text.encode("utf-8", "surrogatepass")),
    st.lists(damaged(TALKINGDATA), max_size=8).map(lambda lines: HEADER + b"\n".join(lines)),
    st.lists(damaged(COMBINED), max_size=8).map(b"\n".join),
)


@pytest.mark.parametrize("name", FORMATS)
@given(content=contents, packed=st.booleans(), cut=st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_any_file_gives_rows_and_bad_lines_and_nothing_else(tmp_path, name, content, packed, cut):
    body = gzip.compress(content) if packed else content
    file = tmp_path / "log"
    file.write_bytes(body[: len(body) - cut] if packed else body)
    numbers = []
    # A whole file of another format is refused with a sentence; a line never is.
    with contextlib.suppress(ClickledgerError) if name == "talkingdata" else contextlib.nullcontext():
        for row in read_log(file, name):
            assert isinstance(row, LogRow | BadLine)
            numbers.append(row.line)
            json.dumps(row.text if isinstance(row, BadLine) else row.user_agent).encode("utf-8")
            if isinstance(row, BadLine):
                assert row.why
                assert row.text.isprintable()
            else:
                texts = (row.ip, row.user_agent, row.referrer, *(value for _, value in row.labels))
                assert all("\n" not in text and "\r" not in text and "\0" not in text for text in texts)
                assert 0 <= row.ts < 2**48
    assert numbers == sorted(set(numbers))


@given(st.text(max_size=300))
@settings(deadline=None)
def test_text_after_the_column_names_is_never_refused_whole(text):
    from tracker.intake.lines import Line
    from tracker.intake.talkingdata import read_talkingdata

    rows = list(read_talkingdata([Line(1, HEADER.decode().strip()), Line(2, text)]))
    assert len(rows) == 1
