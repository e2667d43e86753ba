"""Questions about events: logs one by one, the road of a click, and files of any length."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import quote

from clickledger.client import asking, files, logs
from clickledger.client.asking import Filters, When
from clickledger.client.connection import Connected, PathLike
from clickledger.client.files import Exported, Format, OnProgress
from clickledger.client.logs import Log, Road

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = Literal[
    "clicks", "impressions", "conversions", "conversion_changes", "rejected", "outbound_attempts"
]


class EventQuestions(Connected):
    """What a client can ask about single events."""

    def clicks(
        self,
        *,
        from_: When | None = None,
        to: When | None = None,
        timezone: str = "UTC",
        filters: Filters = (),
        columns: Sequence[str] = (),
        limit: int | None = None,
    ) -> Log:
        """Return clicks one by one, newest first; without a range those of the last seven days and today.

        Args:
            from_: First day or moment.
            to: Day or moment after the last one.
            timezone: IANA zone of days and times.
            filters: Conditions on dimensions, all of which must hold.
            columns: Names; none: the usual ones, ``["*"]``: all.
            limit: The most rows; None: all.

        """
        return self._log("clicks", from_, to, timezone, filters, columns, limit)

    def impressions(
        self,
        *,
        from_: When | None = None,
        to: When | None = None,
        timezone: str = "UTC",
        filters: Filters = (),
        columns: Sequence[str] = (),
        limit: int | None = None,
    ) -> Log:
        """Return impressions one by one, as ``clicks`` does."""
        return self._log("impressions", from_, to, timezone, filters, columns, limit)

    def conversions(
        self,
        *,
        from_: When | None = None,
        to: When | None = None,
        timezone: str = "UTC",
        filters: Filters = (),
        columns: Sequence[str] = (),
        limit: int | None = None,
    ) -> Log:
        """Return conversions as they are now, by when they were first received, as ``clicks`` does."""
        return self._log("conversions", from_, to, timezone, filters, columns, limit)

    def rejected(
        self,
        *,
        from_: When | None = None,
        to: When | None = None,
        timezone: str = "UTC",
        filters: Filters = (),
        columns: Sequence[str] = (),
        limit: int | None = None,
    ) -> Log:
        """Return refused requests one by one, as ``clicks`` does; for the network's own people."""
        return self._log("rejected", from_, to, timezone, filters, columns, limit)

    def _log(
        self,
        table: str,
        from_: When | None,
        to: When | None,
        timezone: str,
        filters: Filters,
        columns: Sequence[str],
        limit: int | None,
    ) -> Log:
        asked = asking.log(from_=from_, to=to, timezone=timezone, filters=filters, columns=columns)
        return Log(lambda page: self.connection.ask("GET", f"/api/v1/logs/{table}", params=page), asked, limit)

    def click(self, click_id: str, *, timezone: str = "UTC") -> Road:
        """Return everything that is known of a click or an impression.

        Raises:
            NotFoundError: there is no such click, or it isn't the key's to see.

        """
        path = f"/api/v1/clicks/{quote(click_id, safe='')}"
        return logs.road(self.connection.ask("GET", path, params={"timezone": timezone}), timezone)

    def export(
        self,
        table: Table,
        path: PathLike,
        *,
        from_: When,
        to: When,
        timezone: str = "UTC",
        columns: Sequence[str] = (),
        format: Format | None = None,  # noqa: A002 - the API's own name
        raw: bool = False,
        replace: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Write events of any number into a file, without holding them in memory.

        Args:
            table: What to export.
            path: Where to; the file has this name when all of it is there.
            from_: First day or moment.
            to: Day or moment after the last one.
            timezone: IANA zone of days and times.
            columns: Names; none: all.
            format: None: what the path ends with.
            raw: Leave texts in csv and xlsx as they are that a spreadsheet would run as a formula.
            replace: Replace the file if there is one.
            on_progress: Called as bytes arrive.

        Raises:
            FileExistsError: there is such a file.
            ValueError: neither ``format`` nor the path says a format.

        """
        wanted = files.format_of(Path(path), format)
        asked = self._events(from_, to, timezone, columns) | {"format": wanted, "raw": str(raw).lower()}
        with files.written(Path(path), replace=replace) as target:
            rows, received = files.save(
                self.connection, "GET", f"/api/v1/export/{table}", target, on_progress, params=asked
            )
        return Exported(Path(path), rows, received)

    def export_pandas(
        self,
        table: Table,
        *,
        from_: When,
        to: When,
        timezone: str = "UTC",
        columns: Sequence[str] = (),
    ) -> pd.DataFrame:
        """Return events as a data frame, by way of an Arrow file: for more rows than a log should be asked for.

        Times are timestamps in the zone and amounts ``Decimal`` objects.

        Raises:
            PandasMissingError: pandas isn't installed.

        """
        from clickledger.client.frames import arrow_frame

        asked = self._events(from_, to, timezone, columns) | {"format": "arrow"}
        with tempfile.TemporaryFile() as target:
            files.save(self.connection, "GET", f"/api/v1/export/{table}", target, None, params=asked)
            target.seek(0)
            return arrow_frame(target)

    def _events(self, from_: When, to: When, timezone: str, columns: Sequence[str]) -> dict[str, str]:
        asked = {"from": asking.when(from_), "to": asking.when(to), "timezone": timezone}
        return asked | ({"columns": ",".join(asking.names(columns))} if columns else {})
