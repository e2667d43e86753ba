"""Destination URLs are templates: ``https://shop.example/?cid={click_id}&src={partner_id}``.

Invariants: a substituted value is percent-encoded, so it can't leave its place in the URL; scheme and
host are literal, so the rendered host is the template's host; a deep link replaces the page but never
leaves the hosts its offer allows. A rendered URL is ASCII without control characters: it can go into a
header as it is. Only the macros a template names are computed.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from kernel.macro_names import CLICK_MACROS

MACROS: frozenset[str] = frozenset(CLICK_MACROS)
"""Every name that may stand in braces in a destination."""

_MACRO = re.compile(r"\{([a-z0-9_]+)\}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*").fullmatch
"""What stands in a URL as it is (RFC 3986), such as every click id."""
_LITERAL_SAFE = "!#$%&'()*+,/:;=?@[]~{}"
_AUTHORITY = re.compile(
    r"https?://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]*))?(?=[/?#]|\Z)", re.IGNORECASE | re.ASCII
)
"""Scheme, host and port, so plain that no client can read another host out of them."""
_PORTS = {"", "80", "443"}

Lookup = Callable[[str], str]


class Template:
    """A destination compiled for rendering: literal texts and macro names in turn."""

    __slots__ = ("host", "names", "parts")

    def __init__(self, url: str, known: frozenset[str] = MACROS) -> None:
        """Compile ``url``.

        Args:
            url: The template.
            known: Names that are macros; any other in braces stays as it is written.

        Raises:
            ValueError: it isn't http(s), or its scheme or host isn't literal.

        """
        match = _AUTHORITY.match(url)
        if not match:
            raise ValueError("a destination starts with http:// or https:// and a host in ASCII without macros")
        self.host = match["host"].strip("[]").lower()
        pieces = _MACRO.split(quote(url, safe=_LITERAL_SAFE))
        # split() gives literal, name, literal, name, …; an unknown name stays as it is written
        parts: list[tuple[str, str]] = []
        literal = pieces[0]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            if name in known:
                parts.append((literal, sys.intern(name)))
                literal = text
            else:
                literal += f"%7B{name}%7D{text}"
        self.parts = (*parts, (literal, ""))
        # Thousands of offers ask for the same few names: they share them.
        self.names = _shared(frozenset(name for _, name in parts))

    @property
    def query(self) -> str:
        """What a deep link takes over from the offer: the parameters, such as those that carry the click id."""
        url = "".join(literal + f"{{{name}}}" * bool(name) for literal, name in self.parts)
        return url.partition("#")[0].partition("?")[2]

    def render(self, lookup: Lookup) -> str:
        """Return the URL with each macro replaced by ``lookup(name)``, percent-encoded."""
        out = []
        for literal, name in self.parts:
            out.append(literal)
            if name:
                value = lookup(name)
                out.append(value if _UNRESERVED(value) else quote(value, safe="-_.~"))
        return "".join(out)

    def render_click_id(self, click_id: str) -> str:
        """Return the URL with a click id in it, '' when the template asks for more than one, or for nothing.

        Most destinations ask for the click id alone, and a click id stands in a URL as it is.
        """
        if len(self.parts) != 2 or self.parts[0][1] != "click_id":
            return ""
        return f"{self.parts[0][0]}{click_id}{self.parts[1][0]}"


@lru_cache(maxsize=1_024)
def _shared(names: frozenset[str]) -> frozenset[str]:
    return names


def deep_link(url: str, allowed: tuple[str, ...], template: Template) -> Template | None:
    """Return the template for a deep link: its page with the offer's parameters, or None if not allowed.

    Args:
        url: What the partner asked for.
        allowed: Hosts; ``*.shop.example`` allows every host below shop.example.
        template: The offer's own destination.

    """
    match = _AUTHORITY.match(url)
    if not match or (match["port"] or "") not in _PORTS:
        return None
    if "\\" in url or any(ord(c) < 33 or ord(c) == 127 for c in url):
        return None
    host = match["host"].lower()
    if not any(host == a or (a.startswith("*.") and host.endswith(a[1:])) for a in allowed):
        return None
    page, _, fragment = url.partition("#")
    if template.query:
        page += ("&" if "?" in page else "?") + template.query
    try:
        return Template(page + (f"#{fragment}" if fragment else ""))
    except ValueError:
        return None


def keyed_hash(secret: bytes, name: str, value: str) -> str:
    """Return 16 hex digits that tell values apart without telling them; '' stays ''.

    The name takes part, so the same text as partner and as sub id gives different digits.
    """
    if not value:
        return ""
    return hashlib.blake2b(value.encode(), digest_size=8, key=secret[:64], person=name.encode()[:16]).hexdigest()
