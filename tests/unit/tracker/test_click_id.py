from __future__ import annotations

import base64
import stat
import string
import uuid

import pytest
from pydantic import SecretStr

from kernel.errors import CANNOT_START, ClickledgerError
from kernel.settings import Settings
from tracker.click_id import (
    KEY_FILE,
    LENGTH,
    MAX_OFFER_ID,
    ClickIdKeys,
    load_keys,
    parse_keys,
    rotate_keys,
)
from tracker.errors import CLICK_ID_FORGED, CLICK_ID_MALFORMED

ALPHABET = string.ascii_letters + string.digits + "-_"
NOON = 1_760_000_000_123
KEYS = ClickIdKeys({3: b"k" * 32, 1: b"o" * 32}, 3)


def refusal(keys, click_id):
    with pytest.raises(ClickledgerError) as refused:
        keys.read(click_id)
    return refused.value.kind


@pytest.mark.parametrize("offer_id", [0, 1, 77, 2**31, MAX_OFFER_ID])
@pytest.mark.parametrize("ts", [0, 1, NOON, 2**48 - 1])
def test_an_id_gives_its_time_and_its_offer_back(ts, offer_id):
    click_id = KEYS.mint(ts, offer_id)
    assert len(click_id) == LENGTH
    assert set(click_id) <= set(ALPHABET)
    parts = KEYS.read(click_id)
    assert (parts.ts, parts.offer_id) == (ts, offer_id)


def test_its_first_sixteen_bytes_are_a_version_7_uuid_of_that_moment():
    raw = base64.urlsafe_b64decode(KEYS.mint(NOON, 77))
    made = uuid.UUID(bytes=raw[:16])
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert int.from_bytes(made.bytes[:6], "big") == NOON


def test_ids_sort_by_their_time_as_bytes():
    ids = [base64.urlsafe_b64decode(KEYS.mint(ts, offer)) for ts, offer in ((1, 900), (2, 1), (3, 500))]
    assert ids == sorted(ids)


def test_every_alteration_of_one_character_is_refused():
    click_id = KEYS.mint(NOON, 77)
    for place in range(LENGTH):
        for other in ALPHABET:
            if other != click_id[place]:
                altered = click_id[:place] + other + click_id[place + 1 :]
                assert refusal(KEYS, altered) is CLICK_ID_FORGED


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda i: i[:-1],
        lambda i: i[1:],
        lambda i: i + "A",
        lambda i: i + i,
        lambda i: i + "\n",
        lambda i: " " + i[1:],
        lambda i: i[:-1] + "=",
        lambda i: i[:-1] + "+",
        lambda i: i[:-1] + "/",
        lambda i: i[:-1] + "é",
        lambda i: i[:-1] + "٣",
        lambda i: i[:-1] + "\0",
        lambda i: i[:-1] + "\ud800",
        lambda _: "{click_id}",
    ],
)
def test_what_hasnt_the_shape_of_an_id_is_malformed(change):
    assert refusal(KEYS, change(KEYS.mint(NOON, 77))) is CLICK_ID_MALFORMED


def test_an_id_of_another_installation_is_forged_whether_its_key_id_is_known_or_not():
    same_number = ClickIdKeys({3: b"x" * 32}, 3)
    unknown_number = ClickIdKeys({9: b"k" * 32}, 9)
    assert refusal(KEYS, same_number.mint(NOON, 77)) is CLICK_ID_FORGED
    assert refusal(KEYS, unknown_number.mint(NOON, 77)) is CLICK_ID_FORGED


def test_after_a_rotation_old_ids_stay_valid_until_their_key_goes():
    before = ClickIdKeys({0: b"a" * 32}, 0)
    after = ClickIdKeys({1: b"b" * 32, 0: b"a" * 32}, 1)
    later = ClickIdKeys({2: b"c" * 32, 1: b"b" * 32}, 2)
    old, new = before.mint(NOON, 5), after.mint(NOON, 6)
    assert after.read(old).offer_id == 5
    assert later.read(new).offer_id == 6
    assert refusal(before, new) is CLICK_ID_FORGED
    assert refusal(later, old) is CLICK_ID_FORGED


def test_one_process_never_makes_an_id_twice():
    ids = {KEYS.mint(NOON, 77) for _ in range(50_000)}
    assert len(ids) == 50_000


def test_the_counter_comes_round_without_touching_the_offer():
    keys = ClickIdKeys({3: b"k" * 32}, 3)
    keys._counter = iter([2**26 - 1, 2**26, 2**26 + 1])
    assert [keys.read(keys.mint(NOON, 77)).offer_id for _ in range(3)] == [77, 77, 77]


@pytest.mark.parametrize(("keys", "signing"), [({}, 0), ({1: b"k" * 32}, 0), ({16: b"k" * 32}, 16)])
def test_the_signing_key_must_be_one_of_the_keys(keys, signing):
    with pytest.raises(ValueError, match="signing key"):
        ClickIdKeys(keys, signing)


def test_keys_are_read_from_entries_separated_by_commas_or_lines_and_the_first_signs():
    keys = parse_keys(f"\n 7:{'ab' * 32} ,2:{'cd' * 16}\n\n15:{'ef' * 64}\n")
    click_id = keys.mint(NOON, 1)
    assert ClickIdKeys({7: b"\xab" * 32}, 7).read(click_id).offer_id == 1
    assert keys.secret == b"\xab" * 32
    for number, key in ((2, b"\xcd" * 16), (15, b"\xef" * 64)):
        assert keys.read(ClickIdKeys({number: key}, number).mint(NOON, 9)).offer_id == 9


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n,",
        "deadbeef" * 8,
        f"x:{'ab' * 32}",
        f"0:{'zz' * 32}",
        f"0:{'ab' * 15}",
        f"0:{'ab' * 65}",
        f"0:{'ab' * 32},1:{'ab' * 65}",
        f"16:{'ab' * 32}",
        f"-1:{'ab' * 32}",
        f"0:{'ab' * 32},0:{'cd' * 32}",
    ],
)
def test_keys_that_cant_be_read_are_refused_and_never_quoted(text):
    with pytest.raises(ValueError, match=r"^[a-z]") as refused:
        parse_keys(text)
    assert not any(part in str(refused.value) for part in ("deadbeef", "abab", "zzzz", "cdcd"))


def test_a_first_start_makes_a_key_file_for_its_owner_alone_and_later_starts_read_it(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    first = load_keys(chosen, create=True).mint(NOON, 8)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert load_keys(chosen, create=True).read(first).offer_id == 8
    assert load_keys(chosen).read(first).offer_id == 8


def test_keys_from_the_settings_come_before_the_file(tmp_path):
    load_keys(Settings(data_dir=tmp_path), create=True)
    chosen = Settings(data_dir=tmp_path, click_keys=SecretStr(f"4:{'ab' * 32}"))
    assert load_keys(chosen).secret == b"\xab" * 32


@pytest.mark.parametrize("content", [None, b"", b"0:short", b"\xff\xfe\x00", b"deadbeef" * 8])
def test_without_readable_keys_a_role_says_so_and_keeps_them_secret(tmp_path, content):
    if content is not None:
        (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(ClickledgerError) as refused:
        load_keys(Settings(data_dir=tmp_path))
    assert refused.value.kind is CANNOT_START
    assert "click id keys" in refused.value.message
    assert "deadbeef" not in refused.value.message


def test_a_key_file_goes_round_and_the_newest_keys_stay_valid(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    ids = [load_keys(chosen, create=True).mint(NOON, 0)]
    for turn in range(1, 36):
        assert rotate_keys(tmp_path / KEY_FILE) == turn % 16
        ids.append(load_keys(chosen).mint(NOON, turn))
    keys = load_keys(chosen)
    assert [keys.read(i).offer_id for i in ids[-16:]] == list(range(20, 36))
    assert {refusal(keys, i) for i in ids[:-16]} == {CLICK_ID_FORGED}
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_file_written_by_hand_on_one_line_can_be_rotated(tmp_path):
    file = tmp_path / KEY_FILE
    file.write_text(f"0:{'ab' * 32},1:{'cd' * 32}\n")
    old = load_keys(Settings(data_dir=tmp_path)).mint(NOON, 5)
    assert rotate_keys(file) == 2
    assert load_keys(Settings(data_dir=tmp_path)).read(old).offer_id == 5


def test_a_rotation_that_died_half_way_is_no_hindrance(tmp_path):
    load_keys(Settings(data_dir=tmp_path), create=True)
    (tmp_path / f"{KEY_FILE}.new").write_text("half")
    assert rotate_keys(tmp_path / KEY_FILE) == 1
    assert load_keys(Settings(data_dir=tmp_path)).mint(NOON, 1)


def test_a_file_without_keys_is_left_as_it_is(tmp_path):
    file = tmp_path / KEY_FILE
    file.write_text("not keys")
    with pytest.raises(ValueError, match="an entry is"):
        rotate_keys(file)
    assert file.read_text() == "not keys"
