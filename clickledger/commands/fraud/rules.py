"""``clickledger fraud rules``: what the rules look at, how they are set, and what follows from them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from clickledger.program_entries import ENTRY_UNKNOWN, OnlyJson, console, everything, given, identify, show
from clickledger.service import Service

RULES = "/api/v1/fraud/rules"
ENTRIES = "/api/v1/fraud/rule-entries"

Code = Annotated[str, typer.Argument(metavar="CODE", help="The rule, such as ip_velocity.")]
Partner = Annotated[
    str | None, typer.Option("--partner", help="For this partner's traffic: name or id.", show_default=False)
]
Offer = Annotated[str | None, typer.Option("--offer", help="On this offer: name or id.", show_default=False)]


def register(commands: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Fraud rules: list them, set them, take settings back.")
    group.command("list")(list_rules)
    group.command("show")(show_rule)
    group.command("set")(set_rule)
    group.command("unset")(unset_rule)
    commands.add_typer(group, name="rules")


def list_rules(partner: Partner = None, offer: Offer = None, *, only_json: OnlyJson = False) -> None:
    """List every rule and how it is set: for everybody, a partner, an offer, or one on the other."""
    service = Service.find()
    told = service.get(RULES, _place(service, partner, offer))
    if only_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("code", "category", "severity", "on", "action", "settings", "entries"):
        table.add_column(column, overflow="fold")
    for rule in told["items"]:
        force = rule["in_force"]
        cells = [
            rule["code"],
            rule["category"],
            rule["severity"] or "",
            "yes" if force["enabled"] else "no",
            _action(force),
            _settings(force["settings"], rule),
            len(rule["entries"]) or "",
        ]
        table.add_row(*(Text(str(cell)) for cell in cells))
    console().print(table)
    typer.echo(f"rules version {told['version']}; settings that are not the default's are marked *", err=True)


def show_rule(code: Code, partner: Partner = None, offer: Offer = None, *, only_json: OnlyJson = False) -> None:
    """Show one rule: what it looks at, what can be set on it, and what is."""
    service = Service.find()
    rule = service.get(f"{RULES}/{code}", _place(service, partner, offer))
    if only_json:
        typer.echo(json.dumps(rule, ensure_ascii=False, indent=2))
        return
    force = rule["in_force"]
    show(
        {
            "code": rule["code"],
            "category": rule["category"],
            "severity": rule["severity"],
            "says": rule["sentence"],
            "help": rule["help"],
            "on": force["enabled"],
            "action": _action(force),
            "may be": rule["actions"],
        },
        only_json=False,
    )
    for title, columns, rows in (
        ("Settings", ("name", "value", "default", "minimum", "maximum", "help"), _valued(rule)),
        ("Entries", ("id", "partner_id", "offer_id", "enabled", "settings", "action", "note"), rule["entries"]),
    ):
        if rows:
            typer.echo("")
            table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
            for column in columns:
                table.add_column(column, overflow="fold")
            for row in rows:
                table.add_row(*(Text(_text(row, column)) for column in columns))
            console().print(table)


def set_rule(
    code: Code,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE", help="Settings, such as per_minute=30.")
    ] = None,
    partner: Partner = None,
    offer: Offer = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Look at it, or don't.", show_default=False)
    ] = None,
    action: Annotated[
        str | None,
        typer.Option(help="What follows: mark, hold, reject, fallback or block.", show_default=False),
    ] = None,
    block: Annotated[
        str | None,
        typer.Option(help="What is blocked: source, sub1, partner, prefix or address.", show_default=False),
    ] = None,
    minutes: Annotated[int | None, typer.Option(help="For how long it is blocked.", show_default=False)] = None,
    note: Annotated[str | None, typer.Option(help="For managers: why.", show_default=False)] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Set a rule for everybody, a partner, an offer, or one on the other; what isn't named stays as it is."""
    service = Service.find()
    place = _place(service, partner, offer)
    known = _entry(service, code, place)
    body: dict[str, Any] = given(enabled=enabled, action=action, block=block, block_minutes=minutes, note=note)
    if settings:
        body["settings"] = (known["settings"] if known else {}) | dict(map(_setting, settings))
    if known is None:
        show(service.post(ENTRIES, {"code": code, **place, **body}), only_json=only_json)
        return
    if not body:
        raise typer.BadParameter("Name what shall be set; see 'clickledger fraud rules set --help'.")
    show(service.patch(f"{ENTRIES}/{known['id']}", body), only_json=only_json)


def unset_rule(
    code: Code,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Settings; none: all that is set there.")
    ] = None,
    partner: Partner = None,
    offer: Offer = None,
) -> None:
    """Take back what is set for everybody, a partner, an offer, or one on the other."""
    service = Service.find()
    known = _entry(service, code, _place(service, partner, offer))
    if known is None:
        raise ENTRY_UNKNOWN.error(f"Nothing is set there; see 'clickledger fraud rules show {code}' for what is.")
    unknown = [name for name in names or () if name not in known["settings"]]
    if unknown:
        raise ENTRY_UNKNOWN.error(f"{unknown[0]!r} isn't set there; these are: {', '.join(known['settings'])}.")
    left = {name: value for name, value in known["settings"].items() if name not in (names or known["settings"])}
    more = any(known[name] is not None for name in ("enabled", "action"))
    if names and (left or more):
        service.patch(f"{ENTRIES}/{known['id']}", {"settings": left})
    else:
        service.delete(f"{ENTRIES}/{known['id']}")
    typer.echo(f"{code}: taken back")


def _place(service: Service, partner: str | None, offer: str | None) -> dict[str, int]:
    place = {}
    if partner is not None:
        place["partner_id"] = identify(service, "/api/v1/partners", "partner", partner)
    if offer is not None:
        place["offer_id"] = identify(service, "/api/v1/offers", "offer", offer)
    return place


def _entry(service: Service, code: str, place: dict[str, int]) -> dict[str, Any] | None:
    """Return the entry of a rule in exactly this place."""
    for entry in everything(service, ENTRIES, {"code": code, **place}):
        if all(entry[name] == place.get(name) for name in ("partner_id", "offer_id")):
            return entry
    return None


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text!r} isn't NAME=VALUE, such as per_minute=30.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _action(force: dict[str, Any]) -> str:
    if force["action"] != "block":
        return str(force["action"])
    return f"block {force['block']} for {force['block_minutes']} min"


def _settings(values: dict[str, Any], rule: dict[str, Any]) -> str:
    defaults = {one["name"]: one["default"] for one in rule["settings"]}
    return " ".join(
        f"{name}={json.dumps(value)}{'' if value == defaults.get(name) else '*'}" for name, value in values.items()
    )


def _valued(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"value": rule["in_force"]["settings"].get(one["name"]), **one} for one in rule["settings"]]


def _text(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if column == "action":
        return "" if value is None else _action(row)
    if isinstance(value, dict):
        return " ".join(f"{name}={json.dumps(one)}" for name, one in value.items())
    return "" if value is None else str(value)
