"""Rules about what a request shows by itself: its browser, its address, its headers.

Invariants: a rule reads columns and names the rows it concerns, so its cost is one pass over a list; it never
raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from fraud.browser_ages import age_years
from fraud.findings import facts_text
from fraud.places import is_spoken
from fraud.rules.look import Found, Look, Rule
from fraud.rules.settings import BotAgent, Outdated, RuleSettings
from kernel.purposes import is_ahead

_AGENT_CODES: Final = ("http_library", "headless_browser", "empty_user_agent", "malformed_user_agent")

_PLATFORMS: Final = {
    "windows": "Windows",
    "android": "Android",
    "macos": "Mac OS X",
    "ios": "iOS",
    "linux": "Linux",
    "chrome os": "Chrome OS",
    "chromium os": "Chrome OS",
}
"""Sec-CH-UA-Platform (W3C, *User-Agent Client Hints*) -> the system as ua-parser calls it."""
_LINUXES: Final = frozenset({"Linux", "Ubuntu", "Fedora", "Debian", "Red Hat", "SUSE", "CentOS", "Arch Linux"})
_ALIKE: Final = frozenset({frozenset({"Android", "Linux"}), frozenset({"Chrome OS", "Linux"})})
"""Pairs that are no contradiction: Android asked for the desktop site writes a Linux user agent."""
_METHOD: Final = re.compile(r"[A-Za-z]{1,16}")


def _agent_rule(code: str) -> Rule:
    def find(look: Look, _: RuleSettings) -> Found:
        agents = look.traffic.agents
        for row in look.odd_agents.get(code, ()):
            yield row, facts_text(name=agents[row].bot_family) if agents[row].bot_family else ""

    return Rule(code, find)


def _bot(look: Look, settings: RuleSettings) -> Found:
    """Find every program that names itself, unless the setting leaves its kind to the rule that tells it apart."""
    if not isinstance(settings, BotAgent):
        return
    kinds = {"http_library": settings.libraries, "headless_browser": settings.steered_browsers}
    agents = look.traffic.agents
    for code, rows in look.odd_agents.items():
        for row in rows if kinds.get(code, True) else ():
            if agents[row].is_bot:
                yield row, facts_text(name=agents[row].bot_family) if agents[row].bot_family else ""


def _listed(code: str, flagged: Callable[[Look], Sequence[bool]], part: str) -> Rule:
    """Return a rule for addresses that a database flags (``flagged``) or a list names (``part`` of ``Flags``)."""

    def find(look: Look, _: RuleSettings) -> Found:
        rows = dict.fromkeys(row for row, flag in enumerate(flagged(look)) if flag)
        rows.update((row, None) for row, flags in enumerate(look.flags) if getattr(flags, part))
        return [(row, "") for row in rows]

    return Rule(code, find)


def _private(look: Look, _: RuleSettings) -> Found:
    return [(row, "") for row, flag in enumerate(look.traffic.is_private) if flag]


def _spam_referrer(look: Look, _: RuleSettings) -> Found:
    if not look.lists.spam_hosts:
        return []
    hosts = look.traffic.referrer_hosts
    spam = {host: listed for host in dict.fromkeys(hosts) if (listed := look.lists.spam_host(host))}
    return [(row, facts_text(host=spam[host])) for row, host in enumerate(hosts) if host in spam] if spam else []


def _non_get(look: Look, _: RuleSettings) -> Found:
    return [
        (row, facts_text(method=method) if _METHOD.fullmatch(method) else "")
        for row, method in enumerate(look.traffic.methods)
        if method != "GET"
    ]


def _prefetch(look: Look, _: RuleSettings) -> Found:
    purposes = look.traffic.purposes
    return [(row, "") for row, purpose in enumerate(purposes) if is_ahead(purpose)]


def _device_mismatch(look: Look, _: RuleSettings) -> Found:
    traffic = look.traffic
    hinted = [
        row
        for row, (platform, mobile) in enumerate(zip(traffic.hint_platforms, traffic.hint_mobiles, strict=True))
        if platform or mobile
    ]
    for row in hinted:
        device, os = traffic.device_types[row], traffic.oses[row]
        told = contradiction(os, device, traffic.hint_platforms[row], traffic.hint_mobiles[row])
        if told is not None:
            yield row, facts_text(agent=told[0], hint=told[1])


@lru_cache(maxsize=4096)
def contradiction(os: str, device_type: str, platform: str, mobile: str) -> tuple[str, str] | None:
    """Return what user agent and client hints say where they contradict each other, else None.

    Args:
        os: System that the user agent names, as ua-parser calls it.
        device_type: mobile, tablet, desktop, bot or other.
        platform: Sec-CH-UA-Platform, without quotes.
        mobile: Sec-CH-UA-Mobile.

    """
    named = "Linux" if os in _LINUXES else os
    hinted = _PLATFORMS.get(platform.lower(), "")
    if hinted and named in _PLATFORMS.values() and hinted != named and frozenset((hinted, named)) not in _ALIKE:
        return named, hinted
    if mobile == "?1" and device_type == "desktop" and named != "Linux":
        return "a computer", "a phone"
    # Only what calls itself an Android phone: its browser sets the word Mobile and the hint by one switch.
    if mobile == "?0" and device_type == "mobile" and named == "Android" and hinted != "Android":
        return "a phone", "no phone"
    return None


def _outdated(look: Look, settings: Outdated) -> Found:
    traffic = look.traffic
    latest = max(traffic.ts, default=0)
    old = {
        browser
        for browser in set(zip(traffic.browsers, traffic.browser_versions, strict=True))
        if (age_years(*browser, latest) or 0.0) > settings.years
    }
    if not old:
        return
    for row, browser in enumerate(zip(traffic.browsers, traffic.browser_versions, strict=True)):
        # What an app brings along for its own pages follows the device's updates, not the browser's.
        if browser in old and not traffic.is_in_app[row] and not traffic.agents[row].is_bot:
            age = age_years(*browser, traffic.ts[row]) or 0.0
            if age > settings.years:
                major = browser[1].partition(".")[0]
                yield row, facts_text(browser=browser[0], version=major, age=f"{age:.0f}")


def _language(look: Look, _: RuleSettings) -> Found:
    traffic = look.traffic
    foreign = {
        pair: facts_text(language=pair[0], country=pair[1])
        for pair in set(zip(traffic.languages, traffic.countries, strict=True))
        if pair[0] and pair[1] and not is_spoken(*pair)
    }
    if not foreign:
        return []
    pairs = zip(traffic.languages, traffic.countries, strict=True)
    return [(row, foreign[pair]) for row, pair in enumerate(pairs) if pair in foreign]


REQUEST_RULES: Final = (
    Rule("bot_user_agent", _bot),
    *map(_agent_rule, _AGENT_CODES),
    _listed("datacenter_ip", lambda look: look.traffic.is_datacenter, "datacenter"),
    Rule("spam_referrer", _spam_referrer),
    Rule("prefetch", _prefetch),
    Rule("non_get_method", _non_get),
    Rule("private_ip", _private),
    _listed("anonymous_proxy", lambda look: look.traffic.is_proxy, "proxy"),
    _listed("tor_exit", lambda _: (), "tor"),
    Rule("device_mismatch", _device_mismatch),
    Rule("outdated_browser", _outdated),
    Rule("geo_language_mismatch", _language),
)
"""In the order their reasons are found."""
