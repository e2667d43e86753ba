"""Conditions of reports and logs, written as Python reads: ``F("country").is_in(["DE", "AT"])``.

Names and values are checked by the service, which knows which operators a dimension takes and answers with the
nearest valid names. Invariant: a condition has no truth of its own, so that ``and``, ``or`` and chained
comparisons fail at once instead of silently dropping a condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

Text: TypeAlias = str | date | datetime
Value: TypeAlias = str | int | float | bool | Decimal | date | datetime
Number: TypeAlias = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; several in a list must all hold."""

    of: str
    """dimension or metric."""
    name: str
    op: str
    values: tuple[Value, ...] = ()

    def __bool__(self) -> bool:
        raise TypeError(
            "A condition is neither true nor false: give several as a list, all of which must hold, "
            "and a range as between(low, high)."
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        asked: dict[str, Any] = {self.of: self.name, "op": self.op}
        if self.values:
            asked["values"] = [_written(value) for value in self.values]
        return asked


class _Comparable:
    """What dimensions and metrics can both be compared by."""

    __hash__ = None  # type: ignore[assignment]  # == makes a condition, so a set or a dictionary can't hold it

    def __init__(self, of: str, name: str) -> None:
        self._of, self._name = of, name

    def __eq__(self, value: Value) -> Condition:  # type: ignore[override]  # a condition, as query builders have it
        return self._condition("eq", _one(value))

    def __ne__(self, value: Value) -> Condition:  # type: ignore[override]  # as above
        return self._condition("ne", _one(value))

    def __lt__(self, value: Value) -> Condition:
        return self._condition("lt", _one(value))

    def __le__(self, value: Value) -> Condition:
        return self._condition("lte", _one(value))

    def __gt__(self, value: Value) -> Condition:
        return self._condition("gt", _one(value))

    def __ge__(self, value: Value) -> Condition:
        return self._condition("gte", _one(value))

    def between(self, low: Value, high: Value) -> Condition:
        """From low to high, both included."""
        return self._condition("between", _one(low), _one(high))

    def is_set(self) -> Condition:
        """Known; of a metric: not null."""
        return self._condition("is_set")

    def is_not_set(self) -> Condition:
        """Unknown or empty; of a metric: null."""
        return self._condition("is_not_set")

    def _condition(self, op: str, *values: Value) -> Condition:
        return Condition(self._of, self._name, op, values)


class OnDimension(_Comparable):
    """Conditions on a dimension."""

    def is_in(self, values: Iterable[Value]) -> Condition:
        """One of these."""
        return self._condition("in", *_several(values))

    def not_in(self, values: Iterable[Value]) -> Condition:
        """None of these."""
        return self._condition("not_in", *_several(values))

    def contains(self, text: str) -> Condition:
        """Has the text somewhere."""
        return self._condition("contains", text)

    def not_contains(self, text: str) -> Condition:
        """Has the text nowhere."""
        return self._condition("not_contains", text)

    def starts_with(self, text: str) -> Condition:
        """Begin with the text."""
        return self._condition("starts_with", text)

    def ends_with(self, text: str) -> Condition:
        """End with the text."""
        return self._condition("ends_with", text)

    def matches(self, pattern: str) -> Condition:
        """Match a regular expression of RE2."""
        return self._condition("matches", pattern)


class OnMetric(_Comparable):
    """Conditions on a metric; of a report's rows those that fulfil them are kept."""


class _Fields:
    """What conditions begin with: ``F("country")`` is a dimension, ``F.metric("clicks")`` a metric."""

    def __call__(self, dimension: str) -> OnDimension:
        """Return a dimension to compare."""
        return OnDimension("dimension", dimension)

    def metric(self, name: str) -> OnMetric:
        """Return a metric to compare."""
        return OnMetric("metric", name)


F: Final = _Fields()
"""Begins a condition: ``F("country") == "DE"``, ``F.metric("clicks") >= 100``."""


def _one(value: Value | None) -> Value:
    if value is None:
        raise TypeError("Nothing can't be compared with; ask with is_set() or is_not_set().")
    return value


def _several(values: Iterable[Value]) -> tuple[Value, ...]:
    if isinstance(values, str):
        raise TypeError(f"Give a list of values, not one text: [{values!r}].")
    found = tuple(values)
    if not found:
        raise TypeError("Give at least one value.")
    return found


def _written(value: Value) -> str | int | float | bool:
    """Return a value as JSON has it; exact numbers go as text, which the service reads exactly."""
    match value:
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="minutes")
        case date():
            return value.isoformat()
        case _:
            return value
