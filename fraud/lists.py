"""Address and host lists that an operator configures: data centres, Tor exits, proxies, spam referrers.

A list is a text file: an address, a network (CIDR) or, for referrers, a host per line; ``#`` begins a remark.

Invariants: a list is never changed in place, so whoever holds one sees it whole; a broken line is skipped and told
(``clickledger doctor`` names it); a file that can't be read leaves the list as it was, with a line in the log;
nothing is typed in here. Files are looked at every ``LOOK_SECONDS`` and read again when size or time changed.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple

from kernel.logging import log
from kernel.settings import Settings

_log = log(__name__)

LOOK_SECONDS: Final = 10.0
_REMEMBERED: Final = 65_536
"""Addresses whose lists are kept."""
_BROKEN_KEPT: Final = 20
"""Broken lines that are told of one file."""
_MOST_BYTES: Final = 256 * 1024 * 1024
"""A file beyond this is no list of addresses."""
_V4_IN_V6: Final = 0xFFFF << 32


class Broken(NamedTuple):
    """A line that could not be understood."""

    line: int
    text: str


class Flags(NamedTuple):
    """On which lists an address is."""

    datacenter: bool = False
    proxy: bool = False
    tor: bool = False


NOWHERE: Final = Flags()


class AddressList:
    """Networks as sorted, disjoint ranges of numbers; IPv4 lies where IPv6 maps it."""

    def __init__(self, networks: Iterable[tuple[int, int]] = ()) -> None:
        """Take first and last address of each network."""
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in sorted(networks):
            if self._last and first <= self._last[-1] + 1:
                self._last[-1] = max(self._last[-1], last)
            else:
                self._first.append(first)
                self._last.append(last)

    def __len__(self) -> int:
        """Return how many ranges there are."""
        return len(self._first)

    def __contains__(self, number: int) -> bool:
        """Return whether an address, as ``number_of`` writes it, is in one of the networks."""
        place = bisect_right(self._first, number) - 1
        return place >= 0 and number <= self._last[place]


@dataclass(frozen=True)
class Lists:
    """The lists at one moment."""

    datacenters: AddressList = field(default_factory=AddressList)
    proxies: AddressList = field(default_factory=AddressList)
    tor: AddressList = field(default_factory=AddressList)
    spam_hosts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Remember the latest addresses."""
        object.__setattr__(self, "_flags", lru_cache(maxsize=_REMEMBERED)(self._look_up))

    @property
    def has_addresses(self) -> bool:
        """Whether any address is on a list."""
        return bool(len(self.datacenters) or len(self.proxies) or len(self.tor))

    def flags(self, ip: str) -> Flags:
        """Return on which lists an address is; on none when it isn't an address."""
        found: Flags = self._flags(ip)  # type: ignore[attr-defined] # set in __post_init__
        return found

    def spam_host(self, host: str) -> str:
        """Return the listed host that a referring host is or belongs to, '' for none."""
        if not self.spam_hosts:
            return ""
        while host:
            if host in self.spam_hosts:
                return host
            host = host.partition(".")[2]
        return ""

    def _look_up(self, ip: str) -> Flags:
        number = number_of(ip)
        if number is None:
            return NOWHERE
        return Flags(number in self.datacenters, number in self.proxies, number in self.tor)


NO_LISTS: Final = Lists()


def number_of(ip: str) -> int | None:
    """Return an address as a number of IPv6, None when it isn't one."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    return int(address) if address.version == 6 else _V4_IN_V6 | int(address)


def read_addresses(lines: Iterable[str]) -> tuple[AddressList, list[Broken]]:
    """Read a list of addresses and networks; return it and the lines that are neither."""
    networks, broken = [], []
    for number, text in _entries(lines):
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            broken.append(Broken(number, text))
            continue
        first, last = int(network.network_address), int(network.broadcast_address)
        if network.version == 4:
            first, last = _V4_IN_V6 | first, _V4_IN_V6 | last
        networks.append((first, last))
    return AddressList(networks), broken


def read_hosts(lines: Iterable[str]) -> tuple[frozenset[str], list[Broken]]:
    """Read a list of hosts; return it in lower case and the lines that are no hosts."""
    hosts, broken = set(), []
    for number, text in _entries(lines):
        host = text.lower().strip(".")
        if "." in host and not set(host) & set("/:@ *\t"):
            hosts.add(host)
        else:
            broken.append(Broken(number, text))
    return frozenset(hosts), broken


def _entries(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip().lstrip("\ufeff")
        if text:
            yield number, text


SETTINGS: Final[dict[str, str]] = {
    "fraud_datacenter_list": "datacenters",
    "fraud_proxy_list": "proxies",
    "fraud_tor_list": "tor",
    "fraud_referrer_list": "spam_hosts",
}
"""Setting that names the file -> part of ``Lists``."""


def read_file(setting: str, path: Path) -> tuple[AddressList | frozenset[str], list[Broken]]:
    """Read a configured list.

    Raises:
        OSError: it can't be read, or is too large to be a list.

    """
    if path.stat().st_size > _MOST_BYTES:
        raise OSError(f"{path} is larger than {_MOST_BYTES // 1024 // 1024} MiB")
    with path.open(encoding="utf-8", errors="replace") as file:
        return read_hosts(file) if SETTINGS[setting] == "spam_hosts" else read_addresses(file)


class ListFiles:
    """The configured lists, read again when their files change."""

    def __init__(self, chosen: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the files that ``chosen`` names."""
        self._paths: dict[str, Path] = {
            setting: path for setting in SETTINGS if (path := getattr(chosen, setting)) is not None
        }
        self._clock = clock
        self._stamps: dict[str, tuple[int, int]] = {}
        self._lists = NO_LISTS
        self._next_look = 0.0

    def current(self) -> Lists:
        """Return the lists as their files are now, or were a few seconds ago. Never raises."""
        if self._paths and self._clock() >= self._next_look:
            self._next_look = self._clock() + LOOK_SECONDS
            for setting, path in self._paths.items():
                self._look(setting, path)
        return self._lists

    def _look(self, setting: str, path: Path) -> None:
        try:
            stat = path.stat()
            stamp = stat.st_mtime_ns, stat.st_size
            if self._stamps.get(setting) == stamp:
                return
            read, broken = read_file(setting, path)
        except OSError as why:
            if self._stamps.pop(setting, (0, 0)) != (0, -1):
                _log.error("a fraud list can't be read", setting=setting, path=str(path), why=str(why))
            self._stamps[setting] = (0, -1)  # told once, until it can be read again
            return
        self._stamps[setting] = stamp
        parts = {name: getattr(self._lists, name) for name in SETTINGS.values()}
        self._lists = Lists(**(parts | {SETTINGS[setting]: read}))
        _log.info("fraud list read", setting=setting, entries=len(read), broken_lines=len(broken))
        for line, text in broken[:_BROKEN_KEPT]:
            _log.warning("a line of a fraud list is skipped", setting=setting, line=line, text=text[:80])
