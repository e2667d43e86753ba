"""The answer that carries a file: its name, its length in rows, and an end when its reader goes away.

Invariants: a name is made of known words and days alone; whether the file was sent whole or its reader left,
the work behind it has ended when the answer has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from zoneinfo import ZoneInfo

import anyio
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from reports.export.formats import MEDIA_TYPES, Format
from reports.export.stream import Streamed
from reports.span import Span

TOTAL_ROWS: Final = "X-Total-Rows"
EXPECTED_BYTES: Final = "X-Expected-Bytes"

HEADERS: Final = (
    ("Content-Disposition", "A name for the file."),
    (TOTAL_ROWS, "Rows that the export had when it began."),
    (EXPECTED_BYTES, "How long the file may become, judged by its beginning; for showing progress."),
)


class Download(StreamingResponse):
    """A file on its way."""

    def __init__(self, file: Streamed, what: str, span: Span, wanted: Format) -> None:
        """Describe a file.

        Args:
            file: What is sent.
            what: The first word of its name: a table's, or ``report``.
            span: The range it is about; its days stand in the name as its zone has them.
            wanted: Its format, which is the ending of its name.

        """
        self._file = file
        zone = ZoneInfo(span.zone)
        first, last = span.start.astimezone(zone), span.end.astimezone(zone)
        name = f"{what}-{first:%Y%m%d}-{last:%Y%m%d}.{wanted}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            TOTAL_ROWS: str(file.rows),
        }
        if file.expected_bytes is not None:
            headers[EXPECTED_BYTES] = str(file.expected_bytes)
        super().__init__(self._pieces(), headers=headers, media_type=MEDIA_TYPES[wanted])

    async def _pieces(self) -> AsyncIterator[bytes]:
        async for piece in iterate_in_threadpool(self._file.pieces):
            if piece:
                yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, and end the work whatever becomes of it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(self._file.pieces.close)
