"""Forms made from what the API declares of a body: a field for each field, with its own explanation and bounds.

A new field of the API is in its form by itself, in the last group until a form says where it belongs. Nested parts
(targeting, steps of a price, parameters of a link) are flat fields with dotted names, so that a browser without
scripts can send them: lists are lines, and rows are fields of one name in their order. Reading and writing these
values is ``form_values``. Invariant: this module knows types of fields, never which fields there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from partners.fields import Destination, Email, FallbackUrl, HookUrl, Note, PlainUrl

Kind: TypeAlias = Literal[
    "text", "long", "url", "email", "number", "money", "check", "choice", "several", "lines", "moment", "day",
    "reference", "hours", "rows",
]  # fmt: skip
Choice: TypeAlias = tuple[str, str]
"""What is sent, and what is shown."""

MOST_CHOSEN: Final = 300
"""Entries that are chosen from a list; among more they are searched by name."""

REST: Final = "More"
"""Heading of the fields that no group names."""

_MARKS: Final[tuple[tuple[Any, Kind], ...]] = (
    *((get_args(kind)[1], "url") for kind in (Destination, FallbackUrl, HookUrl, PlainUrl)),
    (get_args(Email)[1], "email"),
    (get_args(Note)[1], "long"),
)
"""What tells kinds of text apart: the check each of them has."""

_ACRONYMS: Final = {"url": "URL", "id": "id", "utm": "UTM", "os": "system"}


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a form, or rows of such."""

    name: str
    """Dotted: targeting.country.allow."""
    label: str
    kind: Kind
    help: str = ""
    required: bool = False
    can_be_none: bool = False
    """Empty stands for null."""
    choices: tuple[Choice, ...] = ()
    columns: tuple[Input, ...] = ()
    """Of rows."""
    keyed: bool = False
    """Rows are an object by their first column, else a list."""
    source: str = ""
    """The API's list that a reference is searched in: partners."""
    default: str = ""
    """What a new entry has unless said otherwise, as the field holds it."""
    least: int | None = None
    most: int | None = None

    @property
    def key(self) -> str:
        """The field's name within its part."""
        return self.name.rpartition(".")[2]

    @property
    def offered(self) -> tuple[Choice, ...]:
        """The choices, with an empty one before them where nothing may be, or was not yet, chosen."""
        if any(not value for value, _ in self.choices):
            return self.choices
        if self.can_be_none:
            return (("", "none"), *self.choices)
        return self.choices if self.default else (("", "Choose"), *self.choices)

    @property
    def is_searched(self) -> bool:
        """Whether there are too many choices for a list."""
        return len(self.choices) > MOST_CHOSEN

    @property
    def html_kind(self) -> str:
        """What HTML calls the field."""
        kinds = {"number": "number", "moment": "datetime-local", "day": "date", "email": "email"}
        return kinds.get(self.kind, "text")

    def named(self, value: str) -> str:
        """Return an entry as lists of many suggest it: Nora (7)."""
        return next((f"{said} ({value})" for chosen, said in self.choices if chosen == value), value)


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that are one object of the body."""

    name: str
    label: str
    help: str
    items: tuple[Input | Part, ...]
    can_be_none: bool = False

    @property
    def key(self) -> str:
        """The part's name within the one around it."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together for people."""

    title: str
    names: tuple[str, ...]
    is_open: bool = True
    """Else it is folded until somebody opens it."""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A group with its fields, as a page shows it."""

    title: str
    is_open: bool
    help: str
    items: tuple[Input | Part, ...]

    def has_problem(self, problems: Mapping[str, str]) -> bool:
        """Return whether one of its fields, or of theirs, has a problem, so that it isn't folded away."""
        names = tuple(node.name for node in self.items)
        return any(name == one or name.startswith(f"{one}.") for name in problems for one in names)


@dataclass(frozen=True, slots=True)
class Words:
    """What a form says otherwise than the field's own name and choices would."""

    labels: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    """By dotted name: the entries a field may name, or other words for its values."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """By dotted name: the API's list of which the choices are the first."""
    helps: Mapping[str, str] = field(default_factory=dict)
    """By dotted name: what is said of a field where the API speaks of JSON."""


def tree(model: type[BaseModel], words: Words, explained_by: type[BaseModel] | None = None) -> list[Input | Part]:
    """Return the fields of a body.

    Args:
        model: What the API reads.
        words: Labels and choices.
        explained_by: The model that describes the same fields, where this one says less, as changes do.

    """
    explaining = {} if explained_by is None else explained_by.model_fields
    return [_node("", name, told, explaining.get(name), words) for name, told in model.model_fields.items()]


def grouped(nodes: Sequence[Input | Part], groups: Sequence[Group], without: Sequence[str] = ()) -> list[Shown]:
    """Return the fields in their groups, those that no group names in one of their own.

    Args:
        nodes: Of ``tree``.
        groups: In the page's order.
        without: Fields that the page sets itself.

    """
    left = {node.name: node for node in nodes if node.name not in without}
    shown = []
    for group in groups:
        items = tuple(left.pop(name) for name in group.names if name in left)
        if items:
            shown.append(Shown(group.title, group.is_open, group.help, items))
    if left:
        is_only = not shown
        shown.append(Shown("" if is_only else REST, is_only, "", tuple(left.values())))
    return shown


def spoken(name: str) -> str:
    """Return a field's name as people say it: min_conversion_seconds is Min conversion seconds."""
    words = [_ACRONYMS.get(word, word) for word in name.removesuffix("_id").removesuffix("_").split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _node(prefix: str, name: str, told: FieldInfo, explained: FieldInfo | None, words: Words) -> Input | Part:
    dotted = f"{prefix}{told.alias or name}"
    core, can_be_none, metadata = _core(told.annotation, tuple(told.metadata))
    described = told.description or (explained.description if explained else "") or ""
    help_ = words.helps.get(dotted, described)
    label = words.labels.get(dotted) or spoken(name)
    if isinstance(core, type) and issubclass(core, BaseModel):
        items = tuple(_node(f"{dotted}.", inner, one, None, words) for inner, one in core.model_fields.items())
        return Part(dotted, label, help_ or _sentence(core), items, can_be_none)
    bounds = _bounds(metadata)
    declared = explained or told  # a change needs no field, but what is needed can't be emptied
    base = Input(
        dotted, label, "text", help_, declared.is_required(), can_be_none, default=_default(declared),
        least=bounds[0], most=bounds[1],
    )  # fmt: skip
    return _typed(base, core, metadata, words)


def _typed(base: Input, core: Any, metadata: tuple[Any, ...], words: Words) -> Input:
    """Return the input with the kind that its type asks for."""
    known = words.choices.get(base.name)
    if get_origin(core) is list:
        return _of_list(base, get_args(core)[0], words)
    if get_origin(core) is dict:
        return _of_mapping(base, get_args(core)[1], words)
    kind: Kind
    choices: tuple[Choice, ...] = tuple(known or ())
    if known is not None:
        kind = "reference" if core is int else "choice"
    elif get_origin(core) is Literal:
        kind, choices = "choice", tuple((str(value), spoken(str(value))) for value in get_args(core))
    else:
        plain: dict[Any, Kind] = {
            bool: "check", int: "number", float: "number", Decimal: "money", date: "day",
            datetime: "moment", AwareDatetime: "moment",
        }  # fmt: skip
        kind = plain.get(core) or _kind_of_text(metadata)
    return replace(base, kind=kind, choices=choices, source=words.sources.get(base.name, ""))


def _of_list(base: Input, inner: Any, words: Words) -> Input:
    core, _, _ = _core(inner, ())
    if get_origin(core) is Literal:
        choices = tuple((str(value), spoken(str(value))) for value in get_args(core))
        return replace(base, kind="several", choices=choices)
    if isinstance(core, type) and issubclass(core, BaseModel):
        columns = tuple(_column(base.name, name, told, words) for name, told in core.model_fields.items())
        # The number that a row begins at stands before what it brings.
        ordered = tuple(sorted(columns, key=lambda one: not one.required))
        return replace(base, kind="rows", columns=ordered)
    return replace(base, kind="hours" if core is int else "lines")


def _of_mapping(base: Input, inner: Any, words: Words) -> Input:
    core, _, _ = _core(inner, ())
    name = f"{base.name}.[key]"
    known = words.choices.get(name)
    label = words.labels.get(name, "Name")
    key = Input(name, label, "choice" if known else "text", required=True, choices=tuple(known or ()))
    if isinstance(core, type) and issubclass(core, BaseModel):
        columns = tuple(
            _column(base.name, inner_name, told, words) for inner_name, told in core.model_fields.items()
        )
    else:
        columns = (Input(f"{base.name}.[value]", "Value", "text"),)
    return replace(base, kind="rows", columns=(key, *columns), keyed=True)


def _column(prefix: str, name: str, told: FieldInfo, words: Words) -> Input:
    made = _node(f"{prefix}.", name, told, None, words)
    if not isinstance(made, Input):
        raise TypeError(f"{made.name}: a row's field can't have fields of its own")
    return made


def _core(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, bool, tuple[Any, ...]]:
    """Return the type inside of Annotated and Optional, whether it may be None, and what is said of it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        said = [one for part in more for one in (part.metadata if isinstance(part, FieldInfo) else [part])]
        return _core(inner, (*metadata, *said))
    if origin in {Union, UnionType}:
        options = [one for one in get_args(annotation) if one is not NoneType]
        can_be_none = len(options) < len(get_args(annotation))
        # A value that is checked, or '' for none: the empty field says the latter.
        checked = next((one for one in options if get_origin(one) is not Literal or get_args(one) != ("",)), str)
        core, inner_none, metadata = _core(checked, metadata)
        return core, can_be_none or inner_none, metadata
    return annotation, False, metadata


def _bounds(metadata: tuple[Any, ...]) -> tuple[int | None, int | None]:
    least = next((int(one.ge) for one in metadata if isinstance(one, Ge) and isinstance(one.ge, int)), None)
    most = next((int(one.le) for one in metadata if isinstance(one, Le) and isinstance(one.le, int)), None)
    return least, most


def _kind_of_text(metadata: tuple[Any, ...]) -> Kind:
    for mark, kind in _MARKS:
        if any(mark is one for one in metadata):
            return kind
    return "text"


def _default(told: FieldInfo) -> str:
    match told.default:
        case bool() as flag:
            return "true" if flag else ""
        case str() | int() as plain:
            return str(plain)
        case Decimal() as amount:
            return format(amount, "f")
        case _:  # none, a list, a part, or what a change leaves out
            return ""


def _sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0].partition(" Each but")[0]
