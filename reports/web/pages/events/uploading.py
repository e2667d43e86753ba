"""Uploading a file of conversions: looked at first, then taken, and the refused rows back as a file.

Invariants: a file that was looked at is taken as it was looked at, without being chosen anew; every refused row is
in the file that can be downloaded, with why it was refused and its own cells; corrected it can be uploaded as it
is.
"""

from __future__ import annotations

import base64
import csv
import io
from typing import Any, Final

from kernel.errors import BODY_INVALID
from kernel.http import MAX_BODY_BYTES
from reports.web.page import Act, Page
from reports.web.visit import Visit

PATH: Final = "/api/v1/conversions/upload"
PROBLEM: Final = "problem"
"""The column that says why a row was refused; an upload passes over it."""
_SHOWN: Final = 200
"""Refused rows that stand in the page; the file has all."""
_KEPT: Final = MAX_BODY_BYTES // 2
"""Characters of a file that a page holds: as a form's field, at most two bytes each, it must come back whole."""
_SEPARATORS: Final = ",;\t|"


async def _show(_visit: Visit) -> dict[str, Any]:
    return {"result": None, "aliases": "docs/postbacks.md"}


async def _check(visit: Visit) -> dict[str, Any]:
    text = _file(visit)
    done = await visit.api.send_file(PATH, text.encode(), "text/csv", dry_run="true", reason=_reason(visit))
    return {"result": _told(text, done) | {"is_check": True, "content": text if len(text) <= _KEPT else ""}}


async def _take(visit: Visit) -> dict[str, Any]:
    text = _file(visit)
    done = await visit.api.send_file(PATH, text.encode(), "text/csv", reason=_reason(visit))
    return {"result": _told(text, done) | {"is_check": False, "content": ""}}


def _file(visit: Visit) -> str:
    text = visit.form.get("file") or visit.form.get("content") or ""
    if not text.strip():
        raise BODY_INVALID.error("Choose a CSV file with a header line and at least one row.", field="file")
    return text


def _reason(visit: Visit) -> str:
    return visit.form.get("reason", "").strip() or "upload"


def _told(text: str, done: dict[str, Any]) -> dict[str, Any]:
    """Return what became of an upload, as the page shows it."""
    refused = [row for row in done["results"] if row["status"] == "rejected"]
    file = _refused_file(text, done["results"])
    return {
        "rows": done["rows"],
        "counts": done["counts"],
        "refused": refused[:_SHOWN],
        "refused_count": len(refused),
        "taken": [row for row in done["results"] if row["status"] in {"accepted", "updated"}][:_SHOWN],
        "file": "data:text/csv;charset=utf-8;base64," + base64.b64encode(file.encode()).decode()
        if refused
        else "",
    }


def _refused_file(text: str, results: list[dict[str, Any]]) -> str:
    """Return the refused rows under their header, with why as the first cell: rows may lack their last ones."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="").readlines()
    hinted = lines[0].lower().startswith("sep=")
    header = lines[1 if hinted else 0]
    separator = lines[0][4] if hinted else max(_SEPARATORS, key=header.count)
    starts = [row["line"] for row in results] + [len(lines) + 1]
    out = [PROBLEM + separator + header.rstrip()]
    for place, row in enumerate(results):
        if row["status"] == "rejected":
            # A row's cells may hold line breaks: it goes on until the next row begins.
            cells = "".join(lines[row["line"] - 1 : starts[place + 1] - 1]).rstrip()
            out.append(_cell(row["message"], separator) + separator + cells)
    return "\n".join(out) + "\n"


def _cell(value: str, separator: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="").writerow([value])
    return written.getvalue()


PAGES = (
    Page(
        "/conversions/upload", "Upload conversions", "events/uploading.html", _show, "conversions:write",
        acts=(Act("check", _check, "conversions:write"), Act("take", _take, "conversions:write")),
    ),
)  # fmt: skip
