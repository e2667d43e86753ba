"""Takes an uploaded file of conversions: every row for itself, many at once, in order where order matters.

Invariants: rows of one conversion are taken one after the other, in their order; a row that is refused is kept
with its bytes and holds up no other; with ``dry_run`` nothing is written, refused rows included; a file is read
whole, within ``MAX_UPLOAD_BYTES``, before its first row is taken.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from kernel.errors import BODY_TOO_LARGE, ClickledgerError
from kernel.http import answer, read_query
from tracker.desk import csv_rows
from tracker.desk.desk import Caller, Desk
from tracker.desk.requests import caller_of, desk_of
from tracker.desk.schemas import UploadDone, UploadQuery, UploadRow
from tracker.errors import UPLOAD_INVALID

MAX_UPLOAD_BYTES: Final = 20 * 1024 * 1024
_AT_ONCE: Final = 500
"""Rows whose frames are awaited together: many make one commit, and a slow disk holds up few."""


async def upload(request: Request) -> Response:
    """Take a file's rows, and answer what became of each."""
    caller = caller_of(request)
    chosen = read_query(request, UploadQuery)
    rows = csv_rows.read(await _body(request))
    desk = desk_of(request)
    results: list[UploadRow] = []
    waiting: list[csv_rows.Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == _AT_ONCE:
            results += await _take(desk, waiting, caller, chosen)
            waiting = []
    results += await _take(desk, waiting, caller, chosen)
    counts = Counter(result.status for result in results)
    body = UploadDone(rows=len(results), counts=dict(counts), results=results)
    return answer(body.model_dump(exclude_none=True))


async def _take(desk: Desk, rows: list[csv_rows.Row], caller: Caller, chosen: UploadQuery) -> list[UploadRow]:
    """Take some rows at once, but those of one conversion one after the other, in their order."""
    groups: dict[tuple[str, ...], list[csv_rows.Row]] = {}
    for row in rows:
        groups.setdefault(csv_rows.same_conversion(row), []).append(row)

    async def in_order(group: list[csv_rows.Row]) -> list[UploadRow]:
        return [await _take_one(desk, row, caller, chosen) for row in group]

    taken = await asyncio.gather(*(in_order(group) for group in groups.values()))
    return sorted((row for group in taken for row in group), key=lambda row: row.line)


async def _take_one(desk: Desk, row: csv_rows.Row, caller: Caller, chosen: UploadQuery) -> UploadRow:
    try:
        if row.wrong is not None:
            if not chosen.dry_run:
                await desk.refuse(row.wrong, "upload", row.raw, caller)
            raise row.wrong
        if chosen.dry_run:
            key = await desk.check(row.values, caller)
            return UploadRow(line=row.line, status="valid", conversion_id=key)
        done = await desk.row(row.values, caller, "upload", chosen.reason, row.raw)
    except ClickledgerError as why:
        return UploadRow(line=row.line, status="rejected", code=why.kind.code, message=why.message)
    return UploadRow(line=row.line, status=done.status, conversion_id=done.conversion_id)


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {
        "",
        "text/csv",
        "text/plain",
        "application/csv",
        "application/vnd.ms-excel",
        "application/octet-stream",
    }:
        raise UPLOAD_INVALID.error("Send the file itself as the body, with Content-Type: text/csv.")
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_UPLOAD_BYTES:
                raise BODY_TOO_LARGE.error(f"A file has at most {MAX_UPLOAD_BYTES >> 20} MiB.")
            chunks.append(chunk)
    except ClientDisconnect as why:
        raise UPLOAD_INVALID.error("The connection ended before the file did; send it again.") from why
    return b"".join(chunks)
