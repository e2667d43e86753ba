"""The blocklist as an edge asks it: one question per kind, answered without walking over the list.

Invariants: an entry that has expired answers nothing, judged by the moment of the question; an entry for one
offer or one partner answers for that one alone; a value that can't be read (a network that is none) blocks
nothing. Texts are compared without regard to case, but labels (source, sub1) exactly as partners write them.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

from kernel.logging import log
from tracker.routes import BlockRoute

_EXACT = frozenset({"source", "sub1"})
_WHOLE = frozenset({"asn", "country", "device_id", "source", "sub1", "partner"})
"""Kinds whose whole value is compared."""


class Blocklist:
    """Every entry of the program's blocklist, indexed."""

    __slots__ = ("_agents", "_hosts", "_networks", "_whole", "kinds")

    def __init__(self, entries: Iterable[BlockRoute] = ()) -> None:
        kinds: set[str] = set()
        self._whole: dict[tuple[str, str], list[BlockRoute]] = {}
        self._hosts: dict[str, list[BlockRoute]] = {}
        self._agents: list[tuple[str, BlockRoute]] = []
        # Bytes of an address -> bits to drop -> what is left of the address -> entries.
        self._networks: dict[int, dict[int, dict[int, list[BlockRoute]]]] = {4: {}, 16: {}}
        for entry in entries:
            if self._add(entry):
                kinds.add(entry.kind)
        self.kinds = frozenset(kinds)
        """Kinds there are entries of: what isn't among them needn't be asked, nor found out."""

    def hit(self, kind: str, value: str, offer_id: int, partner_id: int, now_ms: int) -> BlockRoute | None:
        """Return an entry that turns this away, None when there is none.

        Args:
            kind: One of ``BlockRoute.kind``.
            value: The visitor's address (network), autonomous system number (asn), country, user agent, host of
                the referrer, label, device id or partner's id; '' is never turned away.
            offer_id: The offer asked for.
            partner_id: The partner it came through.
            now_ms: The moment, in milliseconds since 1970.

        """
        if kind not in self.kinds or not value:
            return None
        if kind == "network":
            return self._network_hit(value, offer_id, partner_id, now_ms)
        if kind == "user_agent":
            lower = value.casefold()
            found = [entry for part, entry in self._agents if part in lower]
            return _applying(found, offer_id, partner_id, now_ms) if found else None
        if kind == "referrer_host":
            return self._host_hit(value.casefold(), offer_id, partner_id, now_ms)
        entries = self._whole.get((kind, _key(kind, value)))
        return _applying(entries, offer_id, partner_id, now_ms) if entries else None

    def _add(self, entry: BlockRoute) -> bool:
        if entry.kind == "network":
            try:
                network = ipaddress.ip_network(entry.value, strict=False)
            except ValueError:
                log("program").warning("block_unusable", id=entry.id, kind=entry.kind, value=entry.value)
                return False
            drop = network.max_prefixlen - network.prefixlen
            level = self._networks[network.max_prefixlen // 8].setdefault(drop, {})
            level.setdefault(int(network.network_address) >> drop, []).append(entry)
        elif not entry.value:
            return False
        elif entry.kind == "user_agent":
            self._agents.append((entry.value.casefold(), entry))
        elif entry.kind == "referrer_host":
            self._hosts.setdefault(entry.value.casefold(), []).append(entry)
        elif entry.kind in _WHOLE:
            self._whole.setdefault((entry.kind, _key(entry.kind, entry.value)), []).append(entry)
        return True

    def _network_hit(self, address: str, offer_id: int, partner_id: int, now_ms: int) -> BlockRoute | None:
        try:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
        except (OSError, ValueError):
            return None
        number = int.from_bytes(packed)
        for drop, level in self._networks[len(packed)].items():
            entries = level.get(number >> drop)
            if entries and (entry := _applying(entries, offer_id, partner_id, now_ms)):
                return entry
        return None

    def _host_hit(self, host: str, offer_id: int, partner_id: int, now_ms: int) -> BlockRoute | None:
        """Ask for the host and for every domain it lies in."""
        while host:
            entries = self._hosts.get(host)
            if entries and (entry := _applying(entries, offer_id, partner_id, now_ms)):
                return entry
            host = host.partition(".")[2]
        return None


def _key(kind: str, value: str) -> str:
    return value if kind in _EXACT else value.casefold()


def _applying(entries: list[BlockRoute], offer_id: int, partner_id: int, now_ms: int) -> BlockRoute | None:
    for entry in entries:
        if (
            entry.offer_id in {0, offer_id}
            and entry.partner_id in {0, partner_id}
            and (not entry.expires_at or now_ms < entry.expires_at)
        ):
            return entry
    return None
