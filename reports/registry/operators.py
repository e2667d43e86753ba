"""The registry of filter operators: what each means in SQL, on the command line and in words.

In a template ``$x`` stands for the dimension or metric, ``$value`` for the placeholder of the filter's
value (``$low`` and ``$high`` for the two of ``between``) and ``$empty`` for the kind's empty value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.registry.dimension import DimensionKind

Arity = Literal["none", "one", "two", "many"]

MAX_PATTERN = 200
"""Characters of a regular expression; longer ones are programs, not patterns."""

_TEXTS: tuple[DimensionKind, ...] = ("text", "time", "id", "labels")
_ORDERED: tuple[DimensionKind, ...] = ("text", "time", "number")
_SETTABLE: tuple[DimensionKind, ...] = ("text", "time", "number", "id", "labels")


@dataclass(frozen=True, slots=True)
class Operator:
    """A comparison; ``negates`` names the operator whose opposite this one is, and then ``sql`` is empty."""

    name: str
    label: str
    arity: Arity
    sql: str
    kinds: tuple[DimensionKind, ...]
    negates: str = ""
    symbol: str = ""
    """How the command line writes it."""


_POSITIVE: tuple[Operator, ...] = (
    Operator("eq", "is", "one", "$x = $value", (*_SETTABLE, "bool"), symbol="="),
    Operator("in", "is one of", "many", "$x IN $value", _SETTABLE),
    Operator("contains", "contains", "one", "position($x, $value) > 0", _TEXTS, symbol="~"),
    Operator("starts_with", "starts with", "one", "startsWith($x, $value)", _TEXTS),
    Operator("ends_with", "ends with", "one", "endsWith($x, $value)", _TEXTS),
    # The second match is folded while the statement is analysed, so that a pattern that can't be
    # compiled is refused even where no row reaches the first.
    Operator(
        "matches",
        f"matches the RE2 pattern (at most {MAX_PATTERN} characters)",
        "one",
        "(match($x, $value) AND match('', $value) >= 0)",
        _TEXTS,
    ),
    Operator("gt", "is greater than", "one", "$x > $value", _ORDERED, symbol=">"),
    Operator("gte", "is at least", "one", "$x >= $value", _ORDERED, symbol=">="),
    Operator("lt", "is less than", "one", "$x < $value", _ORDERED, symbol="<"),
    Operator("lte", "is at most", "one", "$x <= $value", _ORDERED, symbol="<="),
    Operator("between", "lies between, both ends included", "two", "($x >= $low AND $x <= $high)", _ORDERED),
    Operator("is_set", "is known", "none", "$x != $empty", _SETTABLE),
)

_NEGATIVE: tuple[Operator, ...] = (
    Operator("ne", "is not", "one", "", (*_SETTABLE, "bool"), negates="eq", symbol="!="),
    Operator("not_in", "is none of", "many", "", _SETTABLE, negates="in"),
    Operator("not_contains", "does not contain", "one", "", _TEXTS, negates="contains"),
    Operator("is_not_set", "is unknown or empty", "none", "", _SETTABLE, negates="is_set"),
)

OPERATORS: dict[str, Operator] = {entry.name: entry for entry in (*_POSITIVE, *_NEGATIVE)}
"""Every operator by its name."""

_ON_METRICS = ("eq", "ne", "gt", "gte", "lt", "lte", "between")

METRIC_OPERATORS: dict[str, Operator] = {
    **{name: OPERATORS[name] for name in _ON_METRICS},
    "is_set": Operator("is_set", "is not null", "none", "isNotNull($x)", ()),
    "is_not_set": Operator("is_not_set", "is null", "none", "", (), negates="is_set"),
}
"""The operators a metric filter may use; a null metric passes only ``is_not_set``."""

EMPTY: dict[DimensionKind, str] = {"text": "''", "time": "''", "labels": "''", "number": "0", "id": "0"}
"""The value that stands for "unknown", by kind; a flag is always known."""
