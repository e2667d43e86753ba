"""The macros of outgoing postbacks as people pick them: what each holds, and a sample for the preview.

Invariant: every macro the renderer knows is here (a test compares), so no preview calls a good one unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from kernel.macro_names import HOOK_MACROS

_SAMPLES: Final[dict[str, tuple[str, str]]] = {
    "partner_click_id": ("The id that the partner gave its click; most trackers want it back", "w7f3kd92"),
    "payout": ("What the partner earns", "12.50"),
    "currency": ("Currency of payout and revenue", "USD"),
    "status": ("approved, pending, hold or rejected", "approved"),
    "goal": ("The goal's code, empty for the base goal", "sale"),
    "txn_id": ("The advertiser's transaction id", "order-7"),
    "amount": ("The sale's amount", "49.90"),
    "revenue": ("What the advertiser pays; empty in a partner's hook", "15.00"),
    "conversion_id": ("The conversion's id here", "AZm6JwAAcJ6EAAAADAuYcXJ0"),
    "reject_reason": ("Why it is rejected or on hold", ""),
    "click_id": ("The click's id here", "AZm6JwAAcJ6EAAAADAuYcXJ0Y2xpY2tz"),
    "offer_id": ("The offer's number", "3"),
    "offer_name": ("The offer's name", "Running shoes"),
    "partner_id": ("The partner's number", "7"),
    "partner_id_hash": ("The partner, without telling who", "5f1d9c2a"),
    "advertiser_id": ("The advertiser's number", "2"),
    "source": ("The click's traffic source", "newsletter"),
    "source_hash": ("The source, without telling which", "8c1be07d"),
    "creative_id": ("The banner or text that was clicked", "banner-1"),
    "coupon": ("Coupon code", ""),
    "country": ("The visitor's country", "DE"),
    "region": ("The visitor's region", "Bavaria"),
    "city": ("The visitor's city", "Munich"),
    "device": ("The kind of device", "mobile"),
    "os": ("Operating system", "Android"),
    "browser": ("Browser", "Chrome"),
    "language": ("The browser's language", "de"),
    "ip": ("The visitor's address", "198.51.100.7"),
    "timestamp": ("When the conversion was first received, in seconds since 1970", "1761998400"),
    "random": ("A random number", "493817265"),
}
_NUMBERED: Final = re.compile(r"(sub|ext|adv)(\d+)(_hash)?")
_NUMBERED_HELP: Final = {"sub": "Sub id", "ext": "Extra parameter", "adv": "The advertiser's label"}
_MACRO: Final = re.compile(r"\{([^{}]*)\}")


def described() -> list[tuple[str, str, str]]:
    """Return each macro's name, help and sample, the most wanted first."""
    found = {name: (name, *told) for name, told in _SAMPLES.items()}
    for name in HOOK_MACROS:
        numbered = _NUMBERED.fullmatch(name)
        if numbered and name not in found:
            kind, number, hashed = numbered.groups()
            told = f"{_NUMBERED_HELP[kind]} {number}" + (", without telling which" if hashed else "")
            found[name] = (name, told, f"{kind}{number}" + ("-hash" if hashed else ""))
    return list(found.values())


def preview(template: str, macros: Sequence[tuple[str, str, str]]) -> tuple[str, list[str]]:
    """Return a URL with samples in the place of its macros, and the macros that nobody knows."""
    samples = {name: sample for name, _, sample in macros}
    unknown = list(dict.fromkeys(name for name in _MACRO.findall(template) if name not in samples))
    shown = _MACRO.sub(lambda found: quote(samples.get(found[1], found[0]), safe="{}"), template)
    return shown, unknown
