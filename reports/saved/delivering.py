"""Where the result of a schedule goes: a file below DATA/reports, or a signed webhook.

Invariants: a file is never outside that directory and never there half-written; the same run makes the same file
name and the same message id however often it is tried, so a receiver can tell a repetition; how a webhook is sent
is another's business (``Webhooks``), which keeps to the addresses that may be dialled.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from kernel.settings import Settings
from partners.models import ReportFormat, ReportSchedule
from reports.export.formats import Writing
from reports.export.rows import file_of
from reports.query import Query

DIRECTORY = "reports"
"""Below the data directory."""

MOST_WEBHOOK_BYTES = 5 * 1024 * 1024
"""Of a webhook's body; receivers refuse much less than that."""

_TEXTS: frozenset[ReportFormat] = frozenset({"csv", "json", "jsonl"})
"""Formats that are UTF-8 text; others travel in base64."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


class DeliveryError(Exception):
    """The result couldn't be delivered; the message says why."""


class Webhooks(Protocol):
    """What sends a webhook once."""

    async def send(self, message_id: str, url: str, secret: str, body: str) -> str:
        """Send it signed; return '' when it was taken, else why not."""
        ...


def whole(query: Query, chosen: Settings) -> Query:
    """Return a query whose answer is a file: with all rows there may be, and no totals among them."""
    return query.model_copy(
        update={"totals": False} | ({"limit": chosen.report_max_rows} if query.limit is None else {})
    )


def written(answer: Mapping[str, Any], wanted: ReportFormat, limit: int | None) -> bytes:
    """Return a report's answer as a file's bytes.

    Raises:
        ClickledgerError: ``export_too_large`` when rows are missing that nobody asked to leave out.

    """
    return b"".join(file_of(answer, limit, Writing(wanted, zone=answer["meta"]["timezone"])).pieces)


def file_name(schedule: ReportSchedule, due_at: datetime) -> str:
    """Return the name of the file of one run: daily-2026-11-18.csv."""
    day = due_at.astimezone(ZoneInfo(schedule.timezone)).date()
    return f"{schedule.file_name}-{day.isoformat()}.{schedule.format}"


def write_file(data_dir: Path, name: str, content: bytes) -> None:
    """Write a file below DATA/reports, readable by this service's user alone; one of that name is replaced.

    Raises:
        DeliveryError: the disk doesn't take it.

    """
    directory = data_dir / DIRECTORY
    if Path(name).name != name or name.startswith("."):
        raise DeliveryError(f"{name!r} isn't the name of a file in {DIRECTORY}.")
    temporary = directory / f".{name}.{secrets.token_hex(8)}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(directory / name)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as why:
        raise DeliveryError(f"{DIRECTORY}/{name} can't be written: {why.strerror}.") from why


def message_id(schedule: ReportSchedule, due_at: datetime) -> str:
    """Return the id of the webhook of one run; the same for every try."""
    return f"report_{schedule.id}_{int(due_at.timestamp())}"


def webhook_body(
    schedule: ReportSchedule, report_name: str, due_at: datetime, answer: Mapping[str, Any], content: bytes
) -> str:
    """Return a webhook's JSON: type, moment, and the report with its file.

    Raises:
        DeliveryError: it is too long to be sent.

    """
    is_text = schedule.format in _TEXTS
    told: dict[str, Any] = {
        "schedule_id": schedule.id,
        "report_id": schedule.report_id,
        "report": report_name,
        "due_at": due_at,
        "meta": answer["meta"],
        "format": schedule.format,
        "encoding": "utf-8" if is_text else "base64",
        "content": content.decode() if is_text else base64.b64encode(content).decode(),
    }
    body = _encode({"type": "report.ready", "timestamp": due_at, "data": told})
    if len(body) > MOST_WEBHOOK_BYTES:
        most = MOST_WEBHOOK_BYTES // 1024 // 1024
        raise DeliveryError(f"The webhook would be larger than {most} MiB: ask for fewer rows, or write a file.")
    return body.decode()
