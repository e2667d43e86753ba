"""What a dimension is, and the few shapes nearly all dimensions have.

A dimension is grouped by a cheap key inside each table's own aggregation and turned into the value a
reader sees (``show``) where the tables meet; two keys that show the same value, like the two hours
called 01:00 on the day the clocks go back, are one row there.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import Literal

from kernel.clickhouse.columns import HOURLY_KEYS

DimensionKind = Literal["text", "number", "bool", "time", "id", "labels"]
"""text; number; bool; time (sortable text in the report's zone); id (shown as a name); labels (several a row)."""

DimensionGroup = Literal[
    "time", "who", "what", "labels", "where", "network", "device", "origin", "quality", "conversion"
]

TIME_ZONE = "{tz:String}"
"""The placeholder under which the report's time zone reaches a statement."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the program, today, knows of the ids that events carry; see ``reports.registry.attribute``."""

    kind: str
    """Under which the directory knows it."""
    id_type: Literal["UInt32", "String"] = "UInt32"
    """String: events name the entry in a text that may as well be anything else."""
    by_id: bool = True
    """The dimension's key is the id; False: a side's expression gives the value itself."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something a report can be sliced by.

    ``clicks``, ``conversions`` and ``rollup`` are the grouping key as an expression over a row of that
    table; None where the table can't tell.
    """

    name: str
    label: str
    help: str
    group: DimensionGroup
    kind: DimensionKind
    columns: tuple[str, ...]
    """Columns the expressions read."""
    clicks: str | None
    conversions: str
    rollup: str | None
    show: str = "$x"
    """From the key to the value shown; ``$x`` stands for the key."""
    order: str = "$x"
    """What the shown value sorts by."""
    array: str = ""
    """For ``labels``: the row's labels as an array that is never empty; filters look into it."""
    names: str = ""
    """For ``id``: the kind under which the directory knows the names."""
    empty: str = ""
    """The value that stands for "unknown", where it isn't the kind's own."""
    attribute: Attribute | None = None
    """For what the directory knows of an id: its expressions name parameters that ``reports.attributes`` binds."""

    def shown(self, key: str) -> str:
        """Return the expression of the shown value for the expression of its key."""
        return Template(self.show).substitute(x=key)

    def ordered(self, shown: str) -> str:
        """Return the expression to sort by for the expression of the shown value."""
        return Template(self.order).substitute(x=shown)

    @property
    def on_conversions_only(self) -> bool:
        """Whether clicks know nothing of it, so that click metrics are null beside it."""
        return self.clicks is None


def column(
    name: str,
    label: str,
    text: str,
    group: DimensionGroup,
    kind: DimensionKind = "text",
    source: str = "",
) -> Dimension:
    """Return a dimension that is a column of clicks and of conversions; ``source`` if it is named otherwise."""
    read = source or name
    return Dimension(name, label, text, group, kind, (read,), read, read, read if read in HOURLY_KEYS else None)


def numbered(prefix: str, count: int, label: str, text: str, *, clicks: bool = True) -> tuple[Dimension, ...]:
    """Return ``prefix1`` to ``prefix<count>``, labels somebody else chose."""
    names = [(f"{prefix}{n}", f"{label} {n}") for n in range(1, count + 1)]
    if clicks:
        return tuple(column(name, shown, text, "labels") for name, shown in names)
    return tuple(
        Dimension(name, shown, text, "labels", "text", (name,), None, name, None) for name, shown in names
    )


def named(name: str, label: str, text: str, group: DimensionGroup, names: str = "") -> Dimension:
    """Return a dimension over an integer id that is shown as the name of what it identifies.

    ``names`` is the kind under which the directory knows them, where it isn't the dimension's own name.
    """
    read = f"{name}_id"
    rollup = read if read in HOURLY_KEYS else None
    return Dimension(name, label, text, group, "id", (read,), read, read, rollup, names=names or name)


def on_conversions(
    name: str, label: str, text: str, *, source: str = "", also: str = "", expression: str = "", order: str = "$x"
) -> Dimension:
    """Return a dimension only conversions have; ``also`` is a second column that its expression reads."""
    read = source or name
    columns = (read, also) if also else (read,)
    return Dimension(name, label, text, "conversion", "text", columns, None, expression or read, None, order=order)


def moment(
    name: str,
    label: str,
    text: str,
    key: str,
    show: str = "$x",
    kind: DimensionKind = "time",
    *,
    hourly: bool = True,
) -> Dimension:
    """Return a dimension of the event's own time; ``$t`` in ``key`` stands for the table's time column."""
    template = Template(key)
    raw = template.substitute(t="ts")
    rollup = template.substitute(t="hour") if hourly else None
    # Midnight is hour 0 and known like any other; no time is -1.
    empty = "-1" if kind == "number" else ""
    return Dimension(name, label, text, "time", kind, ("ts",), raw, raw, rollup, show=show, empty=empty)
