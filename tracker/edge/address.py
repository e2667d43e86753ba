"""Whose request is it: the client's address, taken from proxies only where they are trusted.

Walking X-Forwarded-For from the right, the first address that is not a trusted proxy is the client.
What an untrusted peer claims is ignored. An entry that is no address ends the walk: what stands left of
it is a claim of someone we don't know.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REMEMBERED = 65_536
"""Distinct (peer, header) pairs kept; visitors click more than once, proxies always."""


def parse_address(text: str) -> Address | None:
    """Return the address in one X-Forwarded-For entry (port and brackets allowed), None if it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


class ClientAddress:
    """Resolves a client's address; remembers recent answers."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted
        self.resolve = lru_cache(maxsize=_REMEMBERED)(self._resolve)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == n.version and address in n for n in self._trusted)

    def _resolve(self, peer: str, forwarded: str) -> str:
        """Return the client's address as text, '' when not even the peer has one (a unix socket)."""
        client = parse_address(peer)
        if client is not None and not self._is_trusted(client):
            return str(client)
        for entry in reversed(forwarded.split(",")) if forwarded else ():
            address = parse_address(entry)
            if address is None:
                break
            client = address
            if not self._is_trusted(address):
                break
        return str(client) if client is not None else ""
