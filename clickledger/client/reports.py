"""Questions about reports: run one, what can be asked, what is kept, and a report as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from clickledger.client import asking, files, report, schema
from clickledger.client.asking import Filters, Formulas, MoneyView, Period, When
from clickledger.client.connection import Connected, PathLike
from clickledger.client.errors import NotFoundError
from clickledger.client.files import Exported, Format, OnProgress
from clickledger.client.report import Report
from clickledger.client.schema import SavedReport, SavedReports, Schema

SAVED = "/api/v1/saved-reports"
SAVED_PAGE = 1000


class ReportQuestions(Connected):
    """What a client can ask about reports."""

    def query(
        self,
        *,
        from_: When,
        to: When,
        metrics: Sequence[str],
        dimensions: Sequence[str] = (),
        filters: Filters = (),
        timezone: str = "UTC",
        sort: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
        totals: bool = False,
        compare: Period | tuple[When, When] | None = None,
        fill: bool = False,
        pivot: str | None = None,
        pivot_limit: int | None = None,
        money: MoneyView = "expected",
        currency: str | None = None,
        convert: bool = True,
        formulas: Formulas = (),
        id: str | None = None,  # noqa: A002 - the API's own name
    ) -> Report:
        """Run a report.

        Args:
            from_: First day or moment.
            to: Day or moment after the last one.
            metrics: Names of what is measured.
            dimensions: Names of what it is sliced by, at most ten.
            filters: Conditions that all must hold, made with ``F``.
            timezone: IANA zone of days and hours.
            sort: Names; ``-name`` sorts downwards.
            limit: The most rows; None: the service's own limit.
            offset: Rows to skip.
            totals: Whether ``totals`` are wanted.
            compare: previous_period, previous_year, or a range of its own as (from, to).
            fill: Rows also for the times in which nothing happened.
            pivot: A dimension whose values become columns.
            pivot_limit: The most of them.
            money: expected (approved and pending) or earned (approved).
            currency: Of money; None: the service's own.
            convert: Whether amounts in other currencies are converted into it, or left out.
            formulas: Metrics of this query, by name; with units as ``Formula``.
            id: A name to cancel it by while it runs, 8 to 64 letters, digits, ``-`` and ``_``.

        Raises:
            RefusedError: it can't be answered as it is; ``UnknownNameError`` has the nearest names.
            ClientError: anything else.

        """
        body = asking.query(
            from_=from_,
            to=to,
            metrics=metrics,
            dimensions=dimensions,
            filters=filters,
            timezone=timezone,
            sort=sort,
            limit=limit,
            offset=offset,
            totals=totals,
            compare=compare,
            fill=fill,
            pivot=pivot,
            pivot_limit=pivot_limit,
            money=money,
            currency=currency,
            convert=convert,
            formulas=formulas,
            id=id,
        )
        return report.read(self.connection.ask("POST", "/api/v1/reports/query", json=body))

    def cancel(self, id: str) -> None:  # noqa: A002 - as above
        """End a running report of this key by its id.

        Raises:
            NotFoundError: no such report runs.

        """
        self.connection.ask("DELETE", f"/api/v1/reports/running/{quote(id, safe='')}")

    def schema(self) -> Schema:
        """Return every dimension, metric and operator that the key may use, and the limits of a query."""
        return schema.schema(self.connection.ask("GET", "/api/v1/reports/schema"))

    def export_report(
        self,
        path: PathLike,
        *,
        format: Format | None = None,  # noqa: A002 - as above
        raw: bool = False,
        replace: bool = False,
        on_progress: OnProgress | None = None,
        **query: Any,
    ) -> Exported:
        """Write the rows of a report into a file; ``query`` is what the method of that name takes.

        Without a limit the file has all rows or is refused; totals are not part of it.

        Raises:
            FileExistsError: there is such a file.
            ValueError: neither ``format`` nor the path says a format.

        """
        wanted = files.format_of(Path(path), format)
        body = asking.query(**query) | {"format": wanted, "raw": raw}
        with files.written(Path(path), replace=replace) as target:
            rows, received = files.save(
                self.connection, "POST", "/api/v1/reports/export", target, on_progress, json=body
            )
        return Exported(Path(path), rows, received)

    def saved_reports(self) -> list[SavedReport]:
        """Return the saved reports that are the key's own or shared with it."""
        found: list[SavedReport] = []
        cursor: str | None = "0"
        while cursor is not None:
            params = {"limit": SAVED_PAGE, "cursor": cursor}
            page = msgspec.json.decode(self.connection.ask("GET", SAVED, params=params), type=SavedReports)
            found += page.items
            cursor = page.next_cursor
        return found

    def run_saved(
        self,
        saved: str | int,
        *,
        range: str | None = None,  # noqa: A002 - the API's own name
        from_: When | None = None,
        to: When | None = None,
    ) -> Report:
        """Run a saved report, over its own range or another.

        Args:
            saved: Its name or its id.
            range: A relative range, such as last_month.
            from_: First day or moment, together with ``to``.
            to: Day or moment after the last one.

        Raises:
            NotFoundError: there is none of that name or id that the key sees.

        """
        given = {"range": range, "from": from_, "to": to}
        body = {name: asking.when(value) for name, value in given.items() if value is not None}
        path = f"{SAVED}/{self._saved_id(saved)}/run"
        return report.read(self.connection.ask("POST", path, json=body))

    def _saved_id(self, saved: str | int) -> int:
        if isinstance(saved, int):
            return saved
        answer = self.connection.ask("GET", SAVED, params={"name": saved})
        for one in msgspec.json.decode(answer, type=SavedReports).items:
            return one.id
        raise NotFoundError("not_found", f"There is no saved report named {saved!r} that this key sees.", 404)
