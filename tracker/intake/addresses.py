"""Public-looking IPv4 addresses for logs whose addresses were replaced by codes.

Invariants: a code always gives the same address; two different codes below 3.7 billion never share one;
no address is private, reserved, loopback or multicast, so that no rule about such networks fires on it.
Nothing is ever sent to these addresses: they only stand in ``X-Forwarded-For``.
"""

from __future__ import annotations

from bisect import bisect_right
from ipaddress import IPv4Address, IPv4Network
from itertools import accumulate

_NOT_PUBLIC = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
"""IANA's special-purpose registry, multicast and class E; in order and apart from each other."""


def _public_ranges() -> list[range]:
    """Return the address numbers between the networks that are not public."""
    ranges, start = [], 0
    for network in map(IPv4Network, _NOT_PUBLIC):
        first = int(network.network_address)
        if first > start:
            ranges.append(range(start, first))
        start = first + network.num_addresses
    return ranges


_RANGES = _public_ranges()
_ENDS = list(accumulate(map(len, _RANGES)))
PUBLIC_ADDRESSES = _ENDS[-1]

STRIDE = 2_288_121_071
"""About 0.618 of ``PUBLIC_ADDRESSES`` and coprime to it: neighbouring codes land far apart, none twice."""


def public_address(code: int) -> str:
    """Return the address that stands for ``code``."""
    place = code * STRIDE % PUBLIC_ADDRESSES
    which = bisect_right(_ENDS, place)
    before = _ENDS[which - 1] if which else 0
    return str(IPv4Address(_RANGES[which][place - before]))
