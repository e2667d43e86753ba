"""The page about the program, written from the resources; CI checks that it is current."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from kernel.macro_names import CLICK_MACROS, CONVERSION_MACROS
from partners.resources import RESOURCES, Resource
from partners.resources.actions import NEED_REASON, TRANSITIONS
from partners.resources.listing import DEFAULT_LIMIT, MAX_LIMIT
from partners.schemas import DuplicatePolicy, PriceRules, Step, Targeting

PAGE = "docs/program.md"

_HEAD = f"""# The program

<!-- Made from the resources in partners/ by partners/reference.py; change it there. -->

Advertisers own offers, partners promote them through links, and the network in between sets the prices and the
rules. All of it is kept in the SQL database, changed over `/api/v1/` (described in `/openapi.json`) or with
`clickledger` commands, and known to every edge within a second.

## Reading and changing

`GET /api/v1/<kind>` lists: narrowed by `<field>=<value>` (again for several values, any of which will do) and by
`q`, a part of the name; sorted by `sort=-created_at,name` (`-` descends); `limit` entries a page ({DEFAULT_LIMIT}
unless said otherwise, {MAX_LIMIT} at most). `next_cursor` of the answer is the `cursor` of the next page, with the
same sort; entries that are added meanwhile neither shift nor repeat others.

`POST` creates, `PATCH /api/v1/<kind>/<id>` changes the fields that the body names and no others, `DELETE` deletes
what nothing else names (`in_use` otherwise). Advertisers, partners and offers are never deleted, because clicks
name them for ever: they have a status.

Every entry has a `revision`, which grows with each change and is its `ETag`. Send it back as `If-Match` and a
change that would undo somebody else's is refused with 412 (`changed_meanwhile`); without `If-Match` the last one
wins. What was written is answered after the edges can know it, with the snapshot's version in
`X-Snapshot-Version`. Each change is in the audit log, `GET /api/v1/audit`: who, when, from where, what it was
before and after; of secrets only that they changed.

Money is a decimal string in the offer's currency, exact to six digits. Moments have a zone and are answered in
UTC.

## Who sees what

The network's people (administrators, managers, analysts) see everything. A partner sees itself, its own links,
coupons, hooks, requests and prices, and the offers it may promote, without what the advertiser pays and without
any token. An advertiser sees itself, its own offers with their goals and pages, without what partners get. What
somebody doesn't see answers 404.

A partner may promote an offer when the offer is public (unless its access was rejected), or when its access was
approved: for one of `GET /api/v1/offers-to-ask-for` it asks with `POST /api/v1/offer-access`, into a private one
it is let by the network.

Rule entries, marks and what becomes of disputes are explained in [fraud.md](fraud.md).

## A partner's status

Only an approved partner's clicks pass. `POST /api/v1/partners/<id>/status` with `status` and `reason` changes it;
{" and ".join(sorted(NEED_REASON))} need a reason.

| from | to |
|---|---|
"""

_ROTATION = """
## An advertiser's token

An advertiser signs its postbacks with a token, or sends it along. `POST /api/v1/advertisers/<id>/rotate-token`
with `overlap_hours` makes a new one; the old one is accepted until `previous_token_until`. The token is answered
for one advertiser at a time, to who may change the program and to the advertiser's own keys that may report
conversions.
"""

_MACROS = """
## Macros of hooks

A hook's URL may name, in braces, what a destination may, and what the conversion adds. A partner's own hook can't
name `{revenue}`. A webhook's `secret` is in the answer that made it and never again;
`POST /api/v1/hooks/<id>/rotate-secret` with `overlap_hours` makes a new one, beside which the old one signs until
`previous_secret_until`.

"""


RULES = {
    "Targeting": "Targeting",
    "PriceRules": "Price rules",
    "Step": "Steps",
    "DuplicatePolicy": "Duplicates",
}
"""Titles of the parts that are described for themselves, by their schema."""

_MODELS: tuple[type[BaseModel], ...] = (Targeting, PriceRules, Step, DuplicatePolicy)


def pages() -> dict[str, str]:
    """Return the generated pages: path in the repository -> text."""
    ways = "".join(f"| `{status}` | {_codes(others)} |\n" for status, others in TRANSITIONS.items())
    kinds = "".join(text for resource in RESOURCES for text in _section(resource))
    rules = "".join(
        f"\n## {title}\n\n{_sentence(model)}\n\n{_table(model)}"
        for title, model in zip(RULES.values(), _MODELS, strict=True)
    )
    macros = f"{_MACROS}Of clicks: {_braced(CLICK_MACROS)}.\n\nOf conversions: {_braced(CONVERSION_MACROS)}.\n"
    return {PAGE: _HEAD + ways + _ROTATION + kinds + rules + macros}


def _section(resource: Resource) -> Iterator[str]:
    title = resource.plural.capitalize()
    yield f"\n## {title}\n\n`/api/v1/{resource.path}`. {_sentence(resource.answering)}\n\n"
    yield _table(resource.creating, changeable=set(resource.changing.model_fields))
    filters = [*resource.filters, *(["q"] if resource.named_by else [])]
    yield f"\nNarrowed by {_codes(filters)}; sorted by {_codes(resource.sorts)}."
    if resource.reads != "program:read":
        yield f" Read with the scope `{resource.reads}`, written with `{resource.writes}`."
    if resource.own_scope:
        yield f" Partners {_writes(resource)} their own with the scope `{resource.own_scope}`."
    yield "\n"


def _writes(resource: Resource) -> str:
    words = {"POST": "create", "PATCH": "change", "DELETE": "delete"}
    return ", ".join(word for method, word in words.items() if method in resource.own_writes)


def _table(model: type[BaseModel], changeable: set[str] | None = None) -> str:
    """Return a table of a model's fields; with ``changeable`` also which of them may change."""
    schema = model.model_json_schema(by_alias=True)
    header = ["field", "unless said", *(["changes"] if changeable is not None else []), "what it is"]
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    for name, field in model.model_fields.items():
        shown = field.alias or name
        said = "needed" if field.is_required() else _default(schema["properties"][shown].get("default"))
        changes = [] if changeable is None else ["yes" if name in changeable else ""]
        one = schema["properties"][shown]
        told = [field.description or "", _options(one), _part(one, schema.get("$defs", {}))]
        lines.append(f"| {' | '.join([f'`{shown}`', said, *changes, ' '.join(filter(None, told))])} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None or value == "" or isinstance(value, dict | list):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _options(schema: dict[str, Any]) -> str:
    """Return the values of a field that has only some."""
    for part in (schema, *schema.get("anyOf", ())):
        if "enum" in part:
            return f"One of {_codes([option for option in part['enum'] if option])}."
        if "enum" in part.get("items", {}):
            return f"Out of {_codes(part['items']['enum'])}."
    return ""


def _part(schema: dict[str, Any], parts: dict[str, Any]) -> str:
    """Return what a field with parts of its own is, or where it is described."""
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        name = one.get("$ref", "").rpartition("/")[2]
        if name in RULES:
            return f"See [{RULES[name].lower()}](#{RULES[name].lower().replace(' ', '-')})."
        if name:
            return str(parts[name]["description"])
    return ""


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _codes(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _braced(names: tuple[str, ...]) -> str:
    return " ".join(f"`{{{name}}}`" for name in names)
