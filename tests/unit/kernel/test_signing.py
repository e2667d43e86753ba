from __future__ import annotations

import pytest

from kernel.signing import Signer

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_was_signed_is_read_back_and_nothing_else_is():
    signer = Signer([NEW], "tests")
    signed = signer.sign(b'[1,"x"]')
    assert signer.read(signed) == b'[1,"x"]'
    content, proof = signed.split(".")
    other = signer.sign(b"other").split(".")[1]
    for forged in ("", ".", content, f"{content}.", f"{content}.{other}", f"{content}=.{proof}", f"{signed}x"):
        assert signer.read(forged) is None
    for text in ("é.é", f"{content}.é", "\x00.\x00", "a.b.c", f"{content}.{proof}."):
        assert signer.read(text) is None


@pytest.mark.parametrize("place", range(0, 54, 3))
def test_no_changed_character_passes(place):
    signer = Signer([NEW], "tests")
    signed = signer.sign(b"0123456")
    changed = "A" if signed[place] != "A" else "B"
    assert signer.read(signed[:place] + changed + signed[place + 1 :]) is None


def test_another_purpose_or_another_secret_is_no_proof():
    signed = Signer([NEW], "tests").sign(b"x")
    assert Signer([NEW], "others").read(signed) is None
    assert Signer([OLD], "tests").read(signed) is None


def test_after_a_rotation_the_old_key_still_vouches():
    signed = Signer([OLD], "tests").sign(b"x")
    assert Signer([NEW, OLD], "tests").read(signed) == b"x"
    assert Signer([NEW, OLD], "tests").sign(b"x") == Signer([NEW], "tests").sign(b"x")


def test_a_signer_without_a_secret_is_refused():
    with pytest.raises(ValueError, match="needs a secret"):
        Signer([], "tests")
