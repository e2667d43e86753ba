"""Prices, targeting and states in words, for pages. Pure, but for the viewer's way to write numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reports.web import form_hours
from reports.web.viewer import Viewer

STATES: Final = {
    **dict.fromkeys(("approved", "active", "fine"), "good"),
    **dict.fromkeys(("pending", "paused", "suspended"), "warn"),
    **dict.fromkeys(("rejected", "banned", "ended", "fraud"), "bad"),
}
"""The colour of a state; what isn't here has none."""

_WHO: Final = {
    "country": "countries",
    "region": "regions",
    "device": "devices",
    "os": "operating systems",
    "browser": "browsers",
    "language": "languages",
    "connection": "connections",
}
MOST_NAMED: Final = 12
"""Values of a list that are named; of more it says how many there are."""


def price(show: Viewer, entry: Mapping[str, Any], side: str, currency: str) -> str:
    """Return what a conversion is worth on one side, payout or revenue; '' where nothing is said."""
    fixed, percent = entry.get(side), entry.get(f"{side}_percent")
    parts = []
    if fixed is not None and (float(fixed) or not percent):
        parts.append(show.money(fixed, currency))
    if percent:
        parts.append(f"{show.number(percent)} %")
    rules = entry.get(f"{side}_rules") or {}
    more = [f"{len(rules[name])} {word}" for name, word in (("countries", "by country"), ("steps", "by steps"))
            if rules.get(name)]  # fmt: skip
    said = " + ".join(parts)
    return f"{said} ({', '.join(more)})" if more else said


def rules(show: Viewer, told: Mapping[str, Any] | None, currency: str) -> list[str]:
    """Return a sentence for each price that replaces the plain one."""
    told = told or {}
    said = [
        f"{_amount(show, one, currency)} in {country}" for country, one in (told.get("countries") or {}).items()
    ]
    is_amount = told.get("steps_by") == "amount"
    period = told.get("steps_period", "month")
    counted = "" if is_amount else ("conversions in all" if period == "total" else f"conversions a {period}")
    for step in told.get("steps") or ():
        begin = show.money(step["from"], currency) + " of a sale" if is_amount else (
            f"{show.number(step['from'])} {counted}"
        )  # fmt: skip
        said.append(f"{_amount(show, step, currency)} from {begin} on")
    return said


def targeting(told: Mapping[str, Any] | None) -> list[str]:
    """Return a sentence for each thing that must hold of a visitor; none for an offer that is for everybody."""
    told = told or {}
    said = []
    for name, word in _WHO.items():
        of_name = told.get(name) or {}
        if of_name.get("allow"):
            said.append(f"Only {word}: {_listed(of_name['allow'])}.")
        if of_name.get("deny"):
            said.append(f"Not {word}: {_listed(of_name['deny'])}.")
    if told.get("hours"):
        hours = form_hours.written(told["hours"]).replace("\n", "; ")
        said.append(f"Only at these hours ({told.get('timezone', 'UTC')}): {hours}.")
    return said


def state(word: str) -> str:
    """Return the colour of a state."""
    return STATES.get(word, "plain")


def _listed(values: Sequence[Any]) -> str:
    named = ", ".join(str(value) for value in values[:MOST_NAMED])
    more = len(values) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _amount(show: Viewer, one: Mapping[str, Any], currency: str) -> str:
    parts = [show.money(one["fixed"], currency)] if one.get("fixed") and float(one["fixed"]) else []
    if one.get("percent"):
        parts.append(f"{show.number(one['percent'])} %")
    return " + ".join(parts) or show.money(0, currency)
