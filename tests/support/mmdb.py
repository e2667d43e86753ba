"""Writes small MaxMind databases, so that geo code is tested against real files on any machine.

Follows the MaxMind DB file format specification 2.0: a binary search tree of 24-bit records, sixteen zero
bytes, the data section, a marker and the metadata. IPv4 networks lie at ::/96, as MaxMind places them.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

_UINT32 = 6


class _Number(NamedTuple):
    """A number in another of the format's types: 5 is uint16, 9 is uint64."""

    kind: int
    value: int


def write_mmdb(path: Path, database_type: str, networks: dict[str, dict[str, Any]]) -> Path:
    """Write a database of ``network -> record``; networks must not contain each other."""
    nodes: list[list[Any]] = [[None, None]]
    content = b""
    for text, record in networks.items():
        network = ip_network(text)
        is_v4 = network.version == 4
        number, length = int(network.network_address), network.prefixlen + (96 if is_v4 else 0)
        here = 0
        for depth in range(length - 1):
            bit = number >> (127 - depth) & 1
            if nodes[here][bit] is None:
                nodes.append([None, None])
                nodes[here][bit] = len(nodes) - 1
            here = nodes[here][bit]
        nodes[here][number >> (128 - length) & 1] = ("at", len(content))
        content += _encoded(record)

    def pointer(child: Any) -> bytes:
        if child is None:
            return len(nodes).to_bytes(3, "big")
        return (child if isinstance(child, int) else len(nodes) + 16 + child[1]).to_bytes(3, "big")

    metadata = {
        "node_count": len(nodes),
        "record_size": _Number(5, 24),
        "ip_version": _Number(5, 6),
        "database_type": database_type,
        "languages": ["en"],
        "binary_format_major_version": _Number(5, 2),
        "binary_format_minor_version": _Number(5, 0),
        "build_epoch": _Number(9, 1_760_000_000),
        "description": {"en": "made for a test"},
    }
    tree = b"".join(pointer(left) + pointer(right) for left, right in nodes)
    path.write_bytes(tree + bytes(16) + content + b"\xab\xcd\xefMaxMind.com" + _encoded(metadata))
    return path


def _encoded(value: Any) -> bytes:
    if isinstance(value, bool):
        return _control(14, int(value))
    if isinstance(value, int):
        value = _Number(_UINT32, value)
    if isinstance(value, _Number):
        body = value.value.to_bytes((value.value.bit_length() + 7) // 8, "big")
        return _control(value.kind, len(body)) + body
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    body = b"".join(_encoded(key) + _encoded(part) for key, part in value.items())
    return _control(7, len(value)) + body


def _control(kind: int, size: int) -> bytes:
    extra = b""
    if size >= 29:
        size, extra = 29, bytes([size - 29])
    if kind <= 7:
        return bytes([kind << 5 | size]) + extra
    return bytes([size, kind - 7]) + extra
