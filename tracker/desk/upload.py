"""CSV files of conversions: read row by row, so that one bad row spoils no other.

The first line names the columns as a postback names its parameters, aliases included. Invariants: a row that
can't be read is a result with its line and its reason; rows keep their order; a file that is no CSV at all is
refused as a whole before any row was taken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import ClickledgerError
from tracker.errors import ROW_INVALID, UPLOAD_INVALID
from tracker.postbacks import ALIASES

MAX_ROWS = 50_000
"""In one file: about 5 MB, and half a minute of journal."""

_NAMES = {name: canonical for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)}
_SECRETS = frozenset({"token", "signature", "expires", "return"})
"""Postback parameters that mean nothing in a file: the key it was sent with takes their place."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its values, or why it can't be read."""

    line: int
    raw: bytes
    values: dict[str, str]
    wrong: ClickledgerError | None = None


def read(body: bytes) -> Iterator[Row]:
    """Return the rows of a file, in order.

    Raises:
        ClickledgerError: ``upload_invalid`` when the whole file can't be read; before the first row.

    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise UPLOAD_INVALID.error("The file isn't UTF-8; save it as CSV UTF-8.") from why
    if "\0" in text:
        raise UPLOAD_INVALID.error("The file holds NUL characters; save it as CSV UTF-8.")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
    except (StopIteration, csv.Error) as why:
        raise UPLOAD_INVALID.error("The file is empty; its first line names the columns.") from why
    _check_header(header)
    return _rows(reader, header, text)


def same_conversion(row: Row) -> tuple[str, ...]:
    """Return what rows of the same conversion have in common."""
    named = {_NAMES[name]: value for name, value in row.values.items()}
    return tuple(named.get(name, "") for name in ("click_id", "offer_id", "goal", "txn_id"))


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if _NAMES.get(name) is None or _NAMES[name] in _SECRETS]
    if unknown:
        known = ", ".join(name for name in ALIASES if name not in _SECRETS)
        raise UPLOAD_INVALID.error(f"There is no column {unknown[0][:40]!r}; the columns are {known}.")
    canonical = [_NAMES[name] for name in header]
    twice = next((name for name in canonical if canonical.count(name) > 1), None)
    if twice:
        raise UPLOAD_INVALID.error(f"The column {twice} is named twice.")
    if not {"click_id", "offer_id"} & set(canonical):
        raise UPLOAD_INVALID.error("The file needs a column click_id, or offer_id with coupon and txn_id.")


def _rows(reader: Iterator[list[str]], header: list[str], text: str) -> Iterator[Row]:
    lines = text.splitlines(keepends=True)
    count = 0
    before = reader.line_num  # type: ignore[attr-defined]  # csv's reader, which has no name of its own in typing
    while True:
        line = before + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as why:
            # What follows can't be told apart any more: it is one row that can't be read.
            raw = "".join(lines[before:]).encode()
            yield Row(line, raw, {}, ROW_INVALID.error(f"The row can't be read as CSV: {why}."))
            return
        now = reader.line_num  # type: ignore[attr-defined]  # as above
        raw = "".join(lines[before:now]).encode()
        before = now
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            yield Row(
                line, raw, {}, ROW_INVALID.error(f"A file has at most {MAX_ROWS} rows; send the rest in another.")
            )
            return
        if len(cells) > len(header):
            wrong = ROW_INVALID.error(f"The row has {len(cells)} cells, the header {len(header)}.")
            yield Row(line, raw, {}, wrong)
            continue
        values = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
        yield Row(line, raw, values)
