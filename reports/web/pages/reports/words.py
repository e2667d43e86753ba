"""What a report is about, in words: its filters with names for ids, its range, what it leaves out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from kernel.errors import ClickledgerError
from reports.web.pages.reports import cells
from reports.web.pages.reports.asked import Asked
from reports.web.pages.reports.catalog import Catalog
from reports.web.pages.reports.conditions import Condition
from reports.web.viewer import Viewer
from reports.web.visit import Visit

_NAMED: Final = {"partner": "partners", "advertiser": "advertisers", "offer": "offers", "link": "links"}
MOST_NAMES: Final = 12
"""Ids whose names are looked up; more stay numbers."""
MOST_VALUES: Final = 4


async def filters(visit: Visit, where: Sequence[Condition], known: Catalog) -> list[str]:
    """Return each filter as a few words: Partner is Nora."""
    wanted = [
        (_NAMED[kind], value)
        for one in where
        if (kind := one.name.removesuffix("_id")) in _NAMED
        for value in one.values
        if value.isascii() and value.isdigit() and len(value) <= 10
    ]
    asked = list(dict.fromkeys(wanted))[:MOST_NAMES]
    found = await asyncio.gather(*(_name(visit, kind, value) for kind, value in asked))
    names = dict(zip(asked, found, strict=True))
    return [_words(one, names, known, visit.viewer) for one in where]


def comparison(compare: str, show: Viewer) -> str:
    """Return what a report is compared with."""
    if ".." in compare:
        first, _, last = compare.partition("..")
        return f"{show.day(first)} to {show.day(last)}"
    return {"previous_period": "the period before", "previous_year": "the year before"}.get(compare, "")


def span(told: Mapping[str, Any], zone: str, show: Viewer) -> str:
    """Return a range as its first and last day, or as moments where it isn't whole days."""
    show = cells.in_zone(show, zone)
    start, end = (datetime.fromisoformat(told[name]).astimezone(show.zone) for name in ("from", "to"))
    if all(f"{moment:%H:%M:%S}" == "00:00:00" for moment in (start, end)):
        first, last = start.date(), end.date() - timedelta(days=1)
        return show.day(first) if first == last else f"{show.day(first)} to {show.day(last)}"
    return f"{show.time(start)} to {show.time(end)}"


def about(asked: Asked, meta: Mapping[str, Any], show: Viewer) -> str:
    """Return the sentence over a table: when, compared with what, how many rows."""
    parts = [f"{span(meta, meta['timezone'], show)}, {meta['timezone']}"]
    if "compare" in meta:
        parts.append(f"compared with {span(meta['compare'], meta['timezone'], show)}")
    count = meta["row_count"]
    first = (asked.page - 1) * asked.limit + 1
    if asked.page > 1 or meta["truncated"]:
        parts.append(f"rows {show.number(first)} to {show.number(first + count - 1)}" if count else "no more rows")
    else:
        parts.append("1 row" if count == 1 else f"{show.number(count)} rows")
    if meta["money"] == "earned":
        parts.append("money of what is approved alone")
    return " · ".join(parts)


def left_out(meta: Mapping[str, Any], show: Viewer) -> str:
    """Return what the money leaves out for lack of a rate; '' for nothing."""
    others = meta.get("other_currencies") or {}
    told = ", ".join(f"{show.number(count)} in {currency}" for currency, count in others.items())
    rate = f"There is no rate into {meta['currency']} on their days, so their amounts are left out"
    return f"{rate}: conversions {told}." if told else ""


def _in_words(text: str, name: str, known: Catalog, show: Viewer) -> str:
    try:
        return cells.dimension(text, name, known.dimensions[name]["kind"], show)
    except ValueError:
        return text


async def _name(visit: Visit, kind: str, value: str) -> str:
    """Return the name of an entry, or its number for one who doesn't see it."""
    try:
        found = await visit.api.get(f"/api/v1/{kind}/{value}")
    except ClickledgerError:
        return f"#{value}"
    return str(found.get("name") or f"#{value}")


def _words(one: Condition, names: Mapping[tuple[str, str], str], known: Catalog, show: Viewer) -> str:
    kind = one.name.removesuffix("_id")
    unit = known.metrics.get(one.name, {}).get("unit")

    def value(text: str) -> str:
        if (_NAMED.get(kind, ""), text) in names:
            return names[_NAMED[kind], text]
        if known.dimensions.get(one.name, {}).get("group") == "time":
            return _in_words(text, one.name, known, show)
        if unit is not None:
            return show.number(text, None) if unit != "ratio" else show.percent(text)
        return "“”" if text == "" else text

    values = [value(text) for text in one.values]
    told = " and ".join(values) if one.op == "between" else ", ".join(values[:MOST_VALUES])
    if len(values) > MOST_VALUES:
        told += f" and {len(values) - MOST_VALUES} more"
    return f"{known.label(one.name)} {known.told(one.op)} {told}".strip()
