"""A rule's form: made of its typed settings, read back into an entry as the API takes it.

Invariants: a field that is left empty is not in the entry, so the next wider one speaks; what isn't of the
setting's type is sent as it was typed, so that it is the rule that refuses it, with its own sentence; what a field
says it is when empty is what the wider entries and the default come to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from reports.web.pages.fraud.asking import Row, number_or_text, whole

PREFIX: Final = "settings."
"""How a setting's field is named, as the API names it where it refuses one."""
MOST_DIGITS: Final = 15
"""Of a setting's number; what is longer is beyond every bound."""
ACTIONS: Final = {
    "mark": "Mark only",
    "hold": "Hold the conversion",
    "reject": "Reject the conversion",
    "fallback": "Send the click to the fallback",
    "block": "Block what sent it, for a time",
}
BLOCKS: Final = {
    "source": "its source, for the partner",
    "sub1": "its sub1, for the partner",
    "partner": "the partner",
    "prefix": "its network (/24 or /48)",
    "address": "its address",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose traffic an entry is for: everybody's, an offer's, a partner's, or a partner's on an offer."""

    partner_id: int = 0
    offer_id: int = 0

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Place:
        """Return the place that an address or a form names; what is no id is everybody."""
        return cls(whole(given.get("partner_id", "")) or 0, whole(given.get("offer_id", "")) or 0)

    @property
    def query(self) -> dict[str, Any]:
        """As the API's and the page's address have it."""
        return {"partner_id": self.partner_id or None, "offer_id": self.offer_id or None}

    def holds(self, entry: Row) -> bool:
        """Return whether an entry is of this very place."""
        return (entry.get("partner_id") or 0, entry.get("offer_id") or 0) == (self.partner_id, self.offer_id)

    def wider(self) -> tuple[Place, ...]:
        """Return the places whose entries count here as well, the widest first."""
        road = dict.fromkeys((Place(), Place(0, self.offer_id), Place(self.partner_id, 0)))
        return tuple(place for place in road if place != self)


def own_entry(rule: Row, place: Place) -> Row | None:
    """Return what is set in this very place; None for nothing."""
    return next((entry for entry in rule["entries"] if place.holds(entry)), None)


def otherwise(rule: Row, place: Place) -> Row:
    """Return how a rule is without this place's own entry: enabled, settings, action."""
    found: Row = {
        "enabled": True,
        "settings": {one["name"]: one["default"] for one in rule["settings"]},
        "action": "mark",
    }
    for wider in place.wider():
        entry = own_entry(rule, wider)
        if entry is None:
            continue
        found["enabled"] = found["enabled"] if entry["enabled"] is None else entry["enabled"]
        found["settings"] |= entry["settings"]
        found["action"] = entry["action"] or found["action"]
    return found


def fields(rule: Row, place: Place, entry: Mapping[str, Any] | None) -> list[Row]:
    """Return the fields of a rule's settings.

    Args:
        rule: As the API answers it.
        place: Whose traffic it is for.
        entry: What the fields hold to begin with.

    """
    without, given = otherwise(rule, place)["settings"], (entry or {}).get("settings", {})
    made = []
    for setting in rule["settings"]:
        name, is_choice = setting["name"], setting["type"] == "boolean"
        usual = shown(without[name])
        made.append(
            {
                "name": PREFIX + name,
                "label": name.replace("_", " "),
                "value": shown(given[name]) if name in given else "",
                "help": f"{setting['help']}{_bounds(setting)} {'Unless said' if is_choice else 'Empty'}: {usual}.",
                "choices": [("", f"as it is otherwise: {usual}"), ("yes", "yes"), ("no", "no")]
                if is_choice
                else None,
                "placeholder": "" if is_choice else usual,
                "inputmode": {"integer": "numeric", "number": "decimal"}.get(setting["type"], ""),
            }
        )
    return made


def _bounds(setting: Row) -> str:
    low, high = setting["minimum"], setting["maximum"]
    if low is None or high is None:
        return ""
    return f" From {low:,.10g} to {high:,.10g}." if setting["type"] != "boolean" else ""


def shown(value: Any) -> str:
    """Return a setting's value as a form holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | float):
        text = format(Decimal(str(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return "none" if value is None else str(value)


def entry_of(rule: Row, place: Place, form: Mapping[str, str]) -> Row:
    """Return the entry a form says, as the API takes it."""
    settings: dict[str, Any] = {}
    for setting in rule["settings"]:
        text = form.get(PREFIX + setting["name"], "").strip()
        if text:
            settings[setting["name"]] = _typed(setting["type"], text)
    action = form.get("action") or None
    blocks = action == "block"
    return {
        "code": rule["code"],
        **place.query,
        "enabled": {"yes": True, "no": False}.get(form.get("enabled", "")),
        "settings": settings,
        "action": action,
        "block": (form.get("block") or None) if blocks else None,
        "block_minutes": number_or_text(form.get("block_minutes", "")) if blocks else None,
        "note": form.get("note", ""),
    }


def _typed(kind: str, text: str) -> Any:
    if kind == "boolean":
        return {"yes": True, "no": False}.get(text, text)
    if len(text) > MOST_DIGITS:
        return text
    with suppress(ValueError):
        return int(text) if kind == "integer" else float(text)
    return text


def refilled(entry: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the fields hold after a refusal: what was typed, and nothing else."""
    names: Iterable[str] = (name for name in form if name.startswith(PREFIX))
    settings = {name.removeprefix(PREFIX): form[name] for name in names if form[name]}
    return {**entry, "settings": settings, "block_minutes": form.get("block_minutes", "")}


def in_words(entry: Mapping[str, Any]) -> str:
    """Return what an entry changes, in one line."""
    enabled = entry.get("enabled")
    told = [] if enabled is None else ["on" if enabled else "off"]
    told = [
        *told,
        *(f"{name.replace('_', ' ')} {shown(value)}" for name, value in entry.get("settings", {}).items()),
    ]
    action = entry.get("action")
    if action:
        what, minutes = entry.get("block"), entry.get("block_minutes")
        told.append(ACTIONS[action].lower() + (f": {BLOCKS[what]}, {minutes} min" if what else ""))
    return ", ".join(told)
