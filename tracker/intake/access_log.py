r"""Web servers' access logs in the combined format of Apache and nginx: each line is a click.

``host ident user [time] "request" status bytes "referrer" "user agent"``, nothing after it. Such a log
knows no partners and offers, so all its clicks are of ``channel-access-log`` on ``app-access-log``; the
request's path is sub id 1. It has no conversions. Quotes and backslashes inside a quoted field are
unescaped; other escaped bytes (``\xe4``) stay as the server wrote them, their encoding is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from ipaddress import ip_address

from tracker.intake.lines import Line, ReadLine
from tracker.intake.rows import EARLIEST, LATEST, BadLine, LogRow, bad_line, milliseconds

PARTNER = "channel-access-log"
OFFER = "app-access-log"

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
# The lengths keep a hostile line from making the search for its brackets quadratic.
_COMBINED = re.compile(
    rf"(\S+) \S+ .{{1,256}}? \[([^\]]{{1,64}})\] {_QUOTED} [0-9]{{3}} (?:[0-9]+|-) {_QUOTED} {_QUOTED}\s*"
)
_TIME = re.compile(
    r"([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)
_METHOD = re.compile(r"[A-Z]{3,16}")
_ESCAPED = re.compile(r'\\(["\\]|x22|x5[cC])')
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}


def read_access_log(lines: Iterable[ReadLine]) -> Iterator[LogRow | BadLine]:
    """Read rows from the log's lines."""
    for line in lines:
        if isinstance(line, BadLine):
            yield line
            continue
        try:
            yield _row(line)
        except ValueError as why:
            yield bad_line(line.number, line.text, str(why))


def _row(line: Line) -> LogRow:
    found = _COMBINED.fullmatch(line.text)
    if found is None:
        raise ValueError("the fields are not those of the combined log format")
    host, time, request, referrer, user_agent = found.groups()
    return LogRow(
        line=line.number,
        partner=PARTNER,
        offer=OFFER,
        ip=_address(host),
        user_agent=_text(user_agent),
        ts=_time(time),
        referrer=_text(referrer),
        labels=(("sub1", _path(request)),),
    )


@lru_cache(maxsize=65_536)
def _address(host: str) -> str:
    try:
        # A zone (fe80::1%eth0) means something on one machine only.
        return str(ip_address(host.replace("%", " ")))
    except ValueError:
        raise ValueError("the first field is not an IP address") from None


@lru_cache(maxsize=1024)
def _time(text: str) -> int:
    found = _TIME.fullmatch(text)
    moment = _moment(*found.groups()) if found else None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError("the time is not one like 17/May/2015:10:05:03 +0000 between 2000 and 2099")
    return milliseconds(moment)


def _moment(
    day: str, month: str, year: str, hour: str, minute: str, second: str, sign: str, zone_h: str, zone_m: str
) -> datetime | None:
    """Return the time the log means, None when there is no such day, hour or zone."""
    ahead = timedelta(hours=int(zone_h), minutes=int(zone_m))
    try:
        zone = timezone(-ahead if sign == "-" else ahead)
        clock = (int(hour), int(minute), int(second))
        return datetime(int(year), _MONTHS[month], int(day), *clock, tzinfo=zone)
    except (ValueError, KeyError):
        return None


def _path(request: str) -> str:
    method, _, rest = _text(request).partition(" ")
    path, _, protocol = rest.rpartition(" ")
    if not _METHOD.fullmatch(method):
        raise ValueError("the request has no HTTP method")
    if not path or not protocol.startswith("HTTP/"):
        raise ValueError("the request is not a method, a path and a protocol")
    return path


def _text(quoted: str) -> str:
    r"""Return what a quoted field stands for: '' for ``-``, quotes and backslashes unescaped."""
    text = quoted.strip()
    if text == "-":
        return ""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda m: '"' if m[1] in {'"', "x22"} else "\\", text)
