"""From a field of the API to an option of the command line, and back from what was typed to JSON.

Names are a person's: ``--offer`` takes a name or an id where the field is ``offer_id``, a list's option is
repeated and named in the singular, a field with fields of its own takes JSON or ``@file``. Invariants: the
service checks every value; here only the writing is understood; a field that wasn't typed is not sent.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clickledger.program_entries import identify, parameters
from clickledger.service import Service

NOTHING = "none"
"""What is typed to take an optional value away."""

REFERENCES: dict[str, tuple[str, str, str]] = {
    "advertiser_id": ("/api/v1/advertisers", "advertiser", "advertiser"),
    "partner_id": ("/api/v1/partners", "partner", "partner"),
    "offer_id": ("/api/v1/offers", "offer", "offer"),
    "alternative_offer_id": ("/api/v1/offers", "offer", "alternative-offer"),
    "smart_link_id": ("/api/v1/smart-links", "smart link", "smart-link"),
    "tier_id": ("/api/v1/tiers", "tier", "tier"),
    "manager_id": ("/api/v1/users", "user", "manager"),
}
"""Field -> path of what it names, what messages call that, and the option."""

_OPTIONS = {"destination": "url", "parameters": "param"}
"""Options that are not called as their field."""

Read = Callable[[Service, Any], Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name, its type for the command line, its help, and how what was typed is read."""

    field: str
    name: str
    """deep-link-host"""
    type: Any
    help: str
    read: Read

    @property
    def parameter(self) -> str:
        """Name of the function's parameter."""
        return f"given_{self.field}"

    def annotation(self, *, required: bool) -> Any:
        """Return the annotation that makes it an option."""
        switch = f"--{self.name}/--no-{self.name}" if self.type is bool else f"--{self.name}"
        kind = self.type if required else self.type | None
        return Annotated[kind, typer.Option(switch, help=self.help, show_default=False)]

    def argument(self) -> Any:
        """Return the annotation that makes it an argument."""
        return Annotated[self.type, typer.Argument(help=self.help, metavar=self.name.upper().replace("-", "_"))]


def option(name: str, field: FieldInfo, explained: FieldInfo | None = None, *, removable: bool = False) -> Option:
    """Return the option for a field of a body or of a query.

    Args:
        name: The field.
        field: Its declaration.
        explained: Where its help stands, when its own declaration has none.
        removable: Say how an optional value is taken away.

    """
    kind, optional = _plain(field.annotation)
    text = _sentence(field.description or (explained.description if explained else "") or "")
    shown = _OPTIONS.get(name, name).replace("_", "-")
    if name in REFERENCES:
        path, word, shown = REFERENCES[name]
        told = "E-mail address or id" if word == "user" else "Name or id"
        return Option(name, shown, str, f"{text} {told} of the {word}.".strip(), _reference(path, word))
    if name == "members":
        return Option(name, "member", list[str], "OFFER or OFFER=WEIGHT; may be repeated.", _members)
    if kind is bool:
        return Option(name, shown, bool, text or _words(name), lambda _, typed: typed)
    if get_origin(kind) is list:
        singular = shown.removesuffix("s") if not shown.endswith("ss") else shown
        shown = {"statuse": "status"}.get(singular, singular)
        return Option(name, shown, list[str], f"{text} May be repeated.".strip(), _all_of)
    if get_origin(kind) is dict:
        return Option(name, shown, list[str], "NAME=VALUE such as sub1=summer; may be repeated.", _pairs)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = ", ".join(kind.model_fields)
        return Option(name, shown, str, f"{text} JSON, or @file; its fields: {fields}.".strip(), _json)
    choices = _choices(kind)
    if choices and not all(choice in text for choice in choices):
        text = f"{text} {', '.join(choices[:-1])} or {choices[-1]}.".strip() if len(choices) > 1 else text
    elif kind in {datetime, date}:
        text = f"{text} ISO 8601, such as 2026-11-01{'T08:00:00Z' if kind is datetime else ''}.".strip()
    if optional and removable:
        text = f"{text or _words(name)} '{NOTHING}' takes it away."
    if kind is int and not (optional and removable):
        return Option(name, shown, int, text or _words(name), _value)
    return Option(name, shown, str, text or _words(name), _number if kind is int else _value)


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Return the type without its checks, and whether null is one of its values."""
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, types.UnionType}:
            members = get_args(annotation)
            optional = optional or type(None) in members
            left = [member for member in members if member is not type(None)]
            # Of several, such as a code or '', the first is what people write.
            annotation = left[0]
        else:
            return annotation, optional


def _choices(kind: Any) -> tuple[str, ...]:
    return tuple(str(choice) for choice in get_args(kind)) if get_origin(kind) is Literal else ()


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _words(name: str) -> str:
    return f"{name.replace('_', ' ').capitalize()}."


def _value(_service: Service, typed: Any) -> Any:
    return None if typed == NOTHING else typed


def _number(_service: Service, typed: str) -> Any:
    """Return a number that may also be taken away; what is no number goes to the service, which says so."""
    if typed == NOTHING:
        return None
    return int(typed) if typed.isascii() and typed.isdigit() else typed


def _reference(path: str, word: str) -> Read:
    def read(service: Service, typed: str) -> int | None:
        if typed == NOTHING:
            return None
        by = "email" if word == "user" else "name"
        return identify(service, path, word, typed, by=by)

    return read


def _all_of(_service: Service, typed: list[str]) -> list[str]:
    return [] if typed == [NOTHING] else typed


def _pairs(_service: Service, typed: list[str]) -> dict[str, str]:
    return {} if typed == [NOTHING] else parameters(typed) or {}


def _json(_service: Service, typed: str) -> Any:
    if typed == NOTHING:
        return None
    try:
        text = Path(typed[1:]).read_text(encoding="utf-8") if typed.startswith("@") else typed
        return json.loads(text)
    except OSError as why:
        raise typer.BadParameter(f"{typed[1:]} can't be read: {why.strerror}.") from why
    except ValueError as why:
        raise typer.BadParameter(f"That isn't JSON: {why}.") from why


def _members(service: Service, typed: list[str]) -> list[dict[str, int]]:
    found = []
    for text in typed:
        offer, _, weight = text.rpartition("=") if "=" in text else (text, "", "1")
        if not (weight.isascii() and weight.isdigit()):
            raise typer.BadParameter(f"{text!r} isn't OFFER=WEIGHT, such as Shoes=3.", param_hint="--member")
        found.append({"offer_id": identify(service, "/api/v1/offers", "offer", offer), "weight": int(weight)})
    return found
