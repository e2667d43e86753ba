"""The formats of exports: how each is called over HTTP, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from reports.errors import EXPORT_TOO_LARGE, MAX_ECHOED, UNKNOWN_FORMAT

Format: TypeAlias = Literal["csv", "json", "jsonl", "xlsx", "parquet", "arrow"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}

SPREADSHEETS: Final[frozenset[Format]] = frozenset({"csv", "xlsx"})
"""Formats that people open with a program that runs formulas; lists are one text there."""

LABEL_SEPARATOR: Final = "|"
"""Between the labels of one cell; reason codes and parameter names don't contain it."""

XLSX_ROWS: Final = 1_048_575
"""Rows a sheet has below its header: the file format's own limit."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How an export is written."""

    format: Format
    raw: bool = False
    """Leave texts as they are, also those a spreadsheet would run as a formula."""
    zone: str = "UTC"
    """IANA zone that times are shown in."""

    @property
    def guards(self) -> bool:
        """Whether texts are made harmless."""
        return self.format in SPREADSHEETS and not self.raw


def known_format(asked: str) -> Format:
    """Return the format of that name.

    Raises:
        ClickledgerError: ``unknown_format``.

    """
    for one in FORMATS:
        if asked == one:
            return one
    raise UNKNOWN_FORMAT.error(f"'{asked[:MAX_ECHOED]}' is no export format; use one of {', '.join(FORMATS)}.")


def refuse_too_many(rows: int, wanted: Format) -> None:
    """Refuse what a sheet can't hold.

    Raises:
        ClickledgerError: ``export_too_large``.

    """
    if wanted == "xlsx" and rows > XLSX_ROWS:
        raise EXPORT_TOO_LARGE.error(
            f"An xlsx sheet holds {XLSX_ROWS:,} rows and this export has {rows:,}: ask for a shorter range, or "
            "for csv, parquet or arrow, which have no limit.",
            rows=rows,
            limit_rows=XLSX_ROWS,
        )
