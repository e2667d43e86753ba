"""Which addresses may be dialled: the guard against being used to reach what only this host can reach.

Invariants: the address that is judged is the one the socket is about to be connected to, after every look-up
and whatever the URL looked like, so neither an odd way of writing an address nor a name whose answer changes
between two look-ups gets past; an address that embeds an IPv4 address is refused as such (a mapped one is
judged by what it maps to); what isn't known to be public is refused. Networks that an operator opened in
``outbound_allowed_networks`` are open on every port.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from kernel.settings import Settings

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def _named(*pairs: tuple[str, str]) -> tuple[tuple[Network, str], ...]:
    return tuple((ipaddress.ip_network(network), why) for network, why in pairs)


FORBIDDEN: tuple[tuple[Network, str], ...] = _named(
    # IANA's special-purpose registries of IPv4 and IPv6 addresses, the more exact networks first
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a provider's customers"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.169.254/32", "metadata of a cloud"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "reserved for protocols"),
    ("192.52.193.0/24", "reserved for protocols"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "reserved for protocols"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("168.63.129.16/32", "metadata of a cloud"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::/96", "IPv4-compatible"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discard only"),
    ("100:0:0:1::/64", "reserved for protocols"),
    ("2001::/32", "Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2001::/23", "reserved for protocols"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "reserved for protocols"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fd00:ec2::254/128", "metadata of a cloud"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
"""Networks never dialled, each with what it is."""

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has ever given to anyone in IPv6; the rest is not routed."""


@dataclass(slots=True)
class Dialling:
    """What became of one request's connection."""

    addresses: list[str] = field(default_factory=list)
    """Dialled, in order, each with its port."""
    refusals: list[str] = field(default_factory=list)
    """Sentences about those that were not."""


DIALLING: ContextVar[Dialling | None] = ContextVar("outbound_dialling", default=None)
"""Set it before a request to learn what was dialled; tasks that are begun for it inherit it."""


class AddressForbiddenError(OSError):
    """The address may not be dialled; its text says why."""


class Guard:
    """Judges addresses."""

    def __init__(
        self, allowed: Iterable[Network] = (), ports: Iterable[tuple[int, int]] = ((80, 80), (443, 443))
    ) -> None:
        """Prepare.

        Args:
            allowed: Networks that are open though they are not public, on every port.
            ports: First and last port of each open range, for public addresses.

        """
        self._allowed = tuple(allowed)
        self._ports = tuple(ports)

    @classmethod
    def of(cls, chosen: Settings) -> Guard:
        """Return the guard the operator chose."""
        return cls(chosen.outbound_networks, chosen.outbound_port_ranges)

    def refusal(self, host: str, port: int) -> str:
        """Return why an address may not be dialled, '' when it may.

        Args:
            host: An address as the operating system writes it; an IPv6 zone id is ignored.
            port: TCP port.

        """
        try:
            address: Address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return f"{host} is not an address."
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        judged = mapped or address
        if any(_within(judged, network) for network in self._allowed):
            return ""
        why = next((why for network, why in FORBIDDEN if _within(judged, network)), "")
        if not why and (not judged.is_global or not (judged.version == 4 or _within(judged, _GLOBAL_UNICAST))):
            why = "not public"
        if why:
            return f"{address} may not be dialled: {why}."
        if not any(first <= port <= last for first, last in self._ports):
            return f"Port {port} may not be dialled; outbound_ports names those that may."
        return ""

    def socket(self, addr_info: tuple[Any, ...]) -> socket.socket:
        """Make the socket for an address about to be dialled; aiohttp's ``socket_factory``.

        Raises:
            AddressForbiddenError: it may not be dialled.

        """
        family, kind, protocol, _, (host, port, *_) = addr_info
        dialling = DIALLING.get()
        why = self.refusal(str(host), int(port))
        if family not in {socket.AF_INET, socket.AF_INET6}:
            why = why or f"{host} is no internet address."
        if why:
            if dialling is not None:
                dialling.refusals.append(why)
            raise AddressForbiddenError(why)
        if dialling is not None:
            dialling.addresses.append(f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}")
        return socket.socket(family, kind, protocol)


def connector(guard: Guard, *, limit: int = 100, resolver: AbstractResolver | None = None) -> aiohttp.TCPConnector:
    """Return a connector that dials nothing the guard refuses; call it on a running event loop.

    Every request dials anew, so that each one's address is judged and known. Give its session
    ``trust_env=False``: a proxy would do the dialling unguarded.

    Args:
        guard: Judges each address.
        limit: Most connections at once.
        resolver: Looks names up; default: the operating system's, each name in a thread of its own.

    """
    return aiohttp.TCPConnector(
        socket_factory=guard.socket, resolver=resolver or SystemResolver(), force_close=True, limit=limit
    )


class SystemResolver(AbstractResolver):
    """Asks the operating system, each name in a daemon thread of its own.

    A pool would let some names without an answer hold up all others, and the end of the process.
    """

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OSError: it has none, or nobody answers.

        """
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Any]] = loop.create_future()

        def look_up() -> None:
            try:
                infos: Any = socket.getaddrinfo(
                    host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
                )
            except Exception as why:  # noqa: BLE001 - handed over to whoever waits
                _hand_over(loop, found, None, why)
            else:
                _hand_over(loop, found, infos, None)

        threading.Thread(target=look_up, name="outbound-lookup", daemon=True).start()
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=found_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, protocol, _, address in await found
        ]

    async def close(self) -> None:
        """Do nothing: threads that still ask end with their answer."""


def _hand_over(
    loop: asyncio.AbstractEventLoop,
    found: asyncio.Future[list[Any]],
    infos: list[Any] | None,
    error: Exception | None,
) -> None:
    """Give a thread's answer to the loop, unless nobody waits for it any more."""

    def settle() -> None:
        if found.done():
            return
        if error is not None:
            # A name such as one with a label of 64 characters breaks the codec, not the look-up.
            found.set_exception(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            found.set_result(infos or [])

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop has ended meanwhile


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
