"""Custom metrics: a formula somebody wrote becomes a metric like any other, or a sentence that says why not.

Invariants: what passes here compiles to SQL that can't fail, whatever the events; a custom metric is made of
the registry's parts, so whoever may not see a part doesn't see the metric either; its name hides no other.
"""

from __future__ import annotations

import re
from typing import get_args

from reports.errors import FORMULA_INVALID, MAX_ECHOED, unknown
from reports.registry import formula as language
from reports.registry.dimensions import DIMENSIONS
from reports.registry.metrics import METRICS, Metric, Unit
from reports.registry.parts import PARTS

UNITS: tuple[Unit, ...] = tuple(unit for unit in get_args(Unit) if unit != "time")
"""What arithmetic can have as its result."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z", re.ASCII)
_SUFFIXES = ("_before", "_change", "_id")
"""Ends of names that a report makes itself."""

_MOMENTS = frozenset(name for name, metric in METRICS.items() if metric.unit == "time")


def names_in_formulas() -> dict[str, str]:
    """Return every name a formula may use, with what it is."""
    parts = {name: part.help for name, part in PARTS.items()}
    metrics = {name: metric.help for name, metric in METRICS.items()}
    return {name: text for name, text in {**parts, **metrics}.items() if name not in _MOMENTS}


def custom(name: str, formula: str, unit: str, label: str = "", help: str = "") -> Metric:  # noqa: A002 - as Metric has it
    """Return the metric of a formula.

    Args:
        name: Lower-case letters, digits and underscores, at most 64; not that of a metric, part or dimension.
        formula: Numbers and names of metrics and parts with + - * / and parentheses.
        unit: One of ``UNITS``; a ratio of 0.05 is shown as five percent.
        label: What people read; the name if empty.
        help: What it is; the formula if empty.

    Raises:
        ClickledgerError: ``formula_invalid``, with the valid names nearest to an unknown one.

    """
    if not _NAME.match(name):
        raise FORMULA_INVALID.error(
            f"'{name[:MAX_ECHOED]}' is no name for a metric; use up to 64 of a-z, 0-9 and underscores."
        )
    if name in METRICS or name in PARTS or name in DIMENSIONS or name.endswith(_SUFFIXES):
        raise FORMULA_INVALID.error(
            f"'{name}' is the name of something else in a report; choose another.", name=name
        )
    if unit not in UNITS:
        raise FORMULA_INVALID.error(
            f"'{unit[:MAX_ECHOED]}' is no unit of a formula; use {', '.join(UNITS)}.", name=name
        )
    try:
        _check(formula)
        metric = Metric(name, label or name, help or formula, unit, "custom", formula)
        metric.sql(dict.fromkeys(metric.parts, "1"))
    except language.FormulaError as why:
        raise FORMULA_INVALID.error(f"{name}: {why}", name=name) from why
    return metric


def _check(formula: str) -> None:
    """Refuse names that a formula can't use, and a formula without any."""
    used = language.names(formula)
    known = names_in_formulas()
    for one in used:
        if one in _MOMENTS:
            raise language.FormulaError(f"'{one}' is a moment and can't be computed with.")
        if one not in known:
            raise unknown(FORMULA_INVALID, "metric", one, known)
    if not used:
        raise language.FormulaError("A formula names at least one metric.")
