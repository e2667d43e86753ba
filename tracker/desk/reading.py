"""Asking the event store: rows of a statement, for what runs in a thread."""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.exceptions import Error as DriverError
from starlette.requests import Request

from kernel.errors import STORE_AWAY


def rows(request: Request, statement: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of a statement of ``tracker.desk.sql``, by column.

    Raises:
        ClickledgerError: ``store_away``.

    """
    try:
        with request.app.state.readers.reader() as client:
            found = client.query(statement, parameters=parameters)
            return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]
    except (DriverError, OSError) as why:
        raise STORE_AWAY.error() from why
