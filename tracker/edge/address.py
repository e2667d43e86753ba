"""Whose request is it: the client's address, taken from proxies only where they are trusted.

Walking X-Forwarded-For from the right, the first address that is not a trusted proxy is the client.
What an untrusted peer claims is ignored. An entry that is no address ends the walk: what stands left of
it is a claim of someone we don't know.
"""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REMEMBERED = 16_384
"""Answers kept; visitors click more than once, and proxies always."""
_LONGEST_REMEMBERED = 128
"""Characters of peer and header together: a chain of proxies fits, and nobody fills our memory with more."""


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
        # Texts only, so the garbage collector has nothing to walk over here however full it is.
        self._remembered: dict[str, str] = {}

    def of(self, scope: Scope) -> str:
        """Return the address of whoever sent an ASGI request, '' when none is known."""
        # A proxy may add a header of its own instead of adding to the one it got.
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        peer = scope["client"]
        return self.resolve(peer[0] if peer else "", forwarded.decode("latin-1"))

    def resolve(self, peer: str, forwarded: str) -> str:
        """Return the client's address as text, '' when not even the peer has one (a unix socket).

        Args:
            peer: Address of the connection's other end.
            forwarded: All X-Forwarded-For headers, joined with commas; '' for none.

        """
        key = f"{peer},{forwarded}" if forwarded else peer
        address = self._remembered.get(key)
        if address is None:
            address = self._walk(peer, forwarded)
            if len(key) <= _LONGEST_REMEMBERED:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = address
        return address

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == n.version and address in n for n in self._trusted)

    def _walk(self, peer: str, forwarded: str) -> str:
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
