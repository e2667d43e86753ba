"""One value of a report as its reader sees it, by the kind of its dimension or the unit of its metric.

Invariants: an amount other than zero is never shown as zero while it has six digits after the point; times are
those of the report's zone, which the answer has already; what is unknown is said in a word, never by an empty
cell.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

from babel.dates import format_date, get_day_names
from babel.numbers import format_currency

from reports.web.viewer import NOTHING, Viewer, known_zone

UNKNOWN: Final = "(none)"
_FULL: Final = 1
_SMALL: Final = Decimal("0.01")


def in_zone(viewer: Viewer, zone: str) -> Viewer:
    """Return the viewer who reads times of a report's zone."""
    return replace(viewer, zone=known_zone(zone))


def dimension(value: Any, name: str, kind: str, show: Viewer) -> str:
    """Return a dimension's value.

    Args:
        value: As the answer has it.
        name: Of the dimension.
        kind: Of the dimension.
        show: Who reads it.

    """
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    match name:
        case "hour_of_day":
            return f"{int(value):02}:00"
        case "day_of_week" if 1 <= int(value) <= 7:
            return str(get_day_names("wide", locale=show.locale)[int(value) - 1])
        case "year":
            return str(value)
    if kind == "time":
        return _time(str(value), name, show)
    return show.number(value) if kind == "number" and name != "asn" else str(value)


def metric(value: Any, unit: str, currency: str, show: Viewer) -> str:
    """Return a metric's value; an amount with its currency."""
    if value is None:
        return NOTHING
    match unit:
        case "time":
            return show.time(value, seconds=True)
        case "ratio":
            return show.percent(value)
        case "money":
            return money(value, currency, show)
        case "seconds":
            return show.span(value)
        case "count":
            return show.number(value, 0)
        case _:
            return show.number(value, 2)


def money(value: Any, currency: str, show: Viewer) -> str:
    """Return an amount to the cent, a smaller one to as many digits as it needs to be seen."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return NOTHING
    if not amount or abs(amount) >= _FULL:
        return show.money(amount, currency)
    digits = 4 if abs(amount) >= _SMALL else 6
    shown = amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    if not shown:
        return show.money(0, currency)
    return format_currency(shown, currency, locale=show.locale, decimal_quantization=False)


def change(value: Any, now: Any, show: Viewer) -> str:
    """Return a growth with its sign; ``now`` tells where there was nothing before."""
    if value is None:
        return "new" if now else NOTHING
    number = Decimal(str(value))
    sign = "+" if number > 0 else ""
    return sign + show.percent(number, 1)


def _time(text: str, name: str, show: Viewer) -> str:
    """Return a time of the report's zone as it stands there."""
    try:
        match name:
            case "day":
                return show.day(text)
            case "week":
                return f"Week of {show.day(text)}"
            case "month":
                return format_date(date.fromisoformat(f"{text}-01"), "MMM y", locale=show.locale)
            case "hour" | "minute":
                moment = datetime.fromisoformat(text)
                return f"{show.day(moment.date())}, {moment:%H:%M}"
    except ValueError:
        return text
    return text
