"""Reading the state of the report builder out of an address that anybody may have typed.

Invariant: nothing fails, whatever an address holds: what can't be used is left out with a sentence that says so,
and the rest stays; what ``Asked.params`` writes is read as the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from reports import shell
from reports.errors import UNKNOWN_DIMENSION, UNKNOWN_METRIC, unknown
from reports.span import zones
from reports.web.pages.reports import conditions, ranges
from reports.web.pages.reports.asked import DEFAULT_COLUMNS, DEFAULT_LIMIT, NO_CHART, Asked
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.conditions import Condition

PREFERRED: Final = ("clicks", "unique_clicks", "conversions", "cr", "payout", "revenue", "profit")
"""What a report shows that says nothing, as far as one may see it."""
MOST_PAGE: Final = 100_000


def read(params: Mapping[str, Sequence[str]], known: Catalog, zone: str) -> tuple[Asked, list[str]]:
    """Return the state of an address, and a sentence for each part of it that couldn't be used.

    Args:
        params: The address's parameters with all their values.
        known: What there is to be asked for.
        zone: Of one who names none.

    """
    problems: list[str] = []

    def one(name: str) -> str:
        return (params.get(name) or [""])[-1].strip()

    where, told = conditions.read(params.get("where", ()))
    problems += told
    over, told_range = ranges.read(one("range"), one("from"), one("to"))
    problems += [told_range] if told_range else []
    formulas = tuple(text.strip() for text in params.get("formula", ()) if text.strip())
    asked = Asked(by=(), where=tuple(where), over=over, zone=_zone(one("zone"), zone, problems))
    asked = replace(asked, formulas=_formulas(formulas, problems))
    asked = replace(
        asked, by=_names(params.get("by", ()), known.dimensions, UNKNOWN_DIMENSION, "dimension", problems)
    )
    metrics = (*known.metrics, *asked.own)
    asked = replace(asked, where=_known(asked.where, {*known.measured(asked.own)}, known.dimensions, problems))
    asked = replace(asked, metrics=_names(params.get("metrics", ()), metrics, UNKNOWN_METRIC, "metric", problems))
    if "metrics" not in params:
        asked = replace(asked, metrics=known.seen(PREFERRED), by=asked.by if "by" in params else ("day",))
    pivot = _names((one("pivot"),), known.dimensions, UNKNOWN_DIMENSION, "dimension", problems)[:1]
    compare = _compare(one("compare"), problems)
    return (
        replace(
            asked,
            compare=compare,
            sort=_sort(one("sort"), asked, problems, is_compared=bool(compare)),
            limit=_count("limit", one("limit"), DEFAULT_LIMIT, known.most_rows, problems),
            page=_count("page", one("page"), 1, MOST_PAGE, problems),
            pivot=next((name for name in pivot if name not in asked.by), ""),
            columns=_count("columns", one("columns"), DEFAULT_COLUMNS, known.most_columns, problems),
            money="earned" if one("money") == "earned" else "",
            currency=one("currency")[:40].upper() if one("currency") != known.currency else "",
            fill=one("fill") in {"yes", "true", "1", "on"},
            chart=_chart(params.get("chart", ()), asked.metrics),
            drill=one("drill") == "yes",
            saved=int(one("saved"))
            if one("saved").isascii() and one("saved").isdigit() and len(one("saved")) < 11
            else 0,
        ),
        problems,
    )


def _names(
    given: Iterable[str], known: Iterable[str], kind: Any, what: str, problems: list[str]
) -> tuple[str, ...]:
    """Return the names that there are, each once; of others a sentence with the nearest ones."""
    found: dict[str, None] = {}
    valid = set(known)
    for name in (name for text in given for name in shell.names(text)):
        if name in valid:
            found[name] = None
        else:
            nearest = unknown(kind, what, name, valid).details["nearest"]
            hint = f"; did you mean {' or '.join(nearest)}?" if nearest else "."
            problems.append(f"There is no {what} '{name[:40]}', so it was left out{hint}")
    return tuple(found)


def _known(
    where: tuple[Condition, ...], metrics: Collection[str], dimensions: Collection[str], problems: list[str]
) -> tuple[Condition, ...]:
    """Return the filters on what there is; of others a sentence."""
    kept = []
    for one in where:
        if one.name in metrics or one.name in dimensions or one.name.removesuffix("_id") in dimensions:
            kept.append(one)
        else:
            problems.append(f"There is no dimension or metric '{one.name[:40]}', so its filter was left out.")
    return tuple(kept)


def _zone(name: str, otherwise: str, problems: list[str]) -> str:
    if not name or name in zones():
        return name or otherwise
    problems.append(
        f"There is no time zone '{name[:40]}', so {otherwise} is used; write for example Europe/Berlin."
    )
    return otherwise


def _formulas(given: tuple[str, ...], problems: list[str]) -> tuple[str, ...]:
    kept = []
    for text in given:
        try:
            shell.formulas([text])
        except shell.ConditionError:
            problems.append(
                f"'{text[:60]}' is no formula and was left out; write for example per_sale:money=payout/approved."
            )
        else:
            kept.append(text)
    return tuple(kept)


def _compare(text: str, problems: list[str]) -> str:
    first, dots, last = text.partition("..")
    if not text or text in shell.PERIODS or (dots and not ranges.read("", first, last)[1]):
        return text
    problems.append(f"'{text[:40]}' is nothing to compare with; choose the period before or the year before.")
    return ""


def _sort(text: str, asked: Asked, problems: list[str], *, is_compared: bool) -> tuple[str, ...]:
    """Return the keys that the report has columns for."""
    columns = asked.sortable(is_compared=is_compared)
    kept = tuple(name for name in shell.names(text) if name.lstrip("-") in columns)
    left = [name.lstrip("-")[:40] for name in shell.names(text) if name not in kept]
    if left:
        problems.append(f"The report isn't sorted by {', '.join(left)}, as it has no such column.")
    return kept


def _count(name: str, text: str, usual: int, most: int, problems: list[str]) -> int:
    if not text:
        return usual
    if text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= most:
        return int(text)
    problems.append(f"'{text[:20]}' can't be the {name}, a number from 1 to {most}; it is {usual}.")
    return usual


def _chart(given: Sequence[str], metrics: tuple[str, ...]) -> tuple[str, ...]:
    names = [name for text in given for name in shell.names(text)]
    if NO_CHART in names[:1]:
        return (NO_CHART,)
    drawn = tuple(dict.fromkeys(name for name in names if name in metrics))[:2]
    return () if drawn == metrics[:1] else drawn
