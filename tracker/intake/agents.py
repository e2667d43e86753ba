"""User agents for logs that hold device and system codes instead.

Invariants: the same codes always give the same user agent; the system code alone decides the kind of
browser, the device code its version or model, so that one system code never appears as two systems.
The texts are written for this module from the patterns browsers publish; they are no one's profile.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IOS_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@dataclass(frozen=True, slots=True)
class _Browser:
    """One kind of mobile browser."""

    share: int
    """Its share of the system codes, in percent."""
    template: str
    variants: tuple[str, ...]
    """What takes the place of ``{}``: a version or a model."""


_BROWSERS = (
    _Browser(
        34,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{{}}.0.0.0 Mobile Safari/537.36",
        ("139", "140", "141", "142"),
    ),
    _Browser(
        14,
        f"Mozilla/5.0 (Linux; Android 14; {{}}) {_WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36",
        ("SM-A546B", "SM-S918B", "Pixel 8", "M2101K6G", "CPH2581", "V2250", "2201117TG"),
    ),
    _Browser(
        24,
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{{0}} like Mac OS X) {_IOS_WEBKIT} "
        "Version/18.{0} Mobile/15E148 Safari/604.1",
        ("3", "4", "5", "6"),
    ),
    _Browser(
        6,
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_IOS_WEBKIT} "
        "CriOS/{}.0.0.0 Mobile/15E148 Safari/604.1",
        ("140", "141", "142"),
    ),
    _Browser(
        4,
        f"Mozilla/5.0 (iPad; CPU OS 18_{{0}} like Mac OS X) {_IOS_WEBKIT} "
        "Version/18.{0} Mobile/15E148 Safari/604.1",
        ("4", "5", "6"),
    ),
    _Browser(
        12,
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} "
        "SamsungBrowser/{}.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        ("27", "28"),
    ),
    _Browser(
        6,
        "Mozilla/5.0 (Android 15; Mobile; rv:{0}.0) Gecko/{0}.0 Firefox/{0}.0",
        ("142", "143", "144"),
    ),
)

_BY_PERCENT = tuple(browser for browser in _BROWSERS for _ in range(browser.share))


@lru_cache(maxsize=65_536)
def mobile_user_agent(device: int, system: int) -> str:
    """Return the user agent that stands for a device code and a system code."""
    browser = _BY_PERCENT[zlib.crc32(b"system %d" % system) % len(_BY_PERCENT)]
    variant = browser.variants[zlib.crc32(b"device %d" % device) % len(browser.variants)]
    return browser.template.format(variant)
