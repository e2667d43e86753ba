"""Dimensions that are attributes of what an event names: a partner's tier, an offer's tags, as they are today.

Events know ids only. A side groups by the id, which the rollup has too; where the tables meet, the id
becomes the value by two arrays that travel as parameters: the ids that have the attribute and, for each,
its values, joined by a separator that no value contains. A filter is evaluated once over these arrays and
becomes a set of ids, so that the tables' sort key still finds the rows.

Invariants: names and tags are never written into a statement; an id without a value, or one that the
program doesn't know, is under ''.
"""

from __future__ import annotations

from kernel.clickhouse.columns import HOURLY_KEYS
from reports.registry.dimension import Attribute, Dimension, DimensionGroup

SEPARATOR = "\x1f"
"""Between several values of one id; the program's names and tags hold no control characters."""

_SEPARATOR_SQL = "'\\x1f'"


def ids_of(dimension: str) -> str:
    """Return the name of the parameter with the ids that have the attribute."""
    return f"{dimension}_of"


def values_of(dimension: str) -> str:
    """Return the name of the parameter with the values of these ids, joined where an id has several."""
    return f"{dimension}_is"


def attribute(
    name: str, label: str, text: str, group: DimensionGroup, of: str, *, kind: str = "", many: bool = False
) -> Dimension:
    """Return a dimension over an attribute of what a column names.

    Args:
        name: The dimension's name.
        label: What people read.
        text: What it is.
        group: Where it is listed.
        of: The column with the id.
        kind: What the directory calls the attribute, where that isn't ``name``.
        many: An id may have several values, and counts under each.

    """
    known = Attribute(kind or name, "UInt32" if of in _NUMBERED else "String")
    value = _looked_up(name, known, "$x")
    return Dimension(
        name,
        label,
        text,
        group,
        "labels" if many else "text",
        (of,),
        of,
        of,
        of if of in HOURLY_KEYS else None,
        show=f"arrayJoin(splitByChar({_SEPARATOR_SQL}, {value}))" if many else value,
        attribute=known,
    )


def attribute_of_clicks(
    name: str, label: str, text: str, group: DimensionGroup, of: str, kind: str, recorded: str
) -> Dimension:
    """Return a dimension that conversions have recorded in a column and that clicks have by an id of theirs."""
    known = Attribute(kind, by_id=False)
    value = _looked_up(name, known, of)
    rollup = value if of in HOURLY_KEYS else None
    return Dimension(name, label, text, group, "text", (of, recorded), value, recorded, rollup, attribute=known)


def kept(dimension: Dimension, key: str, condition: str, on_nothing: str) -> str:
    """Return the condition that keeps the rows whose attribute passes a filter.

    Args:
        dimension: One whose key is the id.
        key: The id, as an expression over a table's rows.
        condition: The filter over one value, ``x``.
        on_nothing: The filter over ''; constant, so that one of the two sets is all that is left of it.

    """
    several = f"arrayExists(x -> {condition}, splitByChar({_SEPARATOR_SQL}, values))"
    return (
        f"if({on_nothing}, {key} NOT IN ({_ids_where(dimension, f'NOT {several}')}), "
        f"{key} IN ({_ids_where(dimension, several)}))"
    )


_NUMBERED = frozenset({"partner_id", "advertiser_id", "offer_id"})


def _ids_where(dimension: Dimension, condition: str) -> str:
    if dimension.attribute is None:
        raise ValueError(f"{dimension.name} is no attribute")
    given = _parameters(dimension.name, dimension.attribute)
    return f"SELECT arrayJoin(arrayFilter((id, values) -> {condition}, {given}))"


def _parameters(name: str, known: Attribute) -> str:
    return f"{{{ids_of(name)}:Array({known.id_type})}}, {{{values_of(name)}:Array(String)}}"


def _looked_up(name: str, known: Attribute, key: str) -> str:
    found = key if known.id_type == "UInt32" else f"toString({key})"
    return f"transform({found}, {_parameters(name, known)}, '')"
