from __future__ import annotations

import hashlib
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import keys


def test_a_key_is_a_prefix_a_secret_of_128_bits_and_a_checksum():
    key = keys.make()
    beginning, prefix, rest = key.text.split("_")
    assert (beginning, prefix, len(prefix), len(rest)) == ("clk", key.prefix, 8, 28)
    assert set(prefix + rest) <= set(string.ascii_letters + string.digits)
    assert key.fingerprint == hashlib.sha256(key.text.encode()).hexdigest()
    assert keys.parse(key.text) == key.prefix


def test_no_two_keys_are_alike_and_none_shows_itself():
    made = [keys.make() for _ in range(1000)]
    assert len({key.text for key in made}) == 1000
    assert all(key.text not in repr(key) for key in made)


def test_the_checksum_is_the_crc_32_of_what_stands_before_it():
    text = "clk_00000000_" + "0" * 22
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    assert keys.parse(text + digits) == "00000000"


@given(st.data())
def test_a_key_with_one_character_changed_is_malformed(data):
    text = keys.make().text
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "_-é\x00"))
    changed = text[:place] + other + text[place + 1 :]
    assert (keys.parse(changed) is None) == (changed != text)


@pytest.mark.parametrize("text", ["", "clk_", "cl_admin", "clk_12345678_", "clk_12345678_" + "a" * 28, " "])
def test_what_is_no_key_has_no_prefix(text):
    assert keys.parse(text) is None


@given(st.text())
def test_no_text_breaks_the_parser(text):
    assert keys.parse(text) is None
