"""What the builder's form does to a report: things ticked, chips moved and taken away, filters added.

The form holds the whole state in hidden fields, so each of its buttons works without a script: the answer is
the address of the report as it is then. Invariant: whatever a form sends, the rest of the report stays as it
was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reports import shell
from reports.web.pages.reports import conditions, ranges
from reports.web.pages.reports.asked import Asked
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.conditions import Condition

MARK: Final = "form"
"""Field that says that a form was sent, and the address isn't one to keep."""
_STEPS: Final = {"left": -1, "right": 1}


def changed(asked: Asked, params: Mapping[str, Sequence[str]], known: Catalog) -> tuple[Asked, list[str]]:
    """Return the report as a form wants it, and what is wrong with the form.

    Args:
        asked: The report as the form's hidden fields have it.
        params: All fields with their values.
        known: What there is to be asked for.

    """
    problems: list[str] = []
    picked = params.get("picked", ())
    if "by" in picked:
        asked = replace(asked, by=_ticked(asked.by, params.get("pick_by", ()), known.dimensions))
    if "metrics" in picked:
        able = (*known.metrics, *asked.own)
        asked = replace(asked, metrics=_ticked(asked.metrics, params.get("pick_metrics", ()), able))
    asked = _compared(_filtered(_dated(asked, params, problems), params, problems), params)
    for action in params.get("change", ()):
        verb, _, rest = action.partition(":")
        which, _, name = rest.partition(":")
        asked = _done(asked, verb, which, name)
    columns = asked.sortable(is_compared=bool(asked.compare))
    asked = replace(
        asked,
        sort=tuple(name for name in asked.sort if name.removeprefix("-") in columns),
        pivot="" if asked.pivot in asked.by else asked.pivot,
        chart=asked.chart
        if not asked.is_charted
        else tuple(name for name in asked.chart if name in asked.metrics),
    )
    return asked, problems


def _ticked(
    before: tuple[str, ...], ticked: Sequence[str], known: Mapping[str, object] | Sequence[str]
) -> tuple[str, ...]:
    """Return what is ticked: what was there in its order, then what is new."""
    kept = [name for name in before if name in ticked]
    return (*kept, *(name for name in dict.fromkeys(ticked) if name in known and name not in kept))


def _dated(asked: Asked, params: Mapping[str, Sequence[str]], problems: list[str]) -> Asked:
    """Return the report of the days that were written, where the preset beside them stayed as it was."""
    first, last, was = ((params.get(name) or [""])[-1] for name in ("from", "to", "was"))
    preset, _, days = was.partition(":")
    if asked.over.name is None or asked.over.name != preset or f"{first}..{last}" == days:
        return asked
    over, told = ranges.read("", first, last)
    problems += [told] if told else []
    return replace(asked, over=over)


def _filtered(asked: Asked, params: Mapping[str, Sequence[str]], problems: list[str]) -> Asked:
    """Return the report with the filter that the form's row says, if it says one."""

    def one(name: str) -> str:
        return (params.get(name) or [""])[-1]

    name, op = one("f_name"), one("f_op") or "eq"
    if not name:
        return asked
    values = conditions.typed(op, one("f_value"), one("f_second"))
    if op not in {"is_set", "is_not_set"} and not any(values) and one("change") != "add:where:":
        return asked  # chosen, but not filled in yet
    if op == "eq" and values == ("",):
        op, values = "is_not_set", ()
    if op == "between" and len(values) != 2:
        problems.append("Between takes two values, the lower and the higher one; write them as 10,20.")
        return asked
    return replace(asked, where=(*asked.where, Condition(name, op, values)))


def _compared(asked: Asked, params: Mapping[str, Sequence[str]]) -> Asked:
    """Return the report compared with days of one's own, where the form has both and they are no other's."""
    first, last = ((params.get(name) or [""])[-1] for name in ("compare_from", "compare_to"))
    # A choice of the list that was just made counts before the days that the form still holds.
    is_other = asked.compare in shell.PERIODS
    if not first or not last or is_other or ranges.read("", first, last)[1]:
        return asked
    return replace(asked, compare=f"{first}..{last}")


def _done(asked: Asked, verb: str, which: str, name: str) -> Asked:
    if which == "where":
        place = int(name) if name.isascii() and name.isdigit() and len(name) < 4 else -1
        kept = tuple(one for at, one in enumerate(asked.where) if at != place)
        return replace(asked, where=kept) if verb == "drop" else asked
    if which not in {"by", "metrics"}:
        return asked
    names = list(asked.by if which == "by" else asked.metrics)
    if name not in names:
        return asked
    place = names.index(name)
    names.pop(place)
    if verb in _STEPS:
        names.insert(max(0, place + _STEPS[verb]), name)
    elif verb != "drop":
        return asked
    return replace(asked, by=tuple(names)) if which == "by" else replace(asked, metrics=tuple(names))
