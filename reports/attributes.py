"""Attributes as parameters: what the directory knows of a dimension's ids, bound for the statements that use it.

Invariants: ids and values leave in one order; what is bound under a dimension's name is the same however
often it is bound in a statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.bindings import Bindings
from reports.names import Attributes, Names
from reports.registry import Dimension
from reports.registry.attribute import SEPARATOR, ids_of, values_of


@dataclass(frozen=True, slots=True)
class _Known:
    """An attribute of everybody as two arrays, and what they were made of."""

    made_of: Attributes
    ids: list[int]
    texts: list[str]
    """The ids as events write them in text columns."""
    joined: list[str]


_known: dict[str, _Known] = {}
"""The last of each kind: a directory gives the same mapping until the program changes."""


def bind_attribute(bindings: Bindings, names: Names, dimension: Dimension) -> None:
    """Bind what the dimension's expressions look its attribute up in; nothing for any other dimension."""
    attribute = dimension.attribute
    if attribute is None:
        return
    known = _arrays(attribute.kind, names.attributes(attribute.kind))
    ids = known.ids if attribute.id_type == "UInt32" else known.texts
    bindings.bind(ids_of(dimension.name), f"Array({attribute.id_type})", ids)
    bindings.bind(values_of(dimension.name), "Array(String)", known.joined)


def _arrays(kind: str, attributes: Attributes) -> _Known:
    known = _known.get(kind)
    if known is None or known.made_of is not attributes:
        ids = list(attributes)
        joined = [SEPARATOR.join(attributes[one]) for one in ids]
        known = _known[kind] = _Known(attributes, ids, [str(one) for one in ids], joined)
    return known
