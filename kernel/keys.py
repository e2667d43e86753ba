"""How an API key is written: ``clk_<prefix>_<secret><checksum>``, all in base 62.

The prefix (8 characters) may be shown and is what a key is found by; the secret has 128 bits (22 characters);
the checksum (6) is the CRC-32 of everything before it, so that a mistyped or cut key is told from a real one
without asking any store, and scanners of source code know a leaked one for certain. Invariants: every text
that ``parse`` takes can be written in one way only; only ``fingerprint`` of a key is ever stored.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

BEGINNING: Final = "clk_"
PREFIX_LENGTH: Final = 8
SECRET_BITS: Final = 128
SECRET_LENGTH: Final = 22
"""62 ** 22 is just above 2 ** 130."""
CHECKSUM_LENGTH: Final = 6
"""62 ** 6 is above 2 ** 32."""

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SHAPE: Final = re.compile(
    rf"{BEGINNING}([0-9A-Za-z]{{{PREFIX_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH}}}([0-9A-Za-z]{{{CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; its text is shown once and then forgotten."""

    text: str = field(repr=False)
    prefix: str
    fingerprint: str
    """What is stored of it."""


def make() -> NewKey:
    """Return a new random key."""
    prefix = "".join(secrets.choice(_DIGITS) for _ in range(PREFIX_LENGTH))
    unchecked = f"{BEGINNING}{prefix}_{_base62(secrets.randbits(SECRET_BITS), SECRET_LENGTH)}"
    text = unchecked + _checksum(unchecked)
    return NewKey(text, prefix, fingerprint(text))


def parse(text: str) -> str | None:
    """Return the prefix of a well-formed key; None for anything that can't be one."""
    shaped = _SHAPE.fullmatch(text)
    if shaped is None or _checksum(text[:-CHECKSUM_LENGTH]) != shaped[2]:
        return None
    return shaped[1]


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a key in hexadecimal: enough for a random secret, and quick."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
