"""Click ids: time-ordered, unforgeable, and carrying their offer.

24 bytes, written as 32 base64url characters; the first 16 are a valid UUIDv7 (RFC 9562)::

    48 bits  milliseconds since 1970
     4 bits  7, the UUID version
    12 bits  random
     2 bits  binary 10, the UUID variant
     4 bits  key id
    32 bits  offer id
    26 bits  a counter of this process that started at a random number
    64 bits  BLAKE2b of the 16 bytes above under the key with that id

Invariants: an id that was cut, altered or made up is refused without any lookup; the offer is known from
the id alone, so an edge can check a postback's token, window and currency with no store at all; the
creation time prunes a lookup to its hour. One process never makes an id twice (the counter comes round
only after 67 million ids); two processes meet with a chance of 2**-38 for two clicks on the same offer in
the same millisecond. Keys rotate: the first signs, the others are still accepted; keep an old key for the
longest attribution window.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kernel.auth import write_secret
from kernel.errors import CANNOT_START
from kernel.settings import Settings
from tracker.errors import CLICK_ID_FORGED, CLICK_ID_MALFORMED

KEY_FILE = "click.keys"
KEY_BYTES = 32
FEWEST_KEY_BYTES = 16
MOST_KEY_BYTES = 64
"""What BLAKE2b takes."""
MAX_KEY_ID = 15
MAX_OFFER_ID = 2**32 - 1
LENGTH = 32

_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}")
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)


@dataclass(frozen=True, slots=True)
class ClickIdParts:
    """What a genuine click id says."""

    ts: int
    """Milliseconds since 1970, UTC."""
    offer_id: int


class ClickIdKeys:
    """The keys of this installation: mints ids with the first, accepts ids of all."""

    def __init__(self, keys: dict[int, bytes], signing: int) -> None:
        if not 0 <= signing <= MAX_KEY_ID or signing not in keys:
            raise ValueError("the signing key must be one of the keys, with an id from 0 to 15")
        self._keys = keys
        self._signing = signing
        self._fixed = _VERSION_AND_VARIANT | (signing << 58)
        self._signer = hashlib.blake2b(digest_size=8, key=keys[signing])
        # Uniqueness, not secrecy, is asked of these bits: the MAC is what can't be guessed.
        self._random = Random(secrets.randbits(256)).getrandbits  # noqa: S311
        self._counter = itertools.count(secrets.randbits(26))

    @property
    def secret(self) -> bytes:
        """The signing key, for deriving other keyed hashes."""
        return self._keys[self._signing]

    @property
    def accepted_secrets(self) -> tuple[bytes, ...]:
        """Every key that is still accepted."""
        return tuple(self._keys.values())

    def mint(self, ts: int, offer_id: int) -> str:
        """Return a new id for a click at ``ts`` (milliseconds) on ``offer_id`` (0 when unknown)."""
        number = (
            (ts << 80)
            | self._fixed
            | (self._random(12) << 64)
            | (offer_id << 26)
            | (next(self._counter) & 0x3FFFFFF)
        )
        body = number.to_bytes(16, "big")
        signer = self._signer.copy()
        signer.update(body)
        return base64.urlsafe_b64encode(body + signer.digest()).decode("ascii")

    def read(self, click_id: str) -> ClickIdParts:
        """Check an id and return what it says.

        Raises:
            ClickledgerError: ``click_id_malformed`` or ``click_id_forged``.

        """
        if not _SHAPE.fullmatch(click_id):
            raise CLICK_ID_MALFORMED.error()
        raw = base64.urlsafe_b64decode(click_id)
        body, mac = raw[:16], raw[16:]
        number = int.from_bytes(body, "big")
        key = self._keys.get((number >> 58) & 0xF)
        if key is None:
            raise CLICK_ID_FORGED.error()
        expected = hashlib.blake2b(body, digest_size=8, key=key).digest()
        if not hmac.compare_digest(mac, expected):
            raise CLICK_ID_FORGED.error()
        return ClickIdParts(ts=number >> 80, offer_id=(number >> 26) & 0xFFFFFFFF)


def parse_keys(text: str) -> ClickIdKeys:
    """Read ``<id>:<hex>`` entries separated by commas or lines; the first signs.

    Raises:
        ValueError: an entry that isn't of that shape, an id twice, or no entry; says nothing of the keys.

    """
    keys: dict[int, bytes] = {}
    for entry in _entries(text):
        number, _, secret = entry.partition(":")
        try:
            key_id, key = int(number), bytes.fromhex(secret)
        except ValueError:
            # Python's own words would quote the entry, and with it the secret.
            raise ValueError("an entry is an id from 0 to 15, a colon and the key in hex") from None
        if key_id in keys or not 0 <= key_id <= MAX_KEY_ID:
            raise ValueError("click key ids are 0 to 15, each once")
        if not FEWEST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
            raise ValueError(f"a click key has {FEWEST_KEY_BYTES} to {MOST_KEY_BYTES} bytes")
        keys[key_id] = key
    if not keys:
        raise ValueError("there is no key in them")
    return ClickIdKeys(keys, next(iter(keys)))


def _entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.replace("\n", ",").split(",") if entry.strip()]


def load_keys(chosen: Settings, *, create: bool = False) -> ClickIdKeys:
    """Read the keys from the settings or their file; make the file when asked to.

    Raises:
        ClickledgerError: ``cannot_start`` when there are no readable keys.

    """
    given = chosen.click_keys.get_secret_value()
    path = chosen.data_dir / KEY_FILE
    try:
        if not given:
            if create and not path.exists():
                write_secret(path, f"0:{secrets.token_hex(KEY_BYTES)}\n")
            given = path.read_text()
        return parse_keys(given)
    except OSError as why:
        raise CANNOT_START.error(
            f"There are no click id keys: set CLICKLEDGER_CLICK_KEYS or provide {path}."
        ) from why
    except UnicodeDecodeError:
        # The exception holds the file's bytes; it goes no further.
        raise CANNOT_START.error(f"The click id keys can't be read: {path} isn't a text file.") from None
    except ValueError as why:
        raise CANNOT_START.error(f"The click id keys can't be read: {why}.") from why


def rotate_keys(path: Path) -> int:
    """Put a new signing key before the others in a key file; return its id.

    The file is replaced atomically; when all 16 ids are in use the oldest key goes.

    Raises:
        OSError, ValueError: there is no such file, or it holds no keys.

    """
    text = path.read_text()
    parse_keys(text)
    entries = _entries(text)
    ids = [int(entry.partition(":")[0]) for entry in entries]
    if len(ids) > MAX_KEY_ID:
        entries.pop()
        ids.pop()
    # Ids go round: the next one after the newest, so that a retired id is reused last.
    key_id = next(n % 16 for n in range(ids[0] + 1, ids[0] + 17) if n % 16 not in ids)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, "\n".join([f"{key_id}:{secrets.token_hex(KEY_BYTES)}", *entries]) + "\n")
    fresh.replace(path)
    return key_id
