"""The device of a click: what its user agent, together with its client hints, says.

The classes are those of the user-agents package, over the fast parser: its own constructor takes 0.5 ms
through ua-parser's old interface, this one 20 µs. Since 2022 browsers freeze parts of their user agent
("Android 10; K", "Windows NT 10.0", "Mac OS X 10_15_7") and send the truth in Sec-CH-UA headers when
asked; where they do, the frozen part is replaced before the text is parsed.

Invariants: no text raises; the answer depends on the arguments alone, so it may be cached; a name the
parser doesn't know is ''.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import ua_parser
from user_agents.parsers import (
    TABLET_DEVICE_FAMILIES,
    UserAgent,
    parse_browser,
    parse_device,
    parse_operating_system,
)

from fraud import AgentFinding, inspect_agent


class Hints(NamedTuple):
    """Client hints and other headers that qualify the user agent, as received; '' when absent."""

    model: str = ""
    """Sec-CH-UA-Model"""
    platform_version: str = ""
    """Sec-CH-UA-Platform-Version"""
    mobile: str = ""
    """Sec-CH-UA-Mobile"""
    app: str = ""
    """X-Requested-With: Android's web views send the name of the app around them."""


NO_HINTS = Hints()


class Device(NamedTuple):
    """The columns of a click that its user agent fills, in this order, and what rules need of it."""

    device_type: str
    device_brand: str
    device_model: str
    os: str
    os_version: str
    browser: str
    browser_version: str
    is_in_app: bool
    is_bot: bool
    bot_family: str
    finding: AgentFinding


class ParsedAgent(UserAgent):  # type: ignore[misc] # the package has no type information
    """A ``user_agents`` UserAgent made by the fast parser."""

    def __init__(self, text: str) -> None:  # the package's own constructor is what is replaced here
        result = ua_parser.parse(text).with_defaults()
        agent, system, device = result.user_agent, result.os, result.device
        self.ua_string = text
        self.os = parse_operating_system(system.family, *_parts(system.major, system.minor, system.patch))
        self.browser = parse_browser(agent.family, *_parts(agent.major, agent.minor, agent.patch))
        self.device = parse_device(device.family, device.brand, device.model)


AGENTS_KEPT = 16_384
"""User agents remembered across batches, about 20 MB; a day of real traffic has a few thousand."""

MAX_TEXT = 2048
"""Characters that are parsed; what is longer is malformed anyway and only costs time."""

_SPIDER = "Spider"
_PLACEHOLDERS = frozenset(
    {None, "Other", "K", "Generic Smartphone", "Smartphone", "Generic Feature Phone", "Feature Phone"}
)
"""What the parser calls a family, brand or model it doesn't know; K is what Chrome puts for the model."""
_PLACEHOLDER_BRANDS = ("Generic", _SPIDER)

_IN_APP = re.compile(
    r"FBAN|FBAV|FB_IAB|MetaIAB|Instagram|Threads|Barcelona |; wv\)|\bLine/|MicroMessenger|QQ/|KAKAOTALK|NAVER\("
    r"|TikTok|musical_ly|Bytedance|BytedanceWebview|trill_|\bGSA/|Snapchat|Pinterest|LinkedInApp|Twitter for"
    r"|TwitterAndroid|Reddit/|Telegram-|WhatsApp|Viber/|Zalo|DaumApps|BingSapphire|YaApp|WebView"
)
"""What apps add to the user agent of the browser inside them. Sources: the apps' own, as seen in traffic
and in the test cases of ua-parser; "; wv)" is Android's documented mark of a web view."""

_APP_NAME = re.compile(r"^[a-z][\w]*(\.[a-z_][\w]*)+$", re.IGNORECASE)
_BROWSER_APP = re.compile(r"browser|chrome|firefox|opera|\bbrave\b|duckduckgo", re.IGNORECASE)

_FROZEN_ANDROID = re.compile(r"\(Linux; Android 10; K\)")
_FROZEN_MAC = re.compile(r"Mac OS X 10_15_7")
_FROZEN_WINDOWS = "Windows NT 10.0"
_VERSION = re.compile(r"^\d{1,4}(\.\d{1,6}){0,3}$", re.ASCII)

_WINDOWS_11_PLATFORM = 13
"""Sec-CH-UA-Platform-Version from which Windows is 11 (learn.microsoft.com, "Detect Windows 11")."""


class Devices:
    """Describes devices and remembers the latest."""

    def __init__(self) -> None:
        self.find = lru_cache(maxsize=AGENTS_KEPT)(self._find)

    @staticmethod
    def _find(agent: str | tuple[str, Hints]) -> Device:
        return describe(agent) if isinstance(agent, str) else describe(*agent)


def describe(text: str, hints: Hints = NO_HINTS) -> Device:
    """Say what the user agent and its hints tell about the device."""
    text = text[:MAX_TEXT]
    platform_version = _version(hints.platform_version)
    agent = ParsedAgent(text)
    thawed = _thawed(text, _unquoted(hints.model), platform_version)
    if thawed != text:
        # Hints say which device and version it is; they have no say in whether it is a browser or a bot.
        described = ParsedAgent(thawed)
        if not described.is_bot:
            agent.os, agent.device = described.os, described.device
    finding = inspect_agent(text, _known(agent.browser.family) or _SPIDER if agent.is_bot else "")
    os_version = agent.os.version_string
    if agent.os.family == "Windows" and _FROZEN_WINDOWS in text and platform_version:
        os_version = "11" if int(platform_version.split(".")[0]) >= _WINDOWS_11_PLATFORM else "10"
    return Device(
        "bot" if finding.is_bot else _device_type(agent, hints.mobile),
        _brand(agent.device.brand),
        "" if agent.is_bot else _known(agent.device.model),
        _known(agent.os.family),
        os_version,
        _known(agent.browser.family),
        agent.browser.version_string,
        not finding.is_bot and (_IN_APP.search(text) is not None or _is_app(hints.app)),
        finding.is_bot,
        finding.bot_family,
        finding,
    )


def _thawed(text: str, model: str, platform_version: str) -> str:
    """Put what the hints say in place of the parts that browsers freeze."""
    if model or platform_version:
        system = f"(Linux; Android {platform_version or '10'}; {model or 'K'})"
        text = _FROZEN_ANDROID.sub(lambda _: system, text)
    if platform_version:
        text = _FROZEN_MAC.sub("Mac OS X " + platform_version.replace(".", "_"), text)
    return text


def _parts(*parts: str | None) -> list[str | None]:
    """Return the parts of a version without those the package would fail on: it takes ² for a number."""
    return [part if part is not None and part.isascii() else None for part in parts]


def _device_type(agent: Any, mobile_hint: str) -> str:
    """Return mobile, tablet, desktop or other.

    The package takes any Android without "Mobile Safari" for a tablet, and a browser with Mobile in its
    family for a phone, even when both are true; the word Mobile and the device's name decide those.
    """
    text = agent.ua_string
    if agent.device.family in TABLET_DEVICE_FAMILIES:
        return "tablet"
    is_mobile = agent.is_mobile
    if agent.is_tablet:
        phone = "Mobi" in text or "Mini" in text or "Dalvik" in text or "[FB" in text
        return "mobile" if phone else "tablet"
    if is_mobile:
        return "mobile"
    if agent.is_pc:
        return "desktop"
    return "mobile" if mobile_hint == "?1" else "other"


def _known(name: str | None) -> str:
    return "" if name is None or name in _PLACEHOLDERS else name


def _brand(name: str | None) -> str:
    return "" if name is None or name.startswith(_PLACEHOLDER_BRANDS) else name


def _unquoted(hint: str) -> str:
    """Return a hint's text: a structured-field string, without its quotes and anything odd inside."""
    return "".join(c for c in hint.strip().strip('"')[:64] if c.isprintable() and c not in '();"\\')


def _version(hint: str) -> str:
    text = _unquoted(hint)
    return text if _VERSION.match(text) else ""


def _is_app(requested_with: str) -> bool:
    return (
        bool(requested_with) and bool(_APP_NAME.match(requested_with)) and not _BROWSER_APP.search(requested_with)
    )
