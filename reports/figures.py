"""Values as a person reads them: 1,234 or 12.50 or 4.21% or 3h 05m.

Invariants: a visitor chose many of these texts, so nothing of them reaches a terminal as a control sequence; an
amount other than zero is never shown as zero while it has six digits after the point.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

NULL: Final = "-"

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
_SHORT: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def figure(value: Any, unit: str | None) -> str:
    """Return a metric's value by its unit; what has none is shown as the kind of value it is."""
    if value is None:
        return NULL
    match unit, value:
        case "time", str():
            return moment(value)
        case _, bool():
            return "yes" if value else "no"
        case "ratio", int() | float():
            return f"{value:.2%}"
        case "money", int() | float():
            return f"{value:,.{_money_digits(abs(value))}f}"
        case "seconds", int() | float():
            return duration(value)
        case _, int():
            return f"{value:,}"
        case _, float():
            return f"{value:,.2f}"
        case _:
            return printable(str(value))


def short(value: float, unit: str | None) -> str:
    """Return a value for an axis, where a few characters must do: 12.3k or 4.5% or 3h 05m."""
    match unit:
        case "ratio":
            return f"{value:.3g}%" if abs(value := value * 100) < 1000 else f"{value:,.0f}%"
        case "seconds":
            return duration(value)
    for size, letter in _SHORT:
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def change(value: Any, now: Any) -> str:
    """Return a growth, with its sign; ``now`` tells where there was nothing before."""
    if value is None:
        return "new" if now else NULL
    return f"{value:+.1%}"


def duration(seconds: float) -> str:
    """Return a time span in its two largest units."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < _MINUTE:
        return f"{sign}{seconds:.2f}s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{sign}{whole // _MINUTE}m {whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{sign}{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"
    return f"{sign}{whole // _DAY}d {whole % _DAY // _HOUR:02}h"


def moment(text: str) -> str:
    """Return an ISO 8601 moment in its own zone, to the second."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return printable(text)


def printable(text: str) -> str:
    """Return the text with every character that is not for printing written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _money_digits(size: float) -> int:
    if size >= 1 or not size:
        return 2
    return 4 if size >= 0.01 else 6
