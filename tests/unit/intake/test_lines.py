from __future__ import annotations

import gzip

import pytest

from kernel.errors import ClickledgerError
from tracker.intake.lines import MAX_LINE_BYTES, Line, read_lines
from tracker.intake.rows import BadLine


def write(path, content):
    path.write_bytes(content)
    return path


def test_lines_keep_their_numbers_and_lose_their_ends(tmp_path):
    file = write(tmp_path / "log", b"one\r\n\n  \ntwo\nthree")
    assert list(read_lines(file)) == [Line(1, "one"), Line(4, "two"), Line(5, "three")]


def test_gzip_is_told_by_its_bytes_not_by_the_name(tmp_path):
    packed = write(tmp_path / "packed.csv", gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    plain = write(tmp_path / "plain.gz", b"one\ntwo\n")
    assert list(read_lines(packed)) == list(read_lines(plain)) == [Line(1, "one"), Line(2, "two")]


def test_what_precedes_damage_in_a_gzip_stream_is_read(tmp_path):
    whole = gzip.compress(b"".join(b"line %d of many\n" % n for n in range(50_000)))
    *good, last = read_lines(write(tmp_path / "cut.gz", whole[:-20]))
    assert good[:2] == [Line(1, "line 0 of many"), Line(2, "line 1 of many")]
    assert isinstance(last, BadLine)
    assert "gzip stream is damaged" in last.why
    assert last.line == len(good) + 1


def test_a_too_long_line_is_passed_over_and_the_next_one_is_read(tmp_path):
    file = write(tmp_path / "log", b"x" * (3 * MAX_LINE_BYTES + 7) + b"\nnext\n")
    bad, after = read_lines(file)
    assert isinstance(bad, BadLine)
    assert (bad.line, len(bad.text), bad.why) == (1, 101, "the line is longer than 32 KiB")
    assert after == Line(2, "next")


def test_a_line_of_exactly_the_limit_is_read(tmp_path):
    at_limit = b"x" * (MAX_LINE_BYTES - 1) + b"\n"
    first, second = read_lines(write(tmp_path / "log", at_limit + b"next"))
    assert (len(first.text), second) == (MAX_LINE_BYTES - 1, Line(2, "next"))


def test_bytes_that_are_no_utf8_stay_visible(tmp_path):
    assert list(read_lines(write(tmp_path / "log", "é ".encode() + b"\xe9\xff\n"))) == [Line(1, "é \\xe9\\xff")]


def test_control_characters_make_a_bad_line_that_is_safe_to_show(tmp_path):
    (bad,) = read_lines(write(tmp_path / "log", b"a\x1b[2Jb\x00\n"))
    assert bad == BadLine(1, "a\\x1b[2Jb\\x00", "the line holds control characters")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path):
    assert list(read_lines(write(tmp_path / "log", b"\xef\xbb\xbfip,app\n"))) == [Line(1, "ip,app")]


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(ClickledgerError) as raised:
        list(read_lines(tmp_path / name))
    assert raised.value.kind.code == "log_unreadable"
    assert str(tmp_path / name) in raised.value.message
