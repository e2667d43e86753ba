"""User agents of ordinary browsers, written from templates, with the client hints the same browser sends.

Invariants: families, versions and their shares are the browser log's (``fraud.simulation.shape``), measured in
November 2026; a browser that sends client hints sends what its user agent says; nobody's profile is here. With a
file of real user agents those are drawn instead, by their weights.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Protocol

from fraud.simulation.errors import AGENTS_UNREADABLE
from fraud.simulation.shape import Shares

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME_RELEASES = (
    ("153", 0.40),
    ("154", 0.20),
    ("150", 0.09),
    ("149", 0.09),
    ("152", 0.08),
    ("151", 0.07),
    ("148", 0.07),
)
_SAFARI_RELEASES = (("26.6.1", 0.62), ("27.0", 0.10), ("26.6", 0.10), ("26.5.2", 0.09), ("26.6.2", 0.09))

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Of a file of user agents, unpacked: hundreds of thousands of them."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser sends of itself."""

    user_agent: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Family:
    """One browser on one system."""

    share: float
    template: str
    """``{v}``: version, ``{m}``: model or version of the system."""
    versions: Sequence[tuple[str, float]]
    models: tuple[str, ...] = ("",)
    platform: str = ""
    """Sec-CH-UA-Platform; '' for browsers that send no client hints."""
    mobile: bool = False


_FAMILIES = (
    _Family(0.286, f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36",
            (("145", 0.82), ("153", 0.06), ("139", 0.03), ("150", 0.05), ("154", 0.02), ("152", 0.02)),
            platform="macOS"),
    _Family(0.259, f"Mozilla/5.0 (iPhone; CPU iPhone OS {{m}} like Mac OS X) {_APPLE} Version/{{v}} Mobile/15E148 "
            "Safari/604.1", _SAFARI_RELEASES, ("18_7", "18_7", "18_7", "18_6_2"), mobile=True),
    _Family(0.051, f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36",
            _CHROME_RELEASES, platform="Android", mobile=True),
    _Family(0.057, f"Mozilla/5.0 (Linux; Android {{m}}) {_WEBKIT} Chrome/{{v}}.0.0.0 Mobile Safari/537.36",
            _CHROME_RELEASES, ("15; SM-S921B", "15; Pixel 9", "14; SM-A546B", "14; 2201117TG", "13; CPH2581"),
            platform="Android", mobile=True),
    _Family(0.096, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36",
            _CHROME_RELEASES, platform="Windows"),
    _Family(0.091, f"Mozilla/5.0 (iPhone; CPU iPhone OS {{m}} like Mac OS X) {_APPLE} CriOS/{{v}}.0.0.0 "
            "Mobile/15E148 Safari/604.1", _CHROME_RELEASES, ("26_6_2", "18_3", "18_6", "18_4"), mobile=True),
    _Family(0.029, f"Mozilla/5.0 (iPhone; CPU iPhone OS {{m}} like Mac OS X) {_APPLE} GSA/{{v}} Mobile/15E148 "
            "Safari/604.1", (("439.4.980558000", 0.93), ("438.6.976963367", 0.07)), ("26_6_2", "26_6_1"),
            mobile=True),
    _Family(0.019, f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/{{v}} Safari/605.1.15",
            _SAFARI_RELEASES),
    _Family(0.016, f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36 "
            "Edg/{v}.0.0.0", (("154", 0.57), ("153", 0.37), ("152", 0.06)), platform="Windows"),
    _Family(0.006, f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36",
            (("152", 0.6), ("151", 0.2), ("150", 0.2)), platform="Chrome OS"),
    _Family(0.006, f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/{{v}}.0.0.0 Safari/537.36",
            (("148", 0.6), ("152", 0.2), ("154", 0.2)), platform="Linux"),
    _Family(0.005, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
            (("156", 0.9), ("155", 0.1))),
    _Family(0.004, f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/{{v}}.0 Chrome/143.0.0.0 Mobile "
            "Safari/537.36", (("30", 0.97), ("29", 0.03)), platform="Android", mobile=True),
    _Family(0.002, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
            (("156", 0.9), ("155", 0.1))),
    _Family(0.001, "Mozilla/5.0 (Android {m}; Mobile; rv:{v}.0) Gecko/{v}.0 Firefox/{v}.0",
            (("156", 0.9), ("155", 0.1)), ("16", "15"), mobile=True),
)  # fmt: skip


class Browsers(Protocol):
    """Where browsers are drawn from."""

    def draw(self, random: Random) -> Browser:
        """Draw one."""


class TemplateBrowsers:
    """Browsers written from the templates."""

    def __init__(self) -> None:
        self._families = Shares((family, family.share) for family in _FAMILIES)

    def draw(self, random: Random) -> Browser:
        """Draw one."""
        family = self._families.draw(random)
        version = Shares(family.versions).draw(random)
        text = family.template.format(v=version, m=random.choice(family.models))
        return Browser(text, _hints(family, version))


class FileBrowsers:
    """User agents of a file, drawn by their weights; without client hints, which such files don't have."""

    def __init__(self, weighted: Sequence[tuple[str, float]]) -> None:
        self._agents = Shares(weighted)

    @classmethod
    def read(cls, path: Path) -> FileBrowsers:
        """Read a file: one user agent a line, or a JSON array of objects with ``userAgent`` and ``weight``.

        Raises:
            ClickledgerError: ``user_agents_unreadable``.

        """
        try:
            with path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
            with gzip.open(path) if packed else path.open("rb") as file:
                body = file.read(MAX_FILE_BYTES + 1)
            text = body.decode()
            found = _profiles(json.loads(text)) if text.lstrip().startswith("[") else _lines(text)
        except (OSError, EOFError, ValueError, TypeError, KeyError) as why:
            raise AGENTS_UNREADABLE.error(f"{path} can't be read: {why}.") from why
        if len(body) > MAX_FILE_BYTES:
            raise AGENTS_UNREADABLE.error(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB.")
        if not found:
            raise AGENTS_UNREADABLE.error(f"{path} holds no user agent.")
        return cls(found)

    def draw(self, random: Random) -> Browser:
        """Draw one."""
        return Browser(self._agents.draw(random), {})


def _lines(text: str) -> list[tuple[str, float]]:
    return [(line.strip(), 1.0) for line in text.splitlines() if line.strip()]


def _profiles(profiles: list[dict[str, Any]]) -> list[tuple[str, float]]:
    found = [(str(one["userAgent"]), float(one.get("weight", 1))) for one in profiles]
    if any(not 0 < weight < float("inf") for _, weight in found):
        raise ValueError("a weight is a number above 0")
    return found


def _hints(family: _Family, version: str) -> dict[str, str]:
    if not family.platform:
        return {}
    brand = "Microsoft Edge" if "Edg/" in family.template else "Google Chrome"
    return {
        "sec-ch-ua": f'"Chromium";v="{version}", "{brand}";v="{version}", "Not?A_Brand";v="99"',
        "sec-ch-ua-mobile": "?1" if family.mobile else "?0",
        "sec-ch-ua-platform": f'"{family.platform}"',
    }
