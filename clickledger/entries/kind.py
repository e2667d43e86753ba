"""The five commands of one kind, made of its resource."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from clickledger.entries.fields import REFERENCES, Option, option
from clickledger.program_entries import Limit, OnlyJson, create, given, identify, show, show_list
from clickledger.service import Service
from partners.resources import Resource

Sort = Annotated[
    str | None, typer.Option("--sort", help="Such as -created_at,name; - means descending.", show_default=False)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


@dataclass(frozen=True, slots=True)
class Kind:
    """What the command line adds to a resource's own declaration."""

    resource: Resource
    columns: tuple[str, ...]
    """What a list shows; ``--json`` has everything."""
    help: str
    """A sentence: Partners send traffic and are paid for it."""
    argument: str = ""
    """Field that is typed as an argument when an entry is created; '' for none."""
    found_by: str = ""
    """Field by which an entry is found beside its id; unique."""
    command: str = ""
    """Name of the group; default: the resource's word."""

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/v1/{self.resource.path}"

    @property
    def name(self) -> str:
        """Name of the group of commands."""
        return self.command or self.resource.word.replace(" ", "-")

    def find(self, service: Service, text: str) -> int:
        """Return the id of the entry that is called so."""
        return identify(service, self.path, self.resource.word, text, by=self.found_by, command=self.name)


def group_of(kind: Kind) -> typer.Typer:
    """Return the group with the commands every kind has."""
    group = typer.Typer(help=kind.help, no_args_is_help=True)
    group.command("create")(_create(kind))
    group.command("list")(_list(kind))
    group.command("show")(_show(kind))
    group.command("change")(_change(kind))
    if kind.resource.deletable:
        group.command("delete")(_delete(kind))
    return group


def _create(kind: Kind) -> Callable[..., None]:
    fields = kind.resource.creating.model_fields
    options = [option(name, field) for name, field in fields.items()]
    parameters: list[inspect.Parameter] = []
    for one in options:
        required = fields[one.field].is_required()
        if one.field == kind.argument:
            parameters.insert(0, _parameter(one.parameter, one.argument()))
        else:
            default = inspect.Parameter.empty if required else None
            parameters.append(_parameter(one.parameter, one.annotation(required=required), default))

    def run(*, only_json: bool = False, **typed: Any) -> None:
        create(kind.path, _body(Service.find(), options, typed), only_json=only_json)

    return _command(run, parameters, f"Create {_one(kind)}.", only_json=True)


def _list(kind: Kind) -> Callable[..., None]:
    resource = kind.resource
    options = [_narrowing(name, FieldInfo(annotation=annotation)) for name, annotation in resource.filters.items()]
    parameters = [_parameter(one.parameter, one.annotation(required=False), None) for one in options]
    if resource.named_by:
        search = typer.Option(
            "--search", help=f"Only those whose {resource.named_by} contains this.", show_default=False
        )
        parameters.append(_parameter("q", Annotated[str | None, search], None))
    parameters += [_parameter("sort", Sort, None), _parameter("limit", Limit, None)]

    def run(*, only_json: bool = False, limit: int | None = None, sort: str | None = None, **typed: Any) -> None:
        service = Service.find()
        filters = _body(service, options, typed) | given(q=typed.get("q"), sort=sort)
        asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in filters.items()}
        show_list(kind.path, asked, kind.columns, limit, only_json=only_json)

    return _command(run, parameters, f"List {resource.plural}.", only_json=True)


def _show(kind: Kind) -> Callable[..., None]:
    def run(*, entry: str, only_json: bool = False) -> None:
        service = Service.find()
        show(service.get(f"{kind.path}/{kind.find(service, entry)}"), only_json=only_json)

    return _command(run, [_entry(kind)], f"Show {_one(kind)} whole.", only_json=True)


def _change(kind: Kind) -> Callable[..., None]:
    explained = kind.resource.creating.model_fields
    options = [
        option(name, field, explained.get(name), removable=True)
        for name, field in kind.resource.changing.model_fields.items()
    ]
    parameters = [
        _entry(kind),
        *(_parameter(one.parameter, one.annotation(required=False), None) for one in options),
    ]

    def run(*, entry: str, only_json: bool = False, **typed: Any) -> None:
        service = Service.find()
        body = _body(service, options, typed)
        if not body:
            raise typer.BadParameter(f"Name what shall change; see 'clickledger {kind.name} change --help'.")
        show(service.patch(f"{kind.path}/{kind.find(service, entry)}", body), only_json=only_json)

    return _command(run, parameters, f"Change {_one(kind)}; what isn't named stays.", only_json=True)


def _delete(kind: Kind) -> Callable[..., None]:
    def run(*, entry: str, yes: bool = False) -> None:
        service = Service.find()
        entry_id = kind.find(service, entry)
        if not yes:
            typer.confirm(f"Delete {kind.resource.word} {entry_id}?", abort=True, err=True)
        service.delete(f"{kind.path}/{entry_id}")

    return _command(
        run, [_entry(kind), _parameter("yes", Yes, default=False)], f"Delete {_one(kind)}.", only_json=False
    )


def _narrowing(name: str, field: FieldInfo) -> Option:
    """Return the option that narrows a list to one value of a field."""
    made = option(name, field)
    if name in REFERENCES:
        return made
    words = name.replace("_", " ")
    # A help that is the name once more says nothing.
    further = "" if made.help.rstrip(".").lower() == words else f" {made.help}"
    return Option(name, made.name, made.type, f"Only those of this {words}.{further}", made.read)


def _body(service: Service, options: list[Option], typed: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed as the API's fields."""
    return {
        one.field: one.read(service, typed[one.parameter])
        for one in options
        # Repeatable options that nobody gave come as None or, from older click versions, as nothing at all.
        if typed.get(one.parameter) is not None and typed[one.parameter] != []
    }


def _entry(kind: Kind) -> inspect.Parameter:
    known = f"{kind.found_by.capitalize()} or id" if kind.found_by else "Id"
    argument = typer.Argument(
        help=f"{known} of the {kind.resource.word}.", metavar=kind.resource.word.upper().replace(" ", "_")
    )
    return _parameter("entry", Annotated[str, argument])


def _one(kind: Kind) -> str:
    word = kind.resource.word
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _command(
    run: Callable[..., None], parameters: list[inspect.Parameter], text: str, *, only_json: bool
) -> Callable[..., None]:
    """Give a function the signature and the help that the command line reads off it."""
    if only_json:
        parameters = [*parameters, _parameter("only_json", OnlyJson, default=False)]

    def command(**typed: Any) -> None:
        run(**typed)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = text
    return command
