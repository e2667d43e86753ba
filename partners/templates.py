"""URLs that people type into the program: destination templates, fallback URLs, hooks, deep-link hosts.

Invariants: what is accepted here, the edge can compile and render. Scheme and host are literal, so
nothing a visitor sends can choose where a redirect goes; every macro is a known one, so that a typing
mistake is seen when the offer is made and not in an advertiser's log.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

from kernel.macro_names import CLICK_MACROS, HOOK_MACROS

MAX_URL_LENGTH = 4096
"""Characters of a template. Servers and proxies commonly refuse request lines of 8 KiB."""

_AUTHORITY = re.compile(r"(?i:https?)://([^/?#]*)")
_MACRO = re.compile(r"\{([^{}]*)\}")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MAX_HOST_LENGTH = 253
"""RFC 1035: the longest host name in text."""


def check_destination(url: str, macros: tuple[str, ...] = CLICK_MACROS) -> str:
    """Return the destination template as it is stored: trimmed, ASCII.

    Raises:
        ValueError: a sentence that says what is wrong.

    """
    url = _check_page(url.strip())
    for macro in macros_in(url):
        if macro not in macros:
            valid = " ".join(f"{{{name}}}" for name in macros)
            raise ValueError(f"{{{macro[:40]}}} isn't a macro; the macros are {valid}")
    if "{" in (rest := _MACRO.sub("", url)) or "}" in rest:
        raise ValueError("a brace is left open or closed twice; a macro is written {click_id}")
    return url


def check_fallback(url: str) -> str:
    """Return the fallback URL as it is stored; '' is no fallback.

    Raises:
        ValueError: a sentence that says what is wrong.

    """
    return check_destination(url) if url.strip() else ""


def check_hook(url: str) -> str:
    """Return the URL template of an outgoing postback or webhook as it is stored.

    Raises:
        ValueError: a sentence that says what is wrong.

    """
    return check_destination(url, HOOK_MACROS)


def check_plain_url(url: str) -> str:
    """Return a URL without macros as it is stored; '' stays ''.

    Raises:
        ValueError: a sentence that says what is wrong.

    """
    if not url.strip():
        return ""
    url = _check_page(url.strip())
    if "{" in url or "}" in url:
        raise ValueError("this URL takes no macros; write braces as %7B and %7D")
    return url


def macros_in(url: str) -> list[str]:
    """Return the names that stand in braces."""
    return _MACRO.findall(url)


def check_deep_link_host(host: str) -> str:
    """Return the host in lower case; ``*.shop.example`` stands for every host below shop.example.

    Raises:
        ValueError: a sentence that says what is wrong.

    """
    lowered = host.strip().lower()
    name = lowered.removeprefix("*.")
    if "." not in name or name.rpartition(".")[2].isdigit() or not is_host_name(name):
        raise ValueError(
            f"{host[:80]!r} isn't a host name; write shop.example or *.shop.example, nothing before or after"
        )
    return lowered


def _check_page(url: str) -> str:
    if len(url) > MAX_URL_LENGTH:
        raise ValueError(f"a URL has at most {MAX_URL_LENGTH} characters")
    if "\\" in url or any(c.isspace() or not c.isprintable() for c in url):
        raise ValueError("a URL has no spaces, backslashes or control characters; percent-encode them")
    match = _AUTHORITY.match(url)
    if not match:
        raise ValueError("write the whole URL, starting with http:// or https:// (a macro can't be the scheme)")
    authority = match[1]
    if "{" in authority or "}" in authority:
        raise ValueError("the host must be literal: macros may stand in the path, query and fragment only")
    if "@" in authority:
        raise ValueError("a URL with a user name or password before the host isn't accepted")
    _check_authority(authority)
    return "".join(c if c.isascii() else quote(c) for c in url)


def _check_authority(authority: str) -> None:
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        try:
            # A zone names an interface of this machine; no visitor could follow it.
            bracket = "" if ipaddress.IPv6Address(host).scope_id else bracket
        except ValueError:
            bracket = ""
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("the IPv6 host isn't an address; write it as [2001:db8::1]")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
        if not host.isascii():
            raise ValueError("write the host's ASCII form, beginning with xn--")
        if not is_host_name(host.lower().removesuffix(".")):
            raise ValueError(f"{host[:80]!r} isn't a host name")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise ValueError(f"{port[:20]!r} isn't a port number")


def is_host_name(name: str) -> bool:
    """Return whether this is a host name in lower case."""
    return 0 < len(name) <= _MAX_HOST_LENGTH and all(_LABEL.fullmatch(label) for label in name.split("."))
