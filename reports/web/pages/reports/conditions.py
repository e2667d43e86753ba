r"""A report's filters as they stand in an address: ``where=country=DE``, ``where=clicks>=100``.

What has a sign is written with it, ``sub1~news`` is "contains"; nothing after ``=`` is unknown, nothing after
``!=`` is known. Everything else names its operator, ``country:in:DE|AT``, several values apart by ``|``
(``\|`` is the sign itself). The same dimension twice with ``=`` means either. Invariant: what ``written``
makes of filters, ``read`` makes the same filters of, whatever their values hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.query import MAX_TEXT
from reports.registry import OPERATORS

MOST: Final = 60
"""Filters that an address may hold; more than the API takes, so that it is the API that says so."""

_SYMBOLS: Final = {one.symbol: one.name for one in OPERATORS.values() if one.symbol}
_SIGN_OF: Final = {name: symbol for symbol, name in _SYMBOLS.items()}
_SIGNS: Final = "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
_WRITTEN: Final = re.compile(
    rf"\s*(?P<name>\w{{1,200}})\s*(?::(?P<op>\w{{1,40}}):|(?P<sign>{_SIGNS}))(?P<rest>.*)\Z", re.DOTALL
)
_MANY: Final = frozenset({"many", "two"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: a name of a dimension or a metric, an operator, and its values as text."""

    name: str
    op: str
    values: tuple[str, ...] = ()


def read(texts: Iterable[str]) -> tuple[list[Condition], list[str]]:
    """Return the filters that texts stand for, and a sentence for each text that is none."""
    found: list[Condition] = []
    problems: list[str] = []
    either: dict[str, int] = {}
    for text in list(texts)[:MOST]:
        match = _WRITTEN.match(text[: 2 * MAX_TEXT])
        if match is None:
            problems.append(
                f"'{text[:60]}' is no filter and was left out; write for example country=DE or clicks>=100."
            )
            continue
        name, rest = match["name"], match["rest"]
        if match["op"]:
            found.append(Condition(name, match["op"], _values(match["op"], rest)))
            continue
        op, value = _SYMBOLS[match["sign"]], rest.strip()
        if not value and op in {"eq", "ne"}:
            found.append(Condition(name, "is_not_set" if op == "eq" else "is_set"))
        elif op == "eq" and name in either:
            place = either[name]
            found[place] = Condition(name, "in", (*found[place].values, value))
        else:
            found.append(Condition(name, op, (value,)))
            if op == "eq":
                either[name] = len(found) - 1
    return found, problems


def written(conditions: Sequence[Condition]) -> list[str]:
    """Return the texts that stand for filters."""
    texts: list[str] = []
    equal: set[str] = set()
    for one in conditions:
        texts.append(_text(one, can_join=one.name in equal))
        if texts[-1].startswith(f"{one.name}=") and one.values:
            equal.add(one.name)
    return texts


def as_query(conditions: Iterable[Condition], metrics: Iterable[str]) -> list[dict[str, Any]]:
    """Return filters as the API takes them.

    Args:
        conditions: What they are.
        metrics: Every name that is a metric's, also of values before and changes; others are dimensions.

    """
    known = frozenset(metrics)
    return [
        {"metric" if one.name in known else "dimension": one.name, "op": one.op}
        | ({"values": [_typed(one.name, value) for value in one.values]} if one.values else {})
        for one in conditions
    ]


def of_query(filters: Iterable[dict[str, Any]]) -> list[Condition]:
    """Return the filters of a query of the API."""
    found = []
    for one in filters:
        given = ([one["value"]] if one.get("value") is not None else []) + list(one.get("values") or [])
        name = one.get("dimension") or one.get("metric") or ""
        found.append(Condition(str(name), str(one.get("op", "eq")), tuple(text_of(value) for value in given)))
    return found


def text_of(value: Any) -> str:
    """Return a value as a filter has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def typed(op: str, value: str, second: str = "") -> tuple[str, ...]:
    """Return the values somebody typed for an operator; several are apart by | or else by commas."""
    operator = OPERATORS.get(op)
    if operator is None or operator.arity == "none":
        return ()
    if operator.arity == "two" and second:
        return (value.strip(), second.strip())
    if operator.arity in _MANY:
        parted = value.split("|" if "|" in value else ",")
        return tuple(one.strip() for one in parted if one.strip())
    return (value.strip(),)


def _values(op: str, rest: str) -> tuple[str, ...]:
    operator = OPERATORS.get(op)
    if operator is not None and operator.arity == "none":
        return ()
    if operator is None or operator.arity not in _MANY:
        return (rest,)
    values, is_escaped = [""], False
    for sign in rest:
        if sign == "\\" and not is_escaped:
            is_escaped = True
            continue
        if sign == "|" and not is_escaped:
            values.append("")
        else:
            values[-1] += sign
        is_escaped = False
    return tuple(values)


def _text(one: Condition, *, can_join: bool) -> str:
    """Return the text of a filter; one of the same name with = would be joined with the one before."""
    if one.op == "is_set" and not one.values:
        return f"{one.name}!="
    if one.op == "is_not_set" and not one.values:
        return f"{one.name}="
    sign = _SIGN_OF.get(one.op)
    if sign and len(one.values) == 1 and not (one.op == "eq" and can_join):
        (value,) = one.values
        # "a>=5" is "at least 5", so "greater than =5" names its operator.
        if value and value == value.strip() and not value.startswith("="):
            return f"{one.name}{sign}{value}"
    operator = OPERATORS.get(one.op)
    if operator is None or operator.arity not in _MANY:
        return f"{one.name}:{one.op}:{one.values[0] if one.values else ''}"
    parts = [value.replace("\\", "\\\\").replace("|", "\\|") for value in one.values]
    return f"{one.name}:{one.op}:{'|'.join(parts)}"


def _typed(name: str, value: str) -> str | int:
    """Return an id as a number, so that nobody's name is taken for it."""
    is_id = name.endswith("_id") and value.isascii() and value.isdigit() and len(value) <= 10
    return int(value) if is_id else value
