"""Whether the configured lists of fraud rules can be read, and which of their lines can't."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from clickledger.doctor.finding import Finding, ok, problem, warning
from fraud.lists import SETTINGS, read_file
from kernel.settings import Settings

OLD_DAYS: Final = 30
"""Addresses change hands; a list that nobody has brought up to date for longer names the wrong ones."""
_DAY_SECONDS: Final = 86_400
_LINES_SHOWN: Final = 5

_GIVES: Final = {
    "fraud_datacenter_list": "datacenter_ip sees only what the Anonymous-IP database knows",
    "fraud_proxy_list": "anonymous_proxy sees only what the Anonymous-IP database knows",
    "fraud_tor_list": "tor_exit finds nothing",
    "fraud_referrer_list": "spam_referrer finds nothing",
}
"""What is missing without the list."""
_GET: Final = {
    "fraud_datacenter_list": "Put the published address ranges of hosting providers into a file, one a line,",
    "fraud_proxy_list": "Put the addresses of public proxies and VPNs into a file, one a line,",
    "fraud_tor_list": "Fetch the Tor Project's bulk exit list daily into a file",
    "fraud_referrer_list": "Put the hosts of a referrer spam list into a file, one a line,",
}


def lists(chosen: Settings) -> Iterator[Finding]:
    """Check every list."""
    for setting in SETTINGS:
        yield _list(chosen, setting)


def _list(chosen: Settings, setting: str) -> Finding:
    name, path = setting.replace("_", " "), getattr(chosen, setting)
    variable = f"CLICKLEDGER_{setting.upper()}"
    if path is None:
        return ok(name, f"not configured: {_GIVES[setting]}", f"{_GET[setting]} and set {variable} to it.")
    try:
        read, broken = read_file(setting, path)
        age_days = (time.time() - path.stat().st_mtime) / _DAY_SECONDS
    except OSError as why:
        return problem(name, f"{path} can't be read: {why}", f"Correct {variable} or the file's permissions.")
    shown = f"{len(read):,} entries in {path}"
    if broken:
        lines = ", ".join(f"line {line} '{text[:60]}'" for line, text in broken[:_LINES_SHOWN])
        more = f" and {len(broken) - _LINES_SHOWN} more" if len(broken) > _LINES_SHOWN else ""
        return warning(name, f"{shown}; skipped {lines}{more}", "Correct or remove these lines.")
    if age_days > OLD_DAYS:
        return warning(name, f"{shown}, unchanged for {age_days:.0f} days", f"{_GET[setting]} again.")
    return ok(name, shown)
