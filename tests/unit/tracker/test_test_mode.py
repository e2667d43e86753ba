from __future__ import annotations

import pytest

from tracker.click_id import ClickIdKeys
from tracker.test_mode import AHEAD_MS, VALID_MS, is_test, token

KEYS = ClickIdKeys({1: b"k" * 32}, 1)
NOON = 1_760_000_000_000


def test_a_token_holds_for_ten_minutes_and_a_clock_a_little_ahead():
    made = token(KEYS, NOON)
    assert made.startswith("1760000000000.")
    assert is_test(KEYS, made, NOON)
    assert is_test(KEYS, made, NOON + VALID_MS)
    assert not is_test(KEYS, made, NOON + VALID_MS + 1)
    assert is_test(KEYS, made, NOON - AHEAD_MS)
    assert not is_test(KEYS, made, NOON - AHEAD_MS - 1)


def test_a_token_of_another_installation_is_none():
    assert not is_test(ClickIdKeys({1: b"x" * 32}, 1), token(KEYS, NOON), NOON)


def test_a_token_made_before_the_keys_were_rotated_still_holds():
    rotated = ClickIdKeys({2: b"n" * 32, 1: b"k" * 32}, 2)
    assert is_test(rotated, token(KEYS, NOON), NOON)
    assert is_test(rotated, token(rotated, NOON), NOON)


def test_a_token_does_not_tell_the_click_ids_key_or_a_hash_made_with_it():
    proof = token(KEYS, NOON).partition(".")[2]
    assert len(proof) == 64
    assert KEYS.secret.hex() not in proof


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        ".",
        f"{NOON}",
        f"{NOON}.",
        f"{NOON}.00",
        "٣.aa",
        "-1.aa",
        "9" * 5000 + ".aa",
        f"{NOON}.é",
        "\0.\0",
        f" {NOON}." + "0" * 64,
    ],
)
def test_what_is_no_token_marks_nothing(value):
    assert is_test(KEYS, value, NOON) is False


def test_a_token_whose_moment_was_changed_is_none():
    moment, _, proof = token(KEYS, NOON).partition(".")
    assert not is_test(KEYS, f"{int(moment) + 1}.{proof}", NOON)
