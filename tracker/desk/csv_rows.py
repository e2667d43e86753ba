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
from tracker import test_mode
from tracker.errors import ROW_INVALID, UPLOAD_INVALID
from tracker.postbacks import ALIASES

MAX_ROWS = 50_000
"""In one file: about 5 MB, and half a minute of journal."""

_NAMES = {name: canonical for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)}
_SECRETS = frozenset({"token", "signature", "expires", "return", test_mode.PARAMETER})
"""Postback parameters that mean nothing in a file: the key it was sent with takes their place."""
PROBLEM = "problem"
"""A column that is passed over: why a row was refused, in a file of refused rows that is sent again, corrected."""
_EXCELS_HINT = frozenset({"sep=,", "sep=;", "sep=\t", "sep=|"})
"""First lines that are no header: Excel reads the separator from them, and writes them."""


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
    # Lines as the csv module counts them: other separators of Unicode belong to the cells.
    lines = io.StringIO(text, newline="").readlines()
    if lines and lines[0].rstrip("\r\n").lower() in _EXCELS_HINT:
        begin, delimiter = 1, lines[0][4]
    else:
        begin, delimiter = 0, max(",;\t|", key=lines[0].count) if lines else ","
    places = _Places(lines, begin)
    try:
        header = [name.strip().lower() for name in next(places.reader(delimiter))]
    except StopIteration as why:
        raise UPLOAD_INVALID.error("The file is empty; its first line names the columns.") from why
    except csv.Error as why:
        raise UPLOAD_INVALID.error(
            f"The first line, which names the columns, can't be read as CSV: {why}."
        ) from why
    _check_header(header)
    return _rows(places, header, delimiter)


def same_conversion(row: Row) -> tuple[str, ...]:
    """Return what rows of the same conversion have in common."""
    named = {_NAMES[name]: value for name, value in row.values.items()}
    return tuple(named.get(name, "") for name in ("click_id", "offer_id", "goal", "txn_id"))


def _check_header(header: list[str]) -> None:
    header = [name for name in header if name != PROBLEM]
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


class _Places:
    """A file's lines, and how far they were read; one reader after the other goes on from there."""

    def __init__(self, lines: list[str], begin: int) -> None:
        self.lines = lines
        self.next = begin

    def reader(self, delimiter: str) -> Iterator[list[str]]:
        """Return a reader of the rows from the next line on."""
        return csv.reader(self._feed(), delimiter=delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while self.next < len(self.lines):
            self.next += 1
            yield self.lines[self.next - 1]


def _rows(places: _Places, header: list[str], delimiter: str) -> Iterator[Row]:
    reader = places.reader(delimiter)
    count = 0
    while True:
        before = places.next
        wrong: ClickledgerError | None = None
        cells: list[str] = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as why:
            # A quote may have swallowed good rows: this line alone is bad, and the next begins a row again.
            wrong = ROW_INVALID.error(f"The row can't be read as CSV: {why}.")
            places.next = before + 1
            reader = places.reader(delimiter)
        line, raw = before + 1, "".join(places.lines[before : places.next]).encode()
        if wrong is None and not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS:
            wrong = ROW_INVALID.error(f"A file has at most {MAX_ROWS} rows; send the rest in another.")
        elif len(cells) > len(header):
            wrong = ROW_INVALID.error(f"The row has {len(cells)} cells, the header {len(header)}.")
        if wrong is not None:
            yield Row(line, raw, {}, wrong)
            if count > MAX_ROWS:
                return
            continue
        given = zip(header, cells, strict=False)
        values = {name: cell.strip() for name, cell in given if cell.strip() and name != PROBLEM}
        yield Row(line, raw, values)
