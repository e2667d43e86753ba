"""The routing snapshot: everything an edge must know of the program, immutable, in memory.

Compiled from the control plane, swapped atomically, cached on disk so that an edge starts with no store
at all. The file and the Redis key hold the same bytes. It contains postback secrets, so the file has
mode 0600.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

SNAPSHOT_FILE = "snapshot.msgpack"
REDIS_KEY = "clickledger:snapshot"
REDIS_VERSION_KEY = "clickledger:snapshot:version"

OfferStatus = Literal["active", "paused", "ended"]
PartnerStatus = Literal["active", "pending", "suspended"]


class OfferRoute(msgspec.Struct, array_like=True, frozen=True):
    """What the edge and the pipeline need of an offer. Money as decimal strings."""

    id: int
    name: str
    advertiser_id: int
    status: OfferStatus
    destination: str
    """URL template with {macros}."""
    currency: str
    payout: str
    revenue: str
    payout_percent: str
    """Partner's share of the amount in percent, '' for none; added to ``payout``."""
    revenue_percent: str
    default_status: str
    """Status of a conversion whose postback names none: approved, pending or hold."""
    deep_link_hosts: tuple[str, ...] = ()
    allow_override: bool = False
    """A postback may set payout and revenue."""
    attribution_window_s: int = 0
    """Seconds after the click in which a conversion counts; 0: the network's setting."""
    fallback_url: str = ""


class PartnerRoute(msgspec.Struct, array_like=True, frozen=True):
    """What the edge needs of a partner."""

    id: int
    name: str
    status: PartnerStatus
    fallback_url: str = ""


class AdvertiserRoute(msgspec.Struct, array_like=True, frozen=True):
    """What the edge needs of an advertiser."""

    id: int
    name: str
    postback_token: str
    """Secret for ``token`` and for HMAC signatures."""
    require_token: bool = False


class LinkRoute(msgspec.Struct, array_like=True, frozen=True):
    """A saved link: ``/c/<code>``."""

    id: int
    code: str
    partner_id: int
    offer_id: int
    preset: str = ""
    """Parameters stored with the link, as a query string."""


class Snapshot(msgspec.Struct, frozen=True):
    """The program at one moment."""

    version: int
    offers: dict[int, OfferRoute] = {}
    partners: dict[int, PartnerRoute] = {}
    advertisers: dict[int, AdvertiserRoute] = {}
    links: dict[str, LinkRoute] = {}
    currencies: frozenset[str] = frozenset()
    """ISO 4217 codes a postback may name."""
    fallback_url: str = ""


EMPTY = Snapshot(version=0)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """Return the bytes that are cached and published."""
    return _encoder.encode(snapshot)


def decode(body: bytes) -> Snapshot:
    """Read published bytes.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError: not a snapshot of this version's shape.

    """
    return _decoder.decode(body)


def save(directory: Path, body: bytes) -> None:
    """Replace the cached snapshot atomically and durably."""
    target = directory / SNAPSHOT_FILE
    temporary = directory / f".{SNAPSHOT_FILE}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


class SnapshotFile:
    """The cached snapshot as its file holds it, read again whenever the file changes."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / SNAPSHOT_FILE
        self._seen: tuple[int, int] = (0, 0)
        self._snapshot = EMPTY

    def current(self) -> Snapshot:
        """Return the newest readable snapshot; the empty one when there never was any."""
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen != self._seen:
                self._snapshot = decode(self._path.read_bytes())
                self._seen = seen
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return self._snapshot
        return self._snapshot
