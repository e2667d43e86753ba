"""TalkingData's ad click log: comma separated, codes for everything, times in UTC.

The columns are found by the names in the first line: ``ip, app, device, os, channel, click_time`` must be
there; ``attributed_time`` and ``is_attributed`` may be. A channel is a partner, an app is an offer, an ip
code is a made-up public address, device and os codes are a mobile user agent and the click's sub ids 1
and 2. A click converted when ``is_attributed`` is 1 or, without that column, when ``attributed_time`` is
filled. A conversion without a time of its own happened with its click.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tracker.intake.addresses import public_address
from tracker.intake.agents import mobile_user_agent
from tracker.intake.errors import LOG_FORMAT_MISMATCH
from tracker.intake.lines import Line, ReadLine
from tracker.intake.rows import EARLIEST, LATEST, BadLine, LogRow, bad_line, milliseconds

REQUIRED = ("ip", "app", "device", "os", "channel", "click_time")
ACCEPT_LANGUAGE = "zh-CN,zh;q=0.9,en;q=0.8"
"""The log has no language; it was recorded in China."""
MAX_CODE_DIGITS = 9
"""Codes of the log have six digits at most; ten could leave the range of distinct addresses."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def read_talkingdata(lines: Iterable[ReadLine]) -> Iterator[LogRow | BadLine]:
    """Read rows from the log's lines, the first of which names the columns.

    Raises:
        ClickledgerError: ``log_format_mismatch`` when the first line does not name the columns.

    """
    remaining = iter(lines)
    columns = _columns(next(remaining, None))
    for line in remaining:
        if isinstance(line, BadLine):
            yield line
            continue
        try:
            yield _row(line, columns)
        except ValueError as why:
            yield bad_line(line.number, line.text, str(why))


def _columns(header: ReadLine | None) -> dict[str, int]:
    """Return the place of each named column."""
    names = header.text.lower().split(",") if header is not None else []
    columns = {name.strip().strip('"'): place for place, name in enumerate(names)}
    missing = [name for name in REQUIRED if name not in columns]
    if missing or len(columns) != len(names):
        raise LOG_FORMAT_MISMATCH.error(
            "The first line of a talkingdata log names its columns, each once; "
            f"missing here: {', '.join(missing) or 'none, but one is named twice'}."
        )
    return columns


def _row(line: Line, columns: dict[str, int]) -> LogRow:
    fields = _fields(line.text)
    if len(fields) != len(columns):
        raise ValueError(f"{len(fields)} fields where the first line names {len(columns)}")
    ip, app, device, system, channel = (_code(name, fields[columns[name]]) for name in REQUIRED[:-1])
    ts = _time("click_time", fields[columns["click_time"]])
    return LogRow(
        line=line.number,
        partner=f"channel-{channel}",
        offer=f"app-{app}",
        ip=public_address(ip),
        user_agent=mobile_user_agent(device, system),
        ts=ts,
        accept_language=ACCEPT_LANGUAGE,
        labels=(("sub1", str(device)), ("sub2", str(system))),
        conversion_ts=_conversion(fields, columns, ts),
    )


def _fields(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as why:
        raise ValueError(f"the quoting is broken: {why}") from why


def _conversion(fields: list[str], columns: dict[str, int], click_ts: int) -> int | None:
    recorded = fields[columns["attributed_time"]] if "attributed_time" in columns else ""
    flag = fields[columns["is_attributed"]] if "is_attributed" in columns else "1" if recorded else "0"
    if flag not in {"0", "1"}:
        raise ValueError("is_attributed is neither 0 nor 1")
    if flag == "0":
        return None
    return _time("attributed_time", recorded) if recorded else click_ts


def _code(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_CODE_DIGITS):
        raise ValueError(f"{name} is not a code of up to {MAX_CODE_DIGITS} digits")
    return int(text)


def _time(name: str, text: str) -> int:
    moment = _moment(text) if _TIME.fullmatch(text) else None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError(f"{name} is not a time like 2017-11-07 11:49:53 between 2000 and 2099")
    return milliseconds(moment)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
