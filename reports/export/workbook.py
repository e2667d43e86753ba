"""xlsx: one sheet, a header row, then rows whose numbers are numbers and whose times are times.

The rows lie in a temporary file until the last one: the format is a ZIP whose sheet comes as one member, so
nothing can be sent before. What a sheet can't hold as it is: a number has 15 exact digits (Excel's own), a text
32,767 characters, a time has no zone; times are the asked zone's wall clock, with the offset in their format.

Invariants: a text is always a text cell, never a formula; the temporary files are gone after ``close``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast
from zoneinfo import ZoneInfo

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.format import Format as CellFormat

from reports.export.formats import LABEL_SEPARATOR, XLSX_ROWS, Writing, refuse_too_many
from reports.export.harmless import harmless
from reports.export.readable import readable

_PIECE: Final = 256 * 1024
"""Bytes of the finished file sent at a time."""
_SLICE: Final = 5_000
"""Rows turned into Python values at a time."""
_MONEY: Final = "0.00####"
"""At least cents, at most the store's six digits."""
_TIME: Final = "yyyy-mm-dd hh:mm:ss.000"

Cell: TypeAlias = Callable[[int, int, Any], Any]


class WorkbookFile:
    """An xlsx file that is being written."""

    def __init__(self, schema: pa.Schema, writing: Writing) -> None:
        self._place = tempfile.mkdtemp(prefix="xlsx-")
        self._file = tempfile.TemporaryFile(dir=self._place)  # noqa: SIM115 - it outlives this call
        self._book = Workbook(self._file, {"constant_memory": True, "tmpdir": self._place, "use_zip64": True})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._zone = ZoneInfo(writing.zone)
        self._guard = harmless if writing.guards else str
        self._money = self._book.add_format({"num_format": _MONEY})
        self._times: dict[str, CellFormat] = {}
        self._cells = [self._cell(field.type) for field in schema]
        bold = self._book.add_format({"bold": True})
        for place, name in enumerate(schema.names):
            self._sheet.write_string(0, place, self._guard(name), bold)
        self._rows = 0
        self._ended = False

    def add(self, rows: pa.RecordBatch) -> bytes:
        """Write rows below those before.

        Raises:
            ClickledgerError: ``export_too_large``: more rows came than a sheet holds.

        """
        refuse_too_many(self._rows + rows.num_rows, "xlsx")
        for start in range(0, rows.num_rows, _SLICE):
            columns = [column.to_pylist() for column in rows.slice(start, _SLICE).itercolumns()]
            for values in zip(*columns, strict=True):
                self._rows += 1
                for place, (write, value) in enumerate(zip(self._cells, values, strict=True)):
                    # An empty cell is what Excel has for no text; most of a row's labels are none.
                    if value is not None and value != "":
                        write(self._rows, place, value)
        return b""

    def end(self) -> Iterator[bytes]:
        """Pack the sheet and yield the file."""
        if self._rows:
            self._sheet.autofilter(0, 0, min(self._rows, XLSX_ROWS), len(self._cells) - 1)
        self._ended = True
        self._book.close()
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def close(self) -> None:
        """Remove the temporary files."""
        if not self._ended:
            # Only closing the sheet's own file: packing what nobody reads would take as long as all before.
            self._sheet._opt_close()  # noqa: SLF001 - the library has no public way to give a workbook up
            self._book.fileclosed = 1
        self._file.close()
        shutil.rmtree(self._place, ignore_errors=True)

    def _cell(self, kind: pa.DataType) -> Cell:
        """Return what writes a value of a column."""
        sheet, guard = self._sheet, self._guard
        if pa.types.is_boolean(kind):
            return cast("Cell", sheet.write_boolean)
        if pa.types.is_decimal(kind):
            return self._amount
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return cast("Cell", sheet.write_number)
        if pa.types.is_timestamp(kind):
            return self._moment
        if pa.types.is_list(kind):
            return lambda row, place, value: (
                sheet.write_string(row, place, guard(LABEL_SEPARATOR.join(value))) if value else None
            )
        if pa.types.is_binary(kind):
            return lambda row, place, value: sheet.write_string(row, place, guard(readable(value)))
        return lambda row, place, value: sheet.write_string(row, place, guard(value))

    def _amount(self, row: int, place: int, value: Decimal) -> None:
        self._sheet.write_number(row, place, float(value), self._money)

    def _moment(self, row: int, place: int, value: datetime) -> None:
        local = value.astimezone(self._zone)
        offset = f"{local:%z}"
        if offset not in self._times:
            shown = f'{_TIME} "{offset[:3]}:{offset[3:]}"'
            self._times[offset] = self._book.add_format({"num_format": shown})
        self._sheet.write_datetime(row, place, local.replace(tzinfo=None), self._times[offset])
