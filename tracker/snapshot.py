"""The routing snapshot: everything an edge must know of the program, immutable, in memory.

Compiled from the control plane, swapped atomically, cached on disk so that an edge starts with no store
at all. The file and the Redis key hold the same bytes. It contains postback secrets, so the file has
mode 0600.

Every route is encoded for itself and decoded when it is first asked for: a program of ten thousand offers
is swapped in within milliseconds, and an edge keeps in memory what its traffic touches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar, overload

import msgspec

from kernel.logging import log
from tracker.routes import (
    AdvertiserRoute,
    BlockRoute,
    CouponRoute,
    FraudRuleRoute,
    HookRoute,
    KeyRoute,
    LinkRoute,
    OfferRoute,
    PartnerRoute,
    SmartLinkRoute,
)

SNAPSHOT_FILE = "snapshot.msgpack"
REDIS_KEY = "clickledger:snapshot"
REDIS_VERSION_KEY = "clickledger:snapshot:version"

Key = TypeVar("Key", int, str)
Route = TypeVar("Route")
DatedRates: TypeAlias = tuple[tuple[int, str], ...]

encode_route = msgspec.msgpack.Encoder().encode
"""Encodes one route, or a list of them."""


class Encoded(Mapping[Key, Route], Generic[Key, Route]):
    """Routes by key, each decoded when it is first asked for and kept from then on.

    One that can't be decoded is absent, and said in the log. Going over all of them decodes all of them.
    """

    __slots__ = ("_bodies", "_decode", "_kind", "_known")

    def __init__(self, bodies: dict[Key, bytes], kind: type[Route]) -> None:
        self._bodies: dict[Key, bytes] = bodies
        self._kind = str(kind)
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._known: dict[Key, Route | None] = {}

    def __getitem__(self, key: Key) -> Route:
        """Return one route; KeyError when there is none."""
        if key not in self._bodies:
            raise KeyError(key)
        try:
            known = self._known[key]
        except KeyError:
            known = self._known[key] = self.read(key)
        if known is None:
            raise KeyError(key)
        return known

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[call-overload]  # as a dict, it takes any key

    def __iter__(self) -> Iterator[Key]:
        return (key for key in self._bodies if key in self)

    def __len__(self) -> int:
        """Return how many there are, those included that can't be decoded."""
        return len(self._bodies)

    def same(self, other: Encoded[Key, Route], key: Key) -> bool:
        """Return whether the route is here, and the same in ``other``."""
        body = self._bodies.get(key)
        return body is not None and body == other._bodies.get(key)

    def each(self) -> Iterator[Route]:
        """Yield every route that can be decoded, without keeping what wasn't kept before."""
        return (route for key in self._bodies if (route := self.read(key)) is not None)

    def read(self, key: Key) -> Route | None:
        """Decode one route without keeping it, for those who keep what they make of it; None for none."""
        body = self._bodies.get(key)
        if body is None or key in self._known:
            return self._known.get(key)
        try:
            return self._decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            log("snapshot").error("route_unreadable", kind=self._kind, key=key, why=str(why))
            self._known[key] = None
            return None


class EncodedList(Sequence[Route], Generic[Route]):
    """Routes in order, decoded together when one of them is first asked for; none when they can't be."""

    __slots__ = ("_body", "_kind", "_known")

    def __init__(self, body: bytes, kind: type[Route]) -> None:
        self._body = body
        self._kind = kind
        self._known: tuple[Route, ...] | None = None

    @overload
    def __getitem__(self, position: int) -> Route: ...

    @overload
    def __getitem__(self, position: slice) -> tuple[Route, ...]: ...

    def __getitem__(self, position: int | slice) -> Route | tuple[Route, ...]:
        """Return one route, or some."""
        return self._all()[position]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def _all(self) -> tuple[Route, ...]:
        if self._known is None:
            try:
                self._known = msgspec.msgpack.decode(self._body, type=tuple[self._kind, ...])  # type: ignore[name-defined]  # a type of this moment
            except (msgspec.MsgspecError, UnicodeDecodeError) as why:
                log("snapshot").error("route_unreadable", kind=self._kind.__name__, why=str(why))
                self._known = ()
        return self._known


class Snapshot(msgspec.Struct, frozen=True):
    """The program at one moment."""

    version: int
    offers: Mapping[int, OfferRoute] = {}
    partners: Mapping[int, PartnerRoute] = {}
    advertisers: Mapping[int, AdvertiserRoute] = {}
    links: Mapping[str, LinkRoute] = {}
    smart_links: Mapping[int, SmartLinkRoute] = {}
    coupons: Mapping[str, CouponRoute] = {}
    """By '<offer id>:<CODE>'."""
    keys: Mapping[str, KeyRoute] = {}
    """By the SHA-256 of the key, in hexadecimal."""
    blocks: Sequence[BlockRoute] = ()
    hooks: Sequence[HookRoute] = ()
    fraud_rules: Sequence[FraudRuleRoute] = ()
    """Entries of fraud rules; what they mean together is the ``Rulebook``'s."""
    currencies: frozenset[str] = frozenset()
    """ISO 4217 codes a postback may name."""
    base_currency: str = ""
    """What ``rates`` are quoted in."""
    rates: Mapping[str, DatedRates] = {}
    """Currency -> (day since 1970 from which it holds, worth of one unit in the base currency), ascending."""
    fallback_url: str = ""


EMPTY = Snapshot(version=0)

_MAPS: dict[str, Any] = {
    "offers": OfferRoute,
    "partners": PartnerRoute,
    "advertisers": AdvertiserRoute,
    "links": LinkRoute,
    "smart_links": SmartLinkRoute,
    "coupons": CouponRoute,
    "keys": KeyRoute,
    "rates": DatedRates,
}
"""Fields that travel as a map of encoded routes."""


_LISTS: dict[str, type[msgspec.Struct]] = {"blocks": BlockRoute, "hooks": HookRoute, "fraud_rules": FraudRuleRoute}
"""Fields that travel as one encoded list."""

NONE = encode_route(())


class Wire(msgspec.Struct):
    """A snapshot as it travels: each route encoded for itself."""

    version: int
    offers: dict[int, bytes] = {}
    partners: dict[int, bytes] = {}
    advertisers: dict[int, bytes] = {}
    links: dict[str, bytes] = {}
    smart_links: dict[int, bytes] = {}
    coupons: dict[str, bytes] = {}
    keys: dict[str, bytes] = {}
    blocks: bytes = NONE
    hooks: bytes = NONE
    fraud_rules: bytes = NONE
    currencies: frozenset[str] = frozenset()
    base_currency: str = ""
    rates: dict[str, bytes] = {}
    fallback_url: str = ""


_wire_decoder = msgspec.msgpack.Decoder(Wire)


def encode(snapshot: Snapshot) -> bytes:
    """Return the bytes that are cached and published."""
    return encode_wire(wrap(snapshot))


def wrap(snapshot: Snapshot) -> Wire:
    """Return the snapshot with its routes encoded."""
    fields: dict[str, Any] = {name: getattr(snapshot, name) for name in snapshot.__struct_fields__}
    for name in _MAPS:
        fields[name] = {key: encode_route(route) for key, route in fields[name].items()}
    for name in _LISTS:
        fields[name] = encode_route(tuple(fields[name]))
    return Wire(**fields)


def encode_wire(wire: Wire) -> bytes:
    """Return the bytes that are cached and published, of routes that are encoded already."""
    return encode_route(wire)


def decode(body: bytes) -> Snapshot:
    """Read published bytes; single routes are read when they are asked for.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError: not a snapshot of this version's shape.

    """
    return unwrap(_wire_decoder.decode(body))


def unwrap(wire: Wire) -> Snapshot:
    """Return the snapshot whose routes are still encoded."""
    fields: dict[str, Any] = {name: getattr(wire, name) for name in wire.__struct_fields__}
    for name, kind in _MAPS.items():
        fields[name] = Encoded(fields[name], kind)
    for name, kind in _LISTS.items():
        fields[name] = EncodedList(fields[name], kind)
    return Snapshot(**fields)


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
