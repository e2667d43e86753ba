"""A pack's signature: verifies as it was made, and nothing else does."""

from __future__ import annotations

import stat

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud.past.evidence.signing import KEY_FILE, EvidenceKey, canonical, verify
from kernel.errors import ClickledgerError
from kernel.settings import Settings

KEY = EvidenceKey(b"k" * 32)
EVIDENCE = {
    "conversion_id": "c1",
    "made_at": "2026-11-22T05:00:00.000Z",
    "reasons": [{"code": "fast", "severity": 40}],
}
PACK = KEY.sign(EVIDENCE)


def refused(pack, key=""):
    with pytest.raises(ClickledgerError) as why:
        verify(pack, key)
    return why.value.kind.code


def test_a_pack_verifies_with_the_key_it_names_and_with_that_key_given():
    for key in ("", KEY.public_key):
        found = verify(PACK + b"\n", key)
        assert (found.evidence, found.public_key) == (EVIDENCE, KEY.public_key)


@given(st.integers(0, len(PACK) - 1), st.integers(1, 255))
def test_no_changed_byte_verifies(place, by):
    changed = bytearray(PACK)
    changed[place] = (changed[place] + by) % 256
    if bytes(changed).rstrip(b"\r\n") != PACK:
        assert refused(bytes(changed)) in {"evidence_forged", "evidence_unreadable"}


def test_another_key_is_not_taken_for_ours():
    forged = EvidenceKey(b"f" * 32).sign(EVIDENCE)
    assert verify(forged).public_key != KEY.public_key
    assert refused(forged, KEY.public_key) == "evidence_forged"


def test_the_same_content_written_otherwise_is_no_pack():
    spread = msgspec.json.format(PACK)
    assert refused(spread) == "evidence_forged"
    twice = PACK.replace(b'{"evidence":', b'{"evidence":{},"evidence":', 1)
    assert refused(twice) == "evidence_forged"


@pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b"\xff", b'{"evidence":1,"signature":2}', b"[" * 100_000])
def test_what_is_no_pack_is_unreadable(junk):
    assert refused(junk) == "evidence_unreadable"


def test_the_key_is_made_once_and_only_its_owner_can_read_it(tmp_path):
    chosen = Settings(data_dir=tmp_path)
    key = EvidenceKey.load(chosen).public_key
    assert EvidenceKey.load(chosen).public_key == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    (tmp_path / KEY_FILE).write_text("not a key")
    with pytest.raises(ClickledgerError):
        EvidenceKey.load(chosen)


def test_the_canonical_form_depends_on_nothing_but_the_content():
    assert canonical({"b": 1, "a": ["é"]}) == canonical({"a": ["é"], "b": 1}) == '{"a":["é"],"b":1}'.encode()
